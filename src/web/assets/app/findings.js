// Findings beside the control that they are about, and those of a whole table at its total.

import { columnOf, controlsIn, isTick } from "./controls.js";
import { make } from "./dom.js";
import { key } from "./key.js";
import { english } from "./words.js";

/** @typedef {import("./controls.js").Control} Control */

/**
 * @typedef {object} Finding
 * @property {string} [path] the field or the cell; what a save refused has none
 * @property {"blocking" | "warning" | "info"} severity
 * @property {string | Record<"fr" | "en", string>} message
 */

/**
 * Shows what is wrong with a control, or takes it away. Of one that is empty it is a reminder, as the server has it, never
 * an error.
 *
 * @param {Control} control
 * @param {Finding[]} findings
 * @param {ParentNode} [root] where the control's note may be
 * @param {boolean} [empty] whether nothing is answered there
 */
export function setError(control, findings, root = document, empty = false) {
  control.id ||= control.name;
  const id = `${control.id}-error`;
  const severity = draw(id, findings, empty, () => placeNote(control, id), root);
  describe(control, id, findings.length > 0);
  setOrRemove(control, "aria-invalid", severity === "blocking" ? "true" : "");
}

/**
 * Writes a note, or takes it away; what it says already is not written again.
 *
 * @param {string} id
 * @param {Finding[]} findings
 * @param {boolean} empty
 * @param {() => HTMLElement} place makes the note
 * @param {ParentNode} root
 * @returns {string} the severity that is shown
 */
function draw(id, findings, empty, place, root) {
  /** @type {HTMLElement | null} */
  let note = root.querySelector(`#${CSS.escape(id)}`);
  if (!findings.length) {
    note?.remove();
    return "";
  }
  note ??= place();
  const text = findings.map(textOf).join(" ");
  if (note.textContent !== text) note.textContent = text;
  const severity = findings[0].severity === "blocking" && empty ? "reminder" : findings[0].severity;
  note.dataset.severity = severity;
  return severity;
}

/**
 * @param {Element} node
 * @param {string} id
 * @param {boolean} on whether the note with this id describes it
 */
function describe(node, id, on) {
  const described = new Set((node.getAttribute("aria-describedby") ?? "").split(/\s+/).filter((other) => other && other !== id));
  if (on) described.add(id);
  setOrRemove(node, "aria-describedby", [...described].join(" "));
}

/** @param {Finding} finding */
const textOf = ({ message }) => (typeof message === "string" ? message : message[english() ? "en" : "fr"]);

/**
 * @param {Element} node
 * @param {string} name
 * @param {string} value
 */
const setOrRemove = (node, name, value) => (value ? node.setAttribute(name, value) : node.removeAttribute(name));

/**
 * @param {Control} control
 * @param {string} id
 */
function placeNote(control, id) {
  const note = make("p", { id, class: "field-error" });
  if (isTick(control) && !columnOf(control)) control.closest("fieldset, .field")?.append(note);
  else (control.closest("label, .control") ?? control).after(note);
  return note;
}

/**
 * Shows the findings of a field: each beside its control or its cell, those of a whole table or row at the table's total.
 *
 * @param {HTMLElement} field
 * @param {Finding[]} findings
 */
export function showFindings(field, findings) {
  const isMine = (/** @type {Finding} */ { path, severity }) => path?.split("[")[0] === field.dataset.path && severity !== "info";
  const mine = field.closest("[hidden]") ? [] : findings.filter(isMine);
  const table = field.dataset.kind === "table";
  /** @type {Set<string | undefined>} */
  const names = new Set();
  const all = controlsIn(field);
  const controls = all.filter(({ type, name }) => type !== "hidden" && !names.has(name) && names.add(name));
  controls.forEach((control, index) => {
    const here = mine.filter(({ path }) => path === control.name || (!table && index === 0 && !names.has(path)));
    setError(control, here, document, isEmpty(control, all));
  });
  if (table) setTableNote(field, mine.filter(({ path }) => !names.has(path)), controls.every((control) => isEmpty(control, all)));
}

/**
 * @param {Control} control
 * @param {Control[]} controls those of its field
 */
function isEmpty(control, controls) {
  if (isTick(control)) return !controls.some(({ name, checked }) => name === control.name && checked);
  return key(control.value).trim() === "";
}

/**
 * @param {HTMLElement} field
 * @param {Finding[]} findings
 * @param {boolean} empty
 */
function setTableNote(field, findings, empty) {
  const id = `f-${field.dataset.path}-error`;
  const place = () => {
    const note = make("p", { id, class: "field-error" });
    const total = field.querySelector(".row-total")?.closest(".row-add");
    if (total) total.after(note);
    else field.querySelector(".rows")?.prepend(note);
    return note;
  };
  draw(id, findings, empty, place, document);
  const group = field.querySelector("[role=group]");
  if (group) describe(group, id, findings.length > 0);
}

// Findings beside the control that they are about.

import { columnOf, controlsIn, isTick } from "./controls.js";
import { make } from "./dom.js";
import { english } from "./words.js";

/** @typedef {import("./controls.js").Control} Control */

/**
 * @typedef {object} Finding
 * @property {string} [path] the field or the cell; what a save refused has none
 * @property {"blocking" | "warning" | "info"} severity
 * @property {string | Record<"fr" | "en", string>} message
 */

/**
 * Shows what is wrong with a control, or takes it away.
 *
 * @param {Control} control
 * @param {Finding[]} findings
 * @param {ParentNode} [root] where the control's note may be
 */
export function setError(control, findings, root = document) {
  control.id ||= control.name;
  const id = `${control.id}-error`;
  /** @type {HTMLElement | null} */
  let note = root.querySelector(`#${CSS.escape(id)}`);
  const described = new Set((control.getAttribute("aria-describedby") ?? "").split(/\s+/).filter((other) => other && other !== id));
  if (findings.length) {
    note ??= placeNote(control, id);
    const text = findings.map(textOf).join(" ");
    if (note.textContent !== text) note.textContent = text;
    note.dataset.severity = findings[0].severity;
    described.add(id);
  } else note?.remove();
  setOrRemove(control, "aria-describedby", [...described].join(" "));
  setOrRemove(control, "aria-invalid", findings.some(({ severity }) => severity === "blocking") ? "true" : "");
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
  else (control.closest("label") ?? control).after(note);
  return note;
}

/**
 * Shows the findings of a field beside its controls: those of a cell beside the cell, all others beside the first control.
 *
 * @param {HTMLElement} field
 * @param {Finding[]} findings
 */
export function showFindings(field, findings) {
  const isMine = (/** @type {Finding} */ { path, severity }) => path?.split("[")[0] === field.dataset.path && severity !== "info";
  const mine = field.closest("[hidden]") ? [] : findings.filter(isMine);
  /** @type {Set<string | undefined>} */
  const names = new Set();
  const controls = controlsIn(field).filter(({ type, name }) => type !== "hidden" && !names.has(name) && names.add(name));
  controls.forEach((control, index) => {
    setError(control, mine.filter(({ path }) => path === control.name || (index === 0 && !names.has(path))));
  });
}

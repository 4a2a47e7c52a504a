// Tables: rows are added and removed without a round trip.

import { announce } from "./announce.js";
import { controlsIn, focusIn, rowIndexOf, setControl } from "./controls.js";
import { all } from "./dom.js";
import { setError } from "./findings.js";
import { t } from "./words.js";

/** As many rows as a table has at most when it does not say. */
const MAX_ROWS = 500;
const NUMBERED = ["name", "id", "for", "data-path", "aria-describedby", "aria-labelledby"];

/**
 * @param {ParentNode} field
 * @returns {HTMLElement[]}
 */
export function rowsOf(field) {
  /** @type {HTMLElement[]} */
  const rows = all("tbody > tr, [data-row]", field);
  return rows.filter((row) => controlsIn(row).length);
}

/**
 * A name, an id or a list of ids of one row, as another row has it.
 *
 * @param {string} text
 * @param {number} old
 * @param {number} index
 */
export function renumberedName(text, old, index) {
  return text.replace(new RegExp(`([[:-])${old}(?=[\\]:.-]|$)`, "g"), `$1${index}`);
}

/**
 * A label of one row, as another row has it: its last number that is the row's, counted from one.
 *
 * @param {string} text
 * @param {number} old
 * @param {number} index
 */
export function renumberedLabel(text, old, index) {
  return text.replace(new RegExp(`\\b${old + 1}\\b(?!.*\\b${old + 1}\\b)`), String(index + 1));
}

/**
 * Gives a row its place in names, ids, labels and buttons.
 *
 * @param {HTMLElement} row
 * @param {number} index
 */
export function renumber(row, index) {
  const old = rowIndexOf(controlsIn(row)[0]);
  for (const node of [row, ...all("*", row)]) {
    for (const name of node.matches("button") ? [...NUMBERED, "value"] : NUMBERED) {
      const value = node.getAttribute(name);
      if (value !== null) node.setAttribute(name, renumberedName(value, old, index));
    }
    const label = node.getAttribute("aria-label");
    if (label) node.setAttribute("aria-label", renumberedLabel(label, old, index));
    if (node.matches("[data-row-number]")) node.textContent = String(index + 1);
  }
}

/**
 * Adds an empty row at the end; null when the table is full.
 *
 * @param {HTMLElement} field
 * @returns {HTMLElement | null}
 */
export function addRow(field) {
  const rows = rowsOf(field);
  const last = rows.at(-1);
  if (!last || rows.length >= Number(field.dataset.maxRows || MAX_ROWS)) return null;
  const row = /** @type {HTMLElement} */ (last.cloneNode(true));
  for (const control of controlsIn(row)) {
    setControl(control, "");
    setError(control, [], row);
  }
  for (const counter of all("[data-counter]", row)) counter.remove();
  renumber(row, rows.length);
  last.after(row);
  return row;
}

/**
 * Removes a row, or empties the only one; returns the row that is in its place now.
 *
 * @param {HTMLElement} field
 * @param {HTMLElement} row
 * @returns {HTMLElement | null}
 */
export function removeRow(field, row) {
  const rows = rowsOf(field);
  const index = rows.indexOf(row);
  if (rows.length === 1) {
    for (const control of controlsIn(row)) setControl(control, "");
    return row;
  }
  row.remove();
  rowsOf(field).forEach(renumber);
  return rows[index + 1] ?? null;
}

/**
 * The buttons “add a row” and “remove this row”, which are submit buttons without the script.
 *
 * @param {MouseEvent} event
 */
export function onRowButton(event) {
  const target = /** @type {Element} */ (event.target);
  /** @type {HTMLButtonElement | null} */
  const button = target.closest('button[name="action"]');
  /** @type {HTMLElement | null | undefined} */
  const field = button?.closest(".field");
  const [verb] = button?.value.split(":") ?? [];
  if (!button || !field || !["add", "remove"].includes(verb) || !rowsOf(field).length) return;
  event.preventDefault();
  // Enter in an input clicks the form's first button: no row was asked for then.
  if (event.isTrusted && event.detail === 0 && document.activeElement !== button) return;
  const its = rowsOf(field).find((row) => row.contains(button));
  const row = verb === "add" ? addRow(field) : its ? removeRow(field, its) : null;
  if (verb === "add" && !row) return announce(t("Le tableau est complet.", "The table is full."));
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (row) focusIn(row);
  else /** @type {HTMLElement | null} */ (field.querySelector('button[value^="add:"]'))?.focus();
  announce(verb === "add" ? t("Ligne ajoutée.", "Row added.") : t("Ligne supprimée.", "Row removed."));
}

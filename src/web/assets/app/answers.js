// Answers: from the controls of a field and back.

import { columnOf, controlsIn, isTick, rowIndexOf, setControl } from "./controls.js";
import { addRow, rowsOf } from "./tables.js";

/** @typedef {Record<string, string>} Row */
/** @typedef {string | boolean | string[] | Row[]} Answer */

/**
 * The answer of a field as its controls hold it now.
 *
 * @param {HTMLElement} field
 * @returns {Answer}
 */
export function read(field) {
  if (field.dataset.kind === "table") return readRows(field);
  const shown = controlsIn(field).filter((control) => control.type !== "hidden");
  const given = shown.filter((control) => !isTick(control) || control.checked);
  if (field.dataset.kind === "choices") return given.map((control) => control.value).sort();
  if (field.dataset.kind === "declaration") return given.length > 0;
  return given[0]?.value ?? "";
}

/**
 * @param {HTMLElement} field
 * @returns {Row[]}
 */
function readRows(field) {
  /** @type {Row[]} */
  const rows = [];
  for (const cell of controlsIn(field)) {
    const column = columnOf(cell);
    if (!column) continue;
    const row = (rows[rowIndexOf(cell)] ??= {});
    if (cell.value !== "" && (!isTick(cell) || cell.checked)) row[column] = cell.value;
  }
  return Array.from(rows, (row) => row ?? {});
}

/**
 * Puts an answer into the controls of a field.
 *
 * @param {HTMLElement} field
 * @param {any} value as the server or the journal has it
 */
export function write(field, value) {
  if (field.dataset.kind === "table") writeRows(field, value || []);
  else for (const control of controlsIn(field)) setControl(control, value ?? "");
}

/**
 * @param {HTMLElement} row
 * @returns {string | undefined} the id of a row that the call fixes
 */
const fixedId = (row) => controlsIn(row).find((cell) => cell.type === "hidden" && columnOf(cell) === "row")?.value;

/**
 * @param {HTMLElement} field
 * @param {Row[]} values
 */
function writeRows(field, values) {
  if (!rowsOf(field).some(fixedId)) {
    while (rowsOf(field).length < values.length && addRow(field));
    for (const row of rowsOf(field).slice(Math.max(1, values.length))) row.remove();
  }
  rowsOf(field).forEach((row, index) => {
    const id = fixedId(row);
    const value = id ? values.find((other) => other.row === id) : values[index];
    for (const cell of controlsIn(row)) setControl(cell, value?.[columnOf(cell) ?? ""] ?? "");
  });
}

// An answer in words, for the two sides of a conflict: as typed, and the cells of a table by the names of their columns. The
// server says the same in a page without script (pages/applicant/editor/conflict.rs).

import { columnOf, controlsIn, isTick } from "./controls.js";
import { all } from "./dom.js";
import { rowsOf } from "./tables.js";
import { english, t } from "./words.js";

/** @typedef {import("./answers.js").Row} Row */
/** @typedef {import("./controls.js").Control} Control */

/**
 * @param {HTMLElement} field
 * @param {any} value
 */
export function describe(field, value) {
  const empty = t("(vide)", "(empty)");
  if (value === true) return t("✓ Déclaré", "✓ Declared");
  if (!value) return empty;
  if (field.dataset.kind === "table") return value.map((/** @type {Row} */ row) => describeRow(field, row)).filter(Boolean).join("\n") || empty;
  return [value].flat().map((item) => word(controlsIn(field), item)).join("\n").trim() || empty;
}

/**
 * A row in the order of the form: the server's answers have their cells in another one.
 *
 * @param {HTMLElement} field
 * @param {Row} row
 */
function describeRow(field, row) {
  const rows = rowsOf(field);
  const title = row.row === undefined ? undefined : rows.find((one) => controlsIn(one).some(({ type, value }) => type === "hidden" && value === row.row));
  /** @type {Map<string, Control[]>} */
  const columns = new Map();
  for (const cell of controlsIn(rows[0])) {
    const column = columnOf(cell) ?? "";
    if (cell.type !== "hidden") columns.set(column, [...(columns.get(column) ?? []), cell]);
  }
  const given = [...columns].filter(([column]) => row[column]?.trim());
  const cells = given.map(([column, controls]) => `${labelOf(controls[0], field)}${t("\u00a0:", ":")} ${word(controls, row[column])}`);
  return cells.length ? [...(title ? [firstText(title.querySelector("legend"))] : []), ...cells].join(" · ") : "";
}

/**
 * @param {Control} control
 * @param {HTMLElement} field
 */
const labelOf = (control, field) => firstText(field.querySelector(`label[for="${control.id}"]`));

/**
 * The text of a label before what is added to it, such as “(optional)”.
 *
 * @param {Element | null} label
 */
const firstText = (label) => label?.firstChild?.textContent?.trim() ?? "";

/**
 * What a reader chose or typed.
 *
 * @param {Control[]} controls
 * @param {string} value
 */
function word(controls, value) {
  /** @type {(Control | HTMLOptionElement)[]} */
  const options = controls.flatMap((control) => (isTick(control) ? [control] : all("option", control)));
  const option = options.find((one) => one.value === value);
  if (option) return (option.closest("label") ?? option).textContent?.trim() || value;
  return controls[0]?.type === "date" ? day(value) : value;
}

/**
 * A day as the server writes it; as typed when it is none.
 *
 * @param {string} value
 */
function day(value) {
  const at = new Date(`${value}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return value;
  const text = at.toLocaleDateString(english() ? "en-GB" : "fr-FR", { dateStyle: "long", timeZone: "UTC" });
  return english() ? text : text.replace(/^1 /, "1er ");
}

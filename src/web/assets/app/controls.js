// The controls of a form, and what their names say: `budget.persons[2].months` is a cell, `project.title` is not.

import { all } from "./dom.js";

/**
 * An input, a select or a text area: what is used here all of them have, and `checked` is used of ticks only.
 *
 * @typedef {HTMLInputElement} Control
 */

/**
 * The field of a path.
 *
 * @param {string} path
 * @returns {HTMLElement | null}
 */
export const fieldAt = (path) => document.querySelector(`.field[data-path="${CSS.escape(path)}"]`);

/**
 * @param {ParentNode} root
 * @returns {Control[]}
 */
export function controlsIn(root) {
  /** @type {Control[]} */
  const found = all("input, select, textarea", root);
  return found.filter((control) => control.name);
}

/** @param {Control} control */
export const isTick = (control) => control.type === "checkbox" || control.type === "radio";

/** @param {Control} control */
export const columnOf = (control) => /\[\d+\]\.(.+)$/.exec(control.name)?.[1];

/** @param {Control} control */
export const rowIndexOf = (control) => Number(/\[(\d+)\]/.exec(control.name)?.[1] ?? 0);

/**
 * Puts an answer, or one item of it, into a control.
 *
 * @param {Control} control
 * @param {unknown} value
 */
export function setControl(control, value) {
  if (control.type === "checkbox") control.checked = value === true || [value].flat().includes(control.value);
  else if (control.type === "radio") control.checked = control.value === value;
  else if (control.type !== "hidden") control.value = String(value);
}

/** @param {ParentNode} root */
export const focusIn = (root) => controlsIn(root).find((control) => control.type !== "hidden")?.focus();

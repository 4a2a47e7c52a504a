// Fields that are asked only under a condition.

import { read } from "./answers.js";
import { fieldAt } from "./controls.js";
import { all } from "./dom.js";
import { key } from "./key.js";

/**
 * Whether an answer fulfils a condition: one of these values, or any answer at all when none is named.
 *
 * @param {import("./answers.js").Answer} value
 * @param {string} values
 */
export function fulfils(value, values) {
  const wanted = values.split(",").filter(Boolean);
  const given = value === true ? ["yes"] : [value].flat();
  return wanted.length ? given.some((item) => wanted.includes(String(item).trim())) : key(value) !== "";
}

/** Shows the fields whose condition is fulfilled, and hides the others. */
export function showConditional() {
  for (const wrapper of all("[data-when-field]")) {
    const other = fieldAt(wrapper.dataset.whenField ?? "");
    if (other) wrapper.hidden = !fulfils(read(other), wrapper.dataset.whenIs ?? "");
  }
}

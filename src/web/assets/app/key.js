// When two answers are the same: the browser's part of what `domain/text/clean.rs` does on the server.

const LINE_ENDS = /\r\n?|[\v\f\x85\u2028\u2029]/g;
const INVISIBLE = /[\xad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u2800\u3164\ufeff\uffa0]/g;

/**
 * One spelling per meaning: answers are the same when their keys are, as on the server.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function key(value) {
  if (Array.isArray(value)) return keyOfItems(value);
  return value ? String(value).replace(LINE_ENDS, "\n").replace(INVISIBLE, "").normalize("NFC").replace(/^\s+$/, "") : "";
}

/**
 * @param {unknown[]} value
 * @returns {string}
 */
function keyOfItems(value) {
  const items = value.map((item) => (typeof item === "string" ? item : answeredCells(item)));
  const empty = (/** @type {unknown} */ item) => Array.isArray(item) && item.every(([name]) => name === "row");
  while (items.length && empty(items.at(-1))) items.pop();
  return items.length ? JSON.stringify(items).normalize("NFC") : "";
}

/** @param {any} row */
const answeredCells = (row) => Object.entries(row).filter(([, cell]) => key(cell)).sort();

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => key(one) === key(other);

// What a save sends, and what is shown of its answer.

import { all, named } from "./dom.js";

/**
 * One answer on its way.
 *
 * @typedef {object} Change
 * @property {string} path
 * @property {unknown} was what the server had, as far as this page knows
 * @property {unknown} value
 */

/**
 * What the server answers to a save.
 *
 * @typedef {object} Saved
 * @property {string} saved_at the time of day, as shown
 * @property {{path: string, theirs: unknown, origin: string}[]} [conflicts] `origin`: who stored theirs and when, as shown
 * @property {import("./findings.js").Finding[]} [findings]
 * @property {Record<string, any>} [amounts]
 * @property {number} [missing]
 * @property {unknown} [status]
 */

/** A request that is longer may not outlive its page: browsers take 64 KiB of such requests together. */
const MAX_KEEPALIVE_BYTES = 60_000;

/**
 * @param {HTMLFormElement} form
 * @param {Change[]} changes
 * @param {AbortSignal} [signal]
 */
export function post(form, changes, signal) {
  const body = JSON.stringify({ changes });
  return fetch(form.dataset.saveUrl ?? "", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": named(form, "csrf")?.value ?? "" },
    credentials: "same-origin",
    keepalive: new Blob([body]).size < MAX_KEEPALIVE_BYTES,
    signal,
  });
}

/**
 * Shows the amounts, the number of missing answers and the dossier's status that came with a save.
 *
 * @param {Saved} result
 */
export function showResult({ amounts = {}, missing, status }) {
  document.dispatchEvent(new CustomEvent("guichet:status", { detail: status })); // heard by status.js
  put("amount", amounts);
  put("cost", amounts.costs);
  if (missing === undefined) return;
  for (const node of all("[data-missing-count]")) node.textContent = String(missing);
  for (const node of all("[data-missing-text]")) {
    const { none = "", one = "", many = "" } = node.dataset;
    node.textContent = missing === 0 ? none : missing === 1 ? one : many.replace("{n}", String(missing));
  }
}

/**
 * @param {string} attribute
 * @param {Record<string, any> | undefined} values
 */
function put(attribute, values) {
  for (const node of all(`[data-${attribute}]`)) {
    const value = values?.[node.dataset[attribute] ?? ""];
    if (value !== undefined) node.textContent = value ?? "–";
  }
}

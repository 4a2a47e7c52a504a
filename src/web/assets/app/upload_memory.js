// What this device remembers of an upload, so that the same file, chosen again, goes on where it stood.

import { attempt } from "./attempt.js";

/**
 * What a file is known by when it is chosen again.
 *
 * @typedef {object} Identity
 * @property {string} name
 * @property {number} size
 * @property {number} modified
 * @property {string} head the digest of its beginning, empty when this browser makes none
 */

/** @typedef {Identity & {issued: string, url: string, sent: number}} Remembered */

/** As long as the server keeps parts. */
const KEPT_MS = 12 * 3600_000;
const HEAD_BYTES = 64 * 1024;

/** @param {HTMLFormElement} form */
const keyOf = (form) => `guichet:upload:${(form.getAttribute("action") ?? "").replace(/^\/en(?=\/)/, "")}`;

/**
 * @param {HTMLFormElement} form
 * @returns {Remembered | null}
 */
export function recall(form) {
  const kept = attempt(() => JSON.parse(/** @type {string} */ (localStorage.getItem(keyOf(form)))), null);
  if (kept && Date.now() - kept.at < KEPT_MS) return kept;
  forget(form);
  return null;
}

/**
 * @param {HTMLFormElement} form
 * @param {Remembered} upload
 */
export function remember(form, upload) {
  attempt(() => localStorage.setItem(keyOf(form), JSON.stringify({ ...upload, at: Date.now() })));
}

/** @param {HTMLFormElement} form */
export const forget = (form) => attempt(() => localStorage.removeItem(keyOf(form)));

/**
 * @param {File} file
 * @returns {Promise<Identity>}
 */
export async function identity(file) {
  const bytes = await file.slice(0, HEAD_BYTES).arrayBuffer();
  const digest = await attempt(() => crypto.subtle.digest("SHA-256", bytes), null);
  const head = digest ? Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") : "";
  return { name: file.name, size: file.size, modified: file.lastModified, head };
}

/**
 * @param {Identity} one
 * @param {Identity} other
 */
export function sameFile(one, other) {
  return one.name === other.name && one.size === other.size && one.modified === other.modified && one.head === other.head;
}

// The journal on this device: an answer that was typed is in it until the server has said that it has it.

import { attempt } from "./attempt.js";
import { same } from "./key.js";

/**
 * A change that the server may not have yet.
 *
 * @typedef {object} Entry
 * @property {unknown} was what the server had when the change was begun
 * @property {unknown} value what the reader gave
 * @property {number} at when, in milliseconds
 * @property {string} tab which tab wrote it
 * @property {unknown[]} [sent] what may have reached the server since, without an answer
 */

/** As many values are remembered that may have reached the server. */
const MAX_SENT = 4;

/** What tells this tab from others of the same browser. */
export const tab = attempt(() => (sessionStorage["guichet:tab"] ??= Math.random().toString(36).slice(2)), "");

/**
 * The entry of a change: it keeps what the server had when the first of several changes was begun.
 *
 * @param {Entry | undefined} before
 * @param {unknown} known what the server has, as far as this page knows
 * @param {unknown} value
 * @returns {Entry}
 */
export function changed(before, known, value) {
  return { sent: [], ...before, was: before ? before.was : known ?? null, value, at: Date.now(), tab };
}

/**
 * The entry once its value is on the way: it may arrive even when no answer comes.
 *
 * @param {Entry} entry
 * @returns {Entry}
 */
export function sentOnce(entry) {
  return { ...entry, sent: [...(entry.sent ?? []), entry.value].slice(-MAX_SENT) };
}

/**
 * The entry of an earlier page beside what the server has now: when that was sent by the earlier page, it is no conflict.
 *
 * @param {Entry} entry
 * @param {unknown} server
 * @returns {Entry}
 */
export function rebased(entry, server) {
  return entry.sent?.some((value) => same(value, server)) ? { ...entry, was: server } : entry;
}

/** The entries of one dossier. */
export class Journal {
  /** @param {string | undefined} dossier */
  constructor(dossier) { this.prefix = `guichet:${dossier}:`; }

  /**
   * @param {string} path
   * @param {Entry} entry
   * @returns {boolean} whether this device could keep it
   */
  put(path, entry) {
    return attempt(() => (localStorage.setItem(this.prefix + path, JSON.stringify(entry)), true), false);
  }

  /**
   * @param {string} path
   * @returns {Entry | null}
   */
  get(path) {
    return attempt(() => JSON.parse(/** @type {string} */ (localStorage.getItem(this.prefix + path))), null);
  }

  /** @param {string} path */
  drop(path) { attempt(() => localStorage.removeItem(this.prefix + path)); }

  /** @returns {string[]} */
  paths() {
    /** @type {string[]} */
    const keys = attempt(() => Object.keys(localStorage), []);
    return keys.filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
  }
}

// The answers of a page between reader and server: what the server has, and what it may not have yet.
//
// The states of one answer:
//
//   (known) ──edit──► pending ──send──► pending, sent ──saved────────────────────────► (known)
//                        ▲                    ├──saved, but edited meanwhile──► pending
//                        │                    ├──conflict──► held ──mine──► pending
//                        │                    │                └──theirs─────────────► (known)
//                        └────────edit────────┴──cannot be saved──► refused

import { Journal, changed, rebased, sentOnce, tab } from "./journal.js";
import { same } from "./key.js";

/** @typedef {import("./journal.js").Entry} Entry */
/** @typedef {import("./saving.js").Change} Change */

export class Changes {
  /** @type {Map<string, Entry>} */
  pending = new Map();
  /** Pending, but this device could not keep it. @type {Set<string>} */
  unkept = new Set();
  /** Conflicts that wait for a choice: what the server has, by path. @type {Map<string, unknown>} */
  held = new Map();
  /** Pending, and of no use to send again before it is edited. @type {Set<string>} */
  refused = new Set();

  /**
   * @param {Journal} journal
   * @param {Map<string, unknown>} known what the server has, by path
   */
  constructor(journal, known) {
    this.journal = journal;
    this.known = known;
  }

  /**
   * Whether a value says something that the last one of this answer did not.
   *
   * @param {string} path
   * @param {unknown} value
   */
  isNew(path, value) {
    const before = this.pending.get(path);
    return !same(value, before ? before.value : this.known.get(path));
  }

  /**
   * The reader has given another answer.
   *
   * @param {string} path
   * @param {unknown} value
   */
  edit(path, value) {
    this.keep(path, changed(this.pending.get(path), this.known.get(path), value));
    this.refused.delete(path);
  }

  /**
   * @param {string} path
   * @param {Entry} entry
   */
  keep(path, entry) {
    if (this.journal.put(path, entry)) this.unkept.delete(path);
    else this.unkept.add(path);
    this.pending.set(path, entry);
  }

  /**
   * @param {string} path
   * @param {unknown} value
   */
  forget(path, value) {
    const stored = this.journal.get(path);
    if (stored && same(stored.value, value)) this.journal.drop(path);
    this.pending.delete(path);
    this.unkept.delete(path);
  }

  /**
   * Takes up an entry that an earlier page left; the value to show, or nothing when the server has it already.
   *
   * @param {string} path
   * @param {Entry} entry
   */
  takeUp(path, entry) {
    const server = this.known.get(path) ?? null;
    if (same(server, entry.value)) return this.journal.drop(path);
    this.keep(path, rebased(entry, server));
    return entry.value;
  }

  /** What may be sent: conflicts wait for a choice, what was refused for an edit. */
  queue() {
    return [...this.pending].filter(([path]) => !this.held.has(path) && !this.refused.has(path));
  }

  /**
   * The next changes to send, at most so many.
   *
   * @param {number} most
   * @returns {Change[]}
   */
  take(most) {
    const batch = this.queue().slice(0, most);
    for (const [path, entry] of batch) this.keep(path, sentOnce(entry));
    return batch.map(([path, { was, value }]) => ({ path, was, value }));
  }

  /**
   * What has to be sent as well when the page goes away and these changes are on their way.
   *
   * @param {Change[]} sending
   * @returns {Change[]}
   */
  takeRest(sending) {
    const underway = new Map(sending.map(({ path, value }) => [path, value]));
    const rest = this.queue().filter(([path, { value }]) => !underway.has(path) || !same(underway.get(path), value));
    for (const [path, entry] of rest) this.keep(path, sentOnce(entry));
    return rest.map(([path, { was, value }]) => ({ path, was: underway.get(path) ?? was, value }));
  }

  /**
   * The form is sent with everything: what is pending may arrive with it, and what is on its way counts as arrived.
   *
   * @param {Change[]} sending
   */
  submitted(sending) {
    for (const [path, entry] of this.pending) this.keep(path, sentOnce(entry));
    for (const { path, value } of sending) this.known.set(path, value);
  }

  /**
   * The server has this value.
   *
   * @param {string} path
   * @param {unknown} value
   */
  confirm(path, value) {
    const entry = this.pending.get(path);
    this.known.set(path, value);
    if (entry && same(entry.value, value)) this.forget(path, value);
    else if (entry) this.keep(path, { ...entry, was: value, sent: [] });
  }

  /**
   * The server has another value than this change began with; true when the reader has to choose.
   *
   * @param {string} path
   * @param {unknown} theirs
   */
  disagree(path, theirs) {
    // The value may be our own, of which the answer was lost.
    const own = this.pending.get(path)?.sent?.some((value) => same(value, theirs));
    if (own) this.confirm(path, theirs);
    else this.held.set(path, theirs);
    return !own;
  }

  /**
   * The reader has chosen: the answer is this value now, and the server has `theirs`.
   *
   * @param {string} path
   * @param {unknown} theirs
   * @param {unknown} value
   */
  choose(path, theirs, value) {
    this.keep(path, { was: theirs, value, at: Date.now(), tab, sent: [] });
    this.confirm(path, theirs);
  }

  /**
   * What the server has of one section, as the form's hidden `was` says it.
   *
   * @param {string} section
   */
  knownOf(section) {
    const prefix = `${section}.`;
    const mine = [...this.known].filter(([path]) => path.startsWith(prefix)).map(([path, value]) => [path.slice(prefix.length), value]);
    return JSON.stringify(Object.fromEntries(mine));
  }
}

// The editor: answers are saved as one types, and none is lost on the way.
//
// A change goes to this device first (the journal) and leaves it only once the server has said that it has it. A save
// carries, with each answer, what the server had when the change was begun, so that the server can see a conflict.
// changes.js has the states of a single answer.
//
// The states of the whole; those in capitals are the words of [data-save-state]:
//
//                    edit, or a journal that an earlier page left
//   (untouched) ─────────────────┐
//                                ▼   a pause in typing of 0.6 s, or 1.5 s of typing
//         ┌───────────────────► PENDING ────────────────────────────► (sending) ◄────────────┐
//         │ edit                 ▲                                        │                  │
//         │                      │   answered, and more is queued         │                  │
//         │                      ├────────────────────────────────────────┤                  │
//         │                      │   answered, nothing more is queued,    │                  │
//         │         choice, edit │   and …                                │                  │
//         ├── CONFLICT ──────────┤ ◄── … an answer waits for a choice ────┤                  │
//         ├── REFUSED ───────────┘ ◄── … an answer cannot be saved ───────┤                  │
//         └── SAVED                ◄── … the server has all ──────────────┤                  │
//                                                                         │                  │
//             OFFLINE              ◄── no answer ─────────────────────────┤ 1, 2, 4 … 30 s   │
//             UNAVAILABLE          ◄── 408, 429, 5xx ─────────────────────┼──────────────────┤
//             SIGNED-OUT           ◄── 401, or no new form token ─────────┤ 5 s              │
//                                                                         └──────────────────┘
//
// - While saving fails (`failures`), edits go to the journal and wait for the retry. The network, the focus or the page
//   that comes back retries at once.
// - Several answers that are refused together are sent again one by one (`oneByOne`), to find the bad one.
// - A submit of the form, or the page going away, ends all sending (`leaving`) until the page is shown or edited again.

import { read, write } from "./answers.js";
import { attempt } from "./attempt.js";
import { Changes } from "./changes.js";
import { showConditional } from "./conditions.js";
import { hideConflict, showConflict } from "./conflict.js";
import { showCounter } from "./counters.js";
import { controlsIn, fieldAt } from "./controls.js";
import { all, named } from "./dom.js";
import { setError, showFindings } from "./findings.js";
import { Journal, tab } from "./journal.js";
import { same } from "./key.js";
import { sayConflict, sayOffline, sayPending, sayRefused, saySaved, saySignedOut, sayUnavailable } from "./save_state.js";
import { post, showResult } from "./saving.js";
import { renewToken } from "./session.js";

/** @typedef {import("./saving.js").Change} Change */

/** A save follows a pause in typing, or comes in the midst of it when it goes on. */
const TYPING_PAUSE_MS = 600;
const MAX_TYPING_MS = 1500;
const SAVE_TIMEOUT_MS = 20_000;
const MAX_RETRY_MS = 30_000;
const SIGNED_OUT_RETRY_MS = 5000;
/** A submit that has not left the page by then will not. */
const SUBMIT_TIMEOUT_MS = 15_000;
/** Another tab is given so long to save its own changes. */
const OTHER_TAB_MS = 5000;
const MAX_CHANGES_PER_SAVE = 40;

export class Editor {
  /** Fields that were left: their findings may be shown. @type {Set<string>} */
  left = new Set();
  /** @type {import("./findings.js").Finding[]} */
  findings = [];
  failures = 0;
  /** @type {Change[] | null} */
  sending = null;
  leaving = false;
  oneByOne = false;
  /** Who stored the other version of a conflict and when, as shown, by path. @type {Map<string, string>} */
  origins = new Map();
  /** When the first change since the last save was made, in milliseconds. @type {number | undefined} */
  since;
  /** The time of day of the last save, as shown. @type {string | undefined} */
  savedAt;
  /** Why an answer was refused. @type {string | null} */
  reason = null;
  /** @type {number | undefined} */
  timer;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.journal = new Journal(form.dataset.dossier);
    const was = attempt(() => JSON.parse(/** @type {HTMLInputElement} */ (named(form, "was")).value), {});
    const known = Object.entries(was ?? {}).map(([name, value]) => /** @type {const} */ ([`${form.dataset.section}.${name}`, value]));
    this.changes = new Changes(this.journal, new Map(known));
    form.addEventListener("input", (event) => this.onEdit(event), true);
    form.addEventListener("change", (event) => this.onEdit(event), true);
    form.addEventListener("focusout", (event) => this.onLeave(event));
    form.addEventListener("submit", (event) => event.defaultPrevented || this.onSubmit());
    this.watchPage();
    for (const path of this.journal.paths()) this.adopt(path);
    this.resume();
  }

  watchPage() {
    const again = () => { if (this.failures) this.send(); };
    addEventListener("online", again);
    addEventListener("focus", again);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.send() : again()));
    addEventListener("pagehide", () => this.flush());
    addEventListener("pageshow", () => this.comeBack());
    addEventListener("beforeunload", (event) => { if (this.changes.unkept.size && !this.leaving) event.preventDefault(); });
  }

  /** @param {Event} event */
  onEdit({ target, type }) {
    const control = /** @type {HTMLInputElement} */ (target);
    /** @type {HTMLElement | null} */
    const field = control.closest(".field[data-path]");
    if (!field || !(control === field || control.name)) return;
    const path = field.dataset.path ?? "";
    const value = read(field);
    if (type === "change" && !this.changes.isNew(path, value)) return;
    this.changes.edit(path, value);
    this.leaving = false;
    if (this.changes.held.has(path)) this.showConflict(field);
    this.soon();
  }

  /** @param {FocusEvent} event */
  onLeave({ target, relatedTarget }) {
    /** @type {HTMLElement | null} */
    const field = /** @type {Element} */ (target).closest(".field[data-path]");
    if (!field || field.contains(/** @type {Node | null} */ (relatedTarget))) return;
    this.left.add(field.dataset.path ?? "");
    this.showFindings();
  }

  onSubmit() {
    this.leaving = true;
    clearTimeout(this.timer);
    this.changes.submitted(this.sending ?? []);
    this.renewWas();
    setTimeout(() => this.comeBack(), SUBMIT_TIMEOUT_MS);
  }

  comeBack() {
    this.leaving = false;
    this.resume();
  }

  resume() {
    if (this.changes.pending.size) this.soon();
  }

  /**
   * Takes up a change that an earlier page left. Another tab is given time to save its own.
   *
   * @param {string} path
   */
  adopt(path) {
    const entry = this.journal.get(path);
    const field = fieldAt(path);
    if (!entry || this.changes.pending.has(path)) return;
    if (!field && entry.tab !== tab && Date.now() - entry.at < OTHER_TAB_MS) {
      setTimeout(() => (this.adopt(path), this.soon()), OTHER_TAB_MS);
    } else if (!field) {
      this.changes.keep(path, entry);
    } else {
      const value = this.changes.takeUp(path, entry);
      if (value !== undefined && !same(read(field), value)) write(field, value);
    }
  }

  /** @param {number} ms */
  plan(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), ms);
  }

  /** Plans a save. While saving fails, a retry is planned already. */
  soon() {
    if (this.failures || !this.changes.queue().length) return;
    sayPending();
    this.since ??= Date.now();
    this.plan(Math.min(TYPING_PAUSE_MS, Math.max(0, this.since + MAX_TYPING_MS - Date.now())));
  }

  async send() {
    if (this.sending || this.leaving || !this.changes.queue().length) return;
    clearTimeout(this.timer);
    this.since = undefined;
    const changes = this.changes.take(this.oneByOne ? 1 : MAX_CHANGES_PER_SAVE);
    this.sending = changes;
    const retry = await post(this.form, changes, AbortSignal.timeout(SAVE_TIMEOUT_MS))
      .then((response) => this.answered(response, changes))
      .catch((fault) => this.failed(fault));
    this.sending = null;
    if (retry !== undefined) this.plan(retry);
    else this.settle();
  }

  /**
   * @param {Response} response
   * @param {Change[]} changes
   * @returns {Promise<number | undefined>} milliseconds until a retry
   */
  async answered(response, changes) {
    if (response.ok) return this.saved(await response.json(), changes);
    const body = await response.json().catch(() => ({}));
    if (response.status === 401) return this.signedOut();
    if (response.status === 403 && body.code === "csrf") {
      const token = named(this.form, "csrf")?.value;
      if (!(await renewToken())) return this.signedOut();
      if (token !== named(this.form, "csrf")?.value) return 0;
    }
    if (response.status >= 500 || [408, 429].includes(response.status) || body.code === "csrf") throw new Error("unavailable");
    return this.refuse(changes, body.detail ?? body.message ?? `HTTP ${response.status}`);
  }

  /**
   * @param {import("./saving.js").Saved} result
   * @param {Change[]} changes
   * @returns {undefined}
   */
  saved(result, changes) {
    const conflicts = new Map((result.conflicts ?? []).map((conflict) => [conflict.path, conflict]));
    this.failures = 0;
    this.savedAt = result.saved_at;
    this.reason = null;
    for (const { path, value } of changes) {
      const conflict = conflicts.get(path);
      if (!conflict) this.changes.confirm(path, value);
      else if (this.changes.disagree(path, conflict.theirs)) this.showConflictAt(path, conflict.origin);
    }
    this.renewWas();
    showResult(result);
    this.findings = result.findings ?? [];
    this.showFindings();
  }

  /**
   * What cannot be kept stays in the journal; one bad answer does not hold up the others.
   *
   * @param {Change[]} changes
   * @param {string} reason
   * @returns {number | undefined} milliseconds until a retry
   */
  refuse(changes, reason) {
    this.failures = 0;
    this.oneByOne = changes.length > 1 || this.oneByOne;
    if (changes.length > 1) return 0;
    const [{ path }] = changes;
    const field = fieldAt(path);
    this.changes.refused.add(path);
    this.reason = reason;
    if (field) setError(controlsIn(field)[0], [{ message: reason, severity: "blocking" }]);
  }

  signedOut() {
    this.failures ||= 1;
    saySignedOut(!this.changes.unkept.size);
    return SIGNED_OUT_RETRY_MS;
  }

  /** @param {Error} fault */
  failed(fault) {
    this.failures += 1;
    if (fault.message === "unavailable") sayUnavailable(!this.changes.unkept.size);
    else sayOffline(!this.changes.unkept.size);
    return Math.min(MAX_RETRY_MS, 1000 * 2 ** (this.failures - 1));
  }

  /** Says how the last save ended, once nothing more is queued. */
  settle() {
    if (this.changes.queue().length) return this.soon();
    this.oneByOne = false;
    if (this.changes.held.size) sayConflict([...this.changes.held.keys()]);
    else if (this.reason) sayRefused(this.reason);
    else if (this.savedAt) saySaved(this.savedAt);
  }

  /** The form, too, says what the server has: a submit sends it. */
  renewWas() {
    const was = named(this.form, "was");
    if (was) was.value = this.changes.knownOf(this.form.dataset.section ?? "");
  }

  /** A last try when the page goes away; the journal keeps what does not arrive. */
  flush() {
    if (this.leaving) return;
    this.leaving = true;
    const rest = this.changes.takeRest(this.sending ?? []);
    if (rest.length) post(this.form, rest).catch(() => {});
  }

  showFindings() {
    for (const field of all(".field[data-path]", this.form)) {
      const path = field.dataset.path ?? "";
      if (!this.savedAt || this.changes.refused.has(path)) continue;
      if (this.left.has(path) || field.querySelector(".field-error")) showFindings(field, this.findings);
    }
  }

  /**
   * @param {string} path
   * @param {string} origin
   */
  showConflictAt(path, origin) {
    const field = fieldAt(path);
    this.origins.set(path, origin);
    if (field) this.showConflict(field);
  }

  /** @param {HTMLElement} field */
  showConflict(field) {
    const path = field.dataset.path ?? "";
    const value = this.changes.held.get(path);
    if (same(value, read(field))) return this.choose(field, "theirs");
    showConflict(field, { value, origin: this.origins.get(path) ?? "" }, (choice) => this.choose(field, choice));
  }

  /**
   * @param {HTMLElement} field
   * @param {import("./conflict.js").Choice} choice
   */
  choose(field, choice) {
    const path = field.dataset.path ?? "";
    const theirs = this.changes.held.get(path);
    this.changes.held.delete(path);
    hideConflict(field);
    if (choice === "theirs") write(field, theirs);
    for (const control of controlsIn(field)) if (control.dataset.maxChars) showCounter(control);
    this.changes.choose(path, theirs, read(field));
    this.renewWas();
    showConditional();
    if (this.failures) return;
    if (this.changes.queue().length) this.plan(0);
    else this.settle();
  }
}

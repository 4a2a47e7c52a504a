// Files: sent in parts that the server keeps, so that a lost line, a pause or a closed tab costs nothing
// (Resumable Uploads for HTTP, draft-ietf-httpbis-resumable-upload). Without script the form sends the file whole.

import { all, make, named } from "./dom.js";
import { renewToken, signIn } from "./session.js";
import { forget, identity, recall, remember, sameFile } from "./upload_memory.js";
import { MIN_PART_BYTES, nextLength, partAt, percent } from "./upload_parts.js";
import { discard, headers, pause, send } from "./upload_request.js";
import { button, fileFault, filesOf, go, endProgress, offer, showProgress, tell } from "./upload_view.js";
import { t } from "./words.js";

/** @typedef {import("./upload_request.js").Answer} Answer */

/**
 * What one try has come to: it cannot go on (`done`), it may at once (`again`), or it may after a pause (neither).
 *
 * @typedef {{done?: Answer, again?: boolean}} Outcome
 */

/** Between tries that bring nothing forward. */
const PAUSES_SECONDS = [1, 2, 4, 8, 15, 30, 30, 30];
const MAX_RENEWALS = 3;
/** After so many uploads in a row that the server did not know of any more, the file is sent whole. */
const MAX_FORGOTTEN = 2;

/** One file on its way. What is bounded is the number of tries that bring nothing forward, never the time. */
class Upload {
  tries = 0;
  best = -1;
  renewals = 0;
  forgotten = 0;
  part = MIN_PART_BYTES;
  issued = "";
  /** @type {string | undefined} */
  url;
  /** What the server has; nothing until it says it. @type {number | undefined} */
  offset;
  control = new AbortController();

  /**
   * @param {HTMLFormElement} form
   * @param {File} file
   */
  constructor(form, file) {
    this.form = form;
    this.file = file;
  }

  get paused() { return this.control.signal.aborted; }

  async run() {
    this.known = await identity(this.file);
    this.issued = named(this.form, "issued")?.value ?? "";
    const kept = recall(this.form);
    if (kept && sameFile(kept, this.known) && kept.issued === this.issued) this.url = kept.url;
    while (!this.paused) {
      const outcome = await this.step().catch(() => null);
      if (this.paused) break;
      if (outcome?.done) return this.finish(outcome.done);
      if (outcome?.again) continue;
      if (this.tries >= PAUSES_SECONDS.length) return this.fail();
      tell(this.form, "retrying", t("L’envoi est interrompu ; il reprendra où il en était…", "The upload is interrupted; it will go on where it stood…"));
      await pause(PAUSES_SECONDS[this.tries++], this.control.signal);
    }
    this.rest();
  }

  /**
   * One try: asks where it stands, then sends the next part.
   *
   * @returns {Promise<Outcome>}
   */
  async step() {
    if (!this.url) return this.begin();
    if (this.offset === undefined) {
      const answer = await send("HEAD", this.url, { headers: headers(this.form) });
      if (answer.status !== 204) return this.judge(answer);
      return this.append(this.url, this.reached(Number(answer.header("upload-offset"))));
    }
    return this.append(this.url, this.offset);
  }

  /** @returns {Promise<Outcome>} */
  async begin() {
    // Machines that share no folder each know only of the uploads that they have begun: the form sends the file whole.
    if (this.forgotten >= MAX_FORGOTTEN) {
      HTMLFormElement.prototype.submit.call(this.form);
      return new Promise(() => {});
    }
    const query = new URLSearchParams({ name: this.file.name, issued: this.issued });
    const fields = { "upload-complete": "?0", "upload-length": String(this.file.size) };
    const answer = await send("POST", `${this.form.getAttribute("action")}/uploads?${query}`, { headers: headers(this.form, fields) });
    if (answer.status !== 201) return this.judge(answer);
    this.url = answer.header("location") ?? undefined;
    this.remember(0);
    this.reached(0);
    return { again: true };
  }

  /**
   * @param {string} url
   * @param {number} offset
   * @returns {Promise<Outcome>}
   */
  async append(url, offset) {
    const { from, until, last } = partAt(offset, this.part, this.file.size);
    const fields = { "content-type": "application/partial-upload", "upload-offset": String(from), "upload-complete": last ? "?1" : "?0" };
    this.offset = undefined;
    tell(this.form, "sending", t("Envoi en cours…", "Uploading…"));
    showProgress(this.form, from, this.file.size);
    const began = Date.now();
    const answer = await send("PATCH", url, {
      headers: headers(this.form, fields),
      body: this.file.slice(from, until),
      progress: (loaded) => showProgress(this.form, from + loaded, this.file.size),
      signal: this.control.signal,
    }).catch((fault) => {
      this.part = MIN_PART_BYTES;
      throw fault;
    });
    if (last || answer.status !== 204) return this.judge(answer);
    this.part = nextLength(this.part, Date.now() - began);
    this.reached(Number(answer.header("upload-offset")));
    return { again: true };
  }

  /**
   * Progress is what the server has.
   *
   * @param {number} offset
   */
  reached(offset) {
    this.offset = offset;
    showProgress(this.form, offset, this.file.size);
    if (offset > this.best) {
      this.best = offset;
      this.tries = this.forgotten = 0;
      this.remember(offset);
    }
    return offset;
  }

  /** @param {number} sent */
  remember(sent) {
    if (this.known && this.url) remember(this.form, { ...this.known, issued: this.issued, url: this.url, sent });
  }

  /**
   * @param {Answer} answer
   * @returns {Promise<Outcome>}
   */
  async judge(answer) {
    const { status, body, header } = answer;
    if (header("upload-complete") === "?1" && status !== 409) return { done: answer };
    if (body.code === "csrf") {
      if (this.renewals++ < MAX_RENEWALS && (await renewToken().catch(() => false))) return { again: true };
      return { done: answer };
    }
    // Another machine does not have it, or it was kept for too long: from the beginning.
    if (status === 404 && this.url) {
      forget(this.form);
      this.url = this.offset = undefined;
      this.forgotten++;
      return this.tries++ < PAUSES_SECONDS.length ? { again: true } : { done: answer };
    }
    if (status === 409 || status === 408 || status === 429 || status >= 500) return {};
    // What broke off on the way is told as a bad request.
    if (body.code === "broken_off") return {};
    return { done: answer };
  }

  /** @param {Answer} answer */
  finish(answer) {
    if (ended(this.form, answer)) return;
    // A refused file is not kept.
    if (this.url) {
      discard(this.form, this.url);
      forget(this.form);
    }
  }

  fail() {
    running.delete(this.form);
    endProgress(this.form);
    tell(this.form, "failed", t("L’envoi n’avance plus. Ce qui est arrivé est gardé, et rien de ce que vous avez saisi n’est perdu.", "The upload does not go on any more. What has arrived is kept, and nothing you typed is lost."));
    offer(this.form, again(this.form));
  }

  rest() {
    running.delete(this.form);
    endProgress(this.form);
    tell(this.form, "paused", t("En pause : ce qui est arrivé est gardé.", "Paused: what has arrived is kept."));
    offer(this.form, again(this.form));
  }
}

/** @type {Map<HTMLFormElement, Upload>} */
const running = new Map();

/** @param {HTMLFormElement} form */
const again = (form) => button(t("Continuer", "Continue"), () => start(form), "continue");

/**
 * Shows the last answer of the server; false when it was a refusal.
 *
 * @param {HTMLFormElement} form
 * @param {Answer} answer
 */
function ended(form, { status, url, body }) {
  running.delete(form);
  offer(form);
  if (status < 400) {
    forget(form);
    go(body.redirect ?? url);
    return true;
  }
  endProgress(form);
  if (status === 401) {
    const link = make("a", { href: signIn(), target: "_blank" }, t("Se reconnecter", "Sign in again"));
    tell(form, "signed-out", t("Votre session a expiré : rien n’est perdu. ", "Your session has expired: nothing is lost. "), link);
    offer(form, again(form));
    return true;
  }
  tell(form, "refused", body.message ?? body.detail ?? t(`Le portail a refusé ce fichier (${status}).`, `The portal refused this file (${status}).`));
  return false;
}

/**
 * A piece that must be young is sent with its date, or knowingly without: the date alone can be given later.
 *
 * @param {HTMLFormElement} form
 * @returns {boolean} whether the date is asked for first
 */
function asksDate(form) {
  const issued = named(form, "issued");
  if (!issued || issued.value || !filesOf(form).length || "undated" in form.dataset) return false;
  tell(form, "asking", t("Indiquez d’abord la date d’émission lue sur le document. Vous pouvez aussi la donner plus tard, sans renvoyer le fichier.", "First give the day of issue printed on the document. You may also give it later, without sending the file again."));
  offer(form, button(t("Envoyer sans la date", "Send without the date"), () => {
    form.dataset.undated = "";
    start(form);
  }, "undated"));
  issued.focus();
  return true;
}

/** @param {HTMLFormElement} form */
function start(form) {
  if (running.has(form)) return;
  const fault = fileFault(form);
  if (fault) return tell(form, "refused", fault);
  if (asksDate(form)) return;
  const [file] = filesOf(form);
  if (!file) {
    sendWhole(form);
    return;
  }
  const upload = new Upload(form, file);
  running.set(form, upload);
  form.setAttribute("aria-busy", "true");
  tell(form, "sending", t("Envoi en cours…", "Uploading…"));
  offer(form, button(t("Mettre en pause", "Pause"), () => upload.control.abort(), "pause"));
  upload.run().catch(() => upload.fail());
}

/**
 * A form without a file goes as it is: the server says what is missing.
 *
 * @param {HTMLFormElement} form
 */
async function sendWhole(form) {
  const url = form.getAttribute("action") ?? "";
  const post = () => send("POST", url, { headers: { accept: "application/json" }, body: new FormData(form) }).catch(() => null);
  let answer = await post();
  if (answer?.body.code === "csrf" && (await renewToken().catch(() => false))) answer = await post();
  if (answer) return ended(form, answer);
  tell(form, "failed", t("L’envoi n’a pas abouti ; rien de ce que vous avez saisi n’est perdu.", "The upload did not get through; nothing you typed is lost."));
  offer(form, again(form));
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || !form.matches("form[data-upload]") || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  start(form);
}

/**
 * What an earlier page began and did not end: the same file, chosen again, goes on where it stood.
 *
 * @param {HTMLFormElement} form
 */
function comeBack(form) {
  const kept = recall(form);
  if (!kept || running.has(form)) return;
  form.closest("details")?.setAttribute("open", "");
  const share = percent(kept.sent, kept.size);
  tell(form, "waiting", t(
    `L’envoi de « ${kept.name} » n’est pas terminé${share ? ` (${share} % sont arrivés)` : ""}. Choisissez de nouveau le même fichier : il continuera où il en était.`,
    `The upload of “${kept.name}” has not ended${share ? ` (${share}% have arrived)` : ""}. Choose the same file again: it will go on where it stood.`,
  ));
  offer(form, button(t("Abandonner cet envoi", "Give this upload up"), () => {
    discard(form, kept.url);
    forget(form);
    tell(form, "");
    offer(form);
  }, "discard"));
}

/** Takes the forms with `data-upload`: those of earlier uploads say so. */
export function takeUploads() {
  document.addEventListener("submit", onSubmit);
  /** @type {HTMLFormElement[]} */
  const forms = all("form[data-upload]");
  for (const form of forms) comeBack(form);
}

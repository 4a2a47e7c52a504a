// Files: sent in parts that the server keeps, so that a lost line, a pause or a closed tab costs nothing
// (Resumable Uploads for HTTP, draft-ietf-httpbis-resumable-upload). Without script the form sends the file whole.

import { all, attempt, make, renewToken, signIn, t } from "./page.js";

const KEPT = 12 * 3600_000; // as long as the server keeps parts
const HEAD = 64 * 1024; // bytes by which a file is known again
const SILENCE = 30_000; // without a byte: the line is lost
const PATIENCE = 90_000; // for the answer, once all is sent
// A browser sends a request of which the line took the answer once more by itself, from its beginning: parts are short
// enough for that to cost little, and long enough for a good line not to wait.
const MIN_PART = 256 * 1024;
const MAX_PART = 8 * 1024 * 1024;
const FAST_PART_MS = 4000; // a part that took less may be longer the next time
const PAUSES = [1, 2, 4, 8, 15, 30, 30, 30]; // seconds between tries that bring nothing forward

const megabytes = (bytes) => (bytes / 1e6).toLocaleString(t("fr", "en"), { maximumFractionDigits: 1 });
const headers = (form, more) => ({ accept: "application/json", "upload-draft-interop-version": "8", "x-csrf-token": form.elements.csrf.value, ...more });

// --- What this device remembers of an upload ---

const keyOf = (form) => `guichet:upload:${form.getAttribute("action").replace(/^\/en(?=\/)/, "")}`;

function recall(form) {
  const kept = attempt(() => JSON.parse(localStorage.getItem(keyOf(form))), null);
  if (kept && Date.now() - kept.at < KEPT) return kept;
  forget(form);
  return null;
}

const remember = (form, upload) => attempt(() => localStorage.setItem(keyOf(form), JSON.stringify({ ...upload, at: Date.now() })));
const forget = (form) => attempt(() => localStorage.removeItem(keyOf(form)));

/** What a file is known by when it is chosen again. */
async function identity(file) {
  const bytes = await file.slice(0, HEAD).arrayBuffer();
  const digest = await attempt(() => crypto.subtle.digest("SHA-256", bytes), null);
  const head = digest ? Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") : "";
  return { name: file.name, size: file.size, modified: file.lastModified, head };
}

const sameFile = (one, other) => ["name", "size", "modified", "head"].every((key) => one[key] === other[key]);

// --- Words and buttons ---

function tell(form, state, ...content) {
  const node = form.querySelector("[data-upload-state]");
  if (!node || (node.dataset.uploadState === state && node.textContent === content.map((part) => part.textContent ?? part).join(""))) return;
  node.dataset.uploadState = state;
  node.replaceChildren(...content);
}

/** The buttons beside an upload; the one that had the focus leaves it to the first. */
function offer(form, ...buttons) {
  let place = form.querySelector("[data-upload-buttons]");
  const focused = place?.contains(document.activeElement);
  if (!place) {
    place = make("p", { class: "buttons", "data-upload-buttons": "" });
    form.querySelector("[data-upload-state]")?.after(place);
  }
  place.replaceChildren(...buttons);
  place.hidden = !buttons.length;
  if (focused) buttons[0]?.focus();
}

function button(label, act, name) {
  const node = make("button", { type: "button", class: "secondary", "data-upload-act": name }, label);
  node.addEventListener("click", act);
  return node;
}

const again = (form) => button(t("Continuer", "Continue"), () => start(form), "continue");

function show(form, sent, size) {
  const bar = form.querySelector("progress");
  if (bar) Object.assign(bar, { hidden: false, max: size, value: sent });
}

function stop(form) {
  form.removeAttribute("aria-busy");
  for (const bar of all("progress", form)) bar.hidden = true;
}

function fileFault(form) {
  for (const input of all('input[type="file"]', form)) {
    const most = Number(input.dataset.maxBytes ?? form.dataset.maxBytes ?? Infinity);
    for (const { name, size } of input.files) {
      if (size === 0) return t(`« ${name} » est vide (0 octet). Vérifiez le fichier, puis choisissez-le de nouveau.`, `“${name}” is empty (0 bytes). Check the file, then choose it again.`);
      if (size > most) return t(`« ${name} » pèse ${megabytes(size)} Mo ; la limite est de ${megabytes(most)} Mo.`, `“${name}” is ${megabytes(size)} MB; the limit is ${megabytes(most)} MB.`);
    }
  }
  return null;
}

function go(redirect) {
  const target = new URL(redirect, location.href);
  const here = target.pathname === location.pathname && target.search === location.search;
  location.assign(target);
  if (here && target.hash) location.reload();
}

// --- Requests ---

/** Sends a request with progress, and ends it when nothing moves any more. Rejects when the line fails. */
function send(method, url, { headers: named = {}, body = null, progress = () => {}, signal = null }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const watch = (patience) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), patience);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(named)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => (watch(SILENCE), progress(loaded));
    request.upload.onload = () => watch(PATIENCE);
    request.onload = () => resolve({
      status: request.status,
      url: request.responseURL,
      header: (name) => request.getResponseHeader(name),
      body: attempt(() => JSON.parse(request.responseText), null) ?? {},
    });
    request.onerror = request.onabort = () => reject(new Error("network"));
    request.onloadend = () => clearTimeout(timer);
    signal?.addEventListener("abort", () => request.abort());
    watch(body?.size ? SILENCE : PATIENCE);
    request.send(body);
  });
}

/** Waits, less when the browser says that the line is back; not at all once it is paused. */
function pause(seconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(finish, seconds * 1000);
    function finish() {
      clearTimeout(timer);
      removeEventListener("online", finish);
      signal.removeEventListener("abort", finish);
      done();
    }
    addEventListener("online", finish);
    signal.addEventListener("abort", finish);
  });
}

// --- An upload ---

/** One file on its way. What is bounded is the number of tries that bring nothing forward, never the time. */
class Upload {
  tries = 0;
  best = -1;
  renewals = 0;
  part = MIN_PART;

  constructor(form, file) {
    this.form = form;
    this.file = file;
    this.control = new AbortController();
  }

  get paused() { return this.control.signal.aborted; }

  async run() {
    this.known = await identity(this.file);
    const issued = this.form.elements.issued?.value ?? "";
    const kept = recall(this.form);
    if (kept && sameFile(kept, this.known) && kept.issued === issued) this.url = kept.url;
    this.issued = issued;
    while (!this.paused) {
      const answer = await this.step().catch(() => null);
      if (this.paused) break;
      if (answer?.done) return this.finish(answer.done);
      if (answer?.again) continue;
      if (this.tries >= PAUSES.length) return this.fail();
      tell(this.form, "retrying", t("L’envoi est interrompu ; il reprendra où il en était…", "The upload is interrupted; it will go on where it stood…"));
      await pause(PAUSES[this.tries++], this.control.signal);
    }
    this.rest();
  }

  /** One try: where it stands, then the rest. What cannot go on is `done`, what may at once is `again`. */
  async step() {
    if (!this.url) return this.begin();
    if (this.offset === undefined) {
      const answer = await send("HEAD", this.url, { headers: headers(this.form) });
      if (answer.status === 204) this.reached(Number(answer.header("upload-offset")));
      else return this.judge(answer);
    }
    return this.append();
  }

  async begin() {
    const query = new URLSearchParams({ name: this.file.name, issued: this.issued });
    const fields = { "upload-complete": "?0", "upload-length": String(this.file.size) };
    const answer = await send("POST", `${this.form.getAttribute("action")}/uploads?${query}`, { headers: headers(this.form, fields) });
    if (answer.status !== 201) return this.judge(answer);
    this.url = answer.header("location");
    remember(this.form, { ...this.known, issued: this.issued, url: this.url, sent: 0 });
    this.reached(0);
    return { again: true };
  }

  async append() {
    const from = this.offset;
    const until = Math.min(from + this.part, this.file.size);
    const last = until === this.file.size;
    const fields = { "content-type": "application/partial-upload", "upload-offset": String(from), "upload-complete": last ? "?1" : "?0" };
    this.offset = undefined; // until the server says it
    tell(this.form, "sending", t("Envoi en cours…", "Uploading…"));
    show(this.form, from, this.file.size);
    const began = Date.now();
    const answer = await send("PATCH", this.url, {
      headers: headers(this.form, fields),
      body: this.file.slice(from, until),
      progress: (loaded) => show(this.form, from + loaded, this.file.size),
      signal: this.control.signal,
    }).catch((fault) => {
      this.part = MIN_PART;
      throw fault;
    });
    if (last || answer.status !== 204) return this.judge(answer);
    if (Date.now() - began < FAST_PART_MS) this.part = Math.min(2 * this.part, MAX_PART);
    this.reached(Number(answer.header("upload-offset")));
    return { again: true };
  }

  /** Progress is what the server has. */
  reached(offset) {
    this.offset = offset;
    show(this.form, offset, this.file.size);
    if (offset <= this.best) return;
    this.best = offset;
    this.tries = 0;
    remember(this.form, { ...this.known, issued: this.issued, url: this.url, sent: offset });
  }

  async judge(answer) {
    const { status, body, header } = answer;
    if (header("upload-complete") === "?1" && status !== 409) return { done: answer };
    if (body.code === "csrf") {
      if (this.renewals++ < 3 && (await renewToken().catch(() => false))) return { again: true };
      return { done: answer };
    }
    // Another machine does not have it, or it was kept for too long: from the beginning.
    if (status === 404 && this.url) {
      forget(this.form);
      this.url = this.offset = undefined;
      return this.tries++ < PAUSES.length ? { again: true } : { done: answer };
    }
    if (status === 409 || status === 408 || status === 429 || status >= 500) return {};
    // What broke off on the way is told as a bad request.
    if (body.code === "broken_off") return {};
    return { done: answer };
  }

  finish({ status, url, body }) {
    running.delete(this.form);
    offer(this.form);
    if (status < 400) return forget(this.form), go(body.redirect ?? url);
    stop(this.form);
    if (status === 401) {
      const link = make("a", { href: signIn(), target: "_blank" }, t("Se reconnecter", "Sign in again"));
      tell(this.form, "signed-out", t("Votre session a expiré : rien n’est perdu. ", "Your session has expired: nothing is lost. "), link);
      return offer(this.form, again(this.form));
    }
    this.drop();
    tell(this.form, "refused", body.message ?? body.detail ?? t(`Le portail a refusé ce fichier (${status}).`, `The portal refused this file (${status}).`));
  }

  /** A refused file is not kept. */
  drop() {
    if (!this.url) return;
    discard(this.form, this.url);
    forget(this.form);
  }

  fail() {
    running.delete(this.form);
    stop(this.form);
    tell(this.form, "failed", t("L’envoi n’avance plus. Ce qui est arrivé est gardé, et rien de ce que vous avez saisi n’est perdu.", "The upload does not go on any more. What has arrived is kept, and nothing you typed is lost."));
    offer(this.form, again(this.form));
  }

  rest() {
    running.delete(this.form);
    stop(this.form);
    tell(this.form, "paused", t("En pause : ce qui est arrivé est gardé.", "Paused: what has arrived is kept."));
    offer(this.form, again(this.form));
  }
}

const running = new Map();

function discard(form, url) {
  send("DELETE", url, { headers: headers(form) }).catch(() => {});
}

function start(form) {
  if (running.has(form)) return;
  const fault = fileFault(form);
  if (fault) return tell(form, "refused", fault);
  const [file] = all('input[type="file"]', form).flatMap((input) => [...input.files]);
  if (!file) return whole(form);
  const upload = new Upload(form, file);
  running.set(form, upload);
  form.setAttribute("aria-busy", "true");
  tell(form, "sending", t("Envoi en cours…", "Uploading…"));
  offer(form, button(t("Mettre en pause", "Pause"), () => upload.control.abort(), "pause"));
  upload.run().catch(() => upload.fail());
}

/** A form without a file goes as it is: the server says what is missing. */
async function whole(form) {
  const post = () => send("POST", form.getAttribute("action"), { headers: { accept: "application/json" }, body: new FormData(form) }).catch(() => null);
  let answer = await post();
  if (answer?.body.code === "csrf" && (await renewToken().catch(() => false))) answer = await post();
  if (answer) return new Upload(form, null).finish(answer);
  tell(form, "failed", t("L’envoi n’a pas abouti ; rien de ce que vous avez saisi n’est perdu.", "The upload did not get through; nothing you typed is lost."));
  offer(form, again(form));
}

function onUpload(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-upload]") || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  start(form);
}

/** What an earlier page began and did not end: the same file, chosen again, goes on where it stood. */
function comeBack(form) {
  const kept = recall(form);
  if (!kept || running.has(form)) return;
  form.closest("details")?.setAttribute("open", "");
  const share = Math.floor((100 * kept.sent) / kept.size);
  tell(form, "waiting", t(
    `L’envoi de « ${kept.name} » n’est pas terminé${share ? ` (${share} % sont arrivés)` : ""}. Choisissez de nouveau le même fichier : il continuera où il en était.`,
    `The upload of “${kept.name}” has not ended${share ? ` (${share}% have arrived)` : ""}. Choose the same file again: it will go on where it stood.`,
  ));
  offer(form, button(t("Abandonner cet envoi", "Give this upload up"), () => {
    discard(form, kept.url);
    forget(form);
    tell(form, "");
    offer(form);
  }, "discard"));
}

document.addEventListener("submit", onUpload);
for (const form of all("form[data-upload]")) comeBack(form);

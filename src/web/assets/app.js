// What the browser adds to pages that work without it: saving as one types, tables; uploads are in upload.js.
// A keystroke goes to this device first (localStorage) and leaves it only once the server has said that it has it.

import { all, attempt, make, renewToken, signIn, t } from "./page.js";
import "./upload.js";

const region = make("div", { role: "status", class: "visually-hidden" });
document.body.append(region);
const announce = (text) => { region.textContent = text; };

// --- Answers: from the inputs and back ---

const fieldAt = (path) => document.querySelector(`.field[data-path="${CSS.escape(path)}"]`);
const cells = (root) => all("input, select, textarea", root).filter((control) => control.name);
const ticks = (control) => control.type === "checkbox" || control.type === "radio";
const column = (cell) => /\[\d+\]\.(.+)$/.exec(cell.name)?.[1];
const rowIndex = (cell) => Number(/\[(\d+)\]/.exec(cell.name)?.[1] ?? 0);

/** The answer of a field as it stands in its inputs. */
function read(field) {
  if (field.dataset.kind === "table") return readRows(field);
  const shown = cells(field).filter((control) => control.type !== "hidden");
  const given = shown.filter((control) => !ticks(control) || control.checked);
  if (field.dataset.kind === "choices") return given.map((control) => control.value).sort();
  if (field.dataset.kind === "declaration") return given.length > 0;
  return given[0]?.value ?? "";
}

function readRows(field) {
  const rows = [];
  for (const cell of cells(field).filter(column)) {
    const row = (rows[rowIndex(cell)] ??= {});
    if (cell.value !== "" && (!ticks(cell) || cell.checked)) row[column(cell)] = cell.value;
  }
  return Array.from(rows, (row) => row ?? {});
}

function setControl(control, value) {
  if (control.type === "checkbox") control.checked = value === true || [value].flat().includes(control.value);
  else if (control.type === "radio") control.checked = control.value === value;
  else if (control.type !== "hidden") control.value = value;
}

function write(field, value) {
  if (field.dataset.kind === "table") writeRows(field, value || []);
  else for (const control of cells(field)) setControl(control, value ?? "");
}

function writeRows(field, values) {
  const fixed = (row) => cells(row).find((cell) => cell.type === "hidden" && column(cell) === "row")?.value;
  if (!rowsOf(field).some(fixed)) {
    while (rowsOf(field).length < values.length && addRow(field));
    for (const row of rowsOf(field).slice(Math.max(1, values.length))) row.remove();
  }
  rowsOf(field).forEach((row, index) => {
    const id = fixed(row);
    const value = id ? values.find((other) => other.row === id) : values[index];
    for (const cell of cells(row)) setControl(cell, value?.[column(cell)] ?? "");
  });
}

/** One spelling per meaning: answers are the same when their keys are, as on the server. */
function key(value) {
  if (!Array.isArray(value)) return value ? String(value).replace(/\r\n?|[\v\f\x85\u2028\u2029]/g, "\n").replace(/[\xad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u2800\u3164\ufeff\uffa0]/g, "").normalize("NFC").replace(/^\s+$/, "") : "";
  const items = value.map((item) => (typeof item === "string" ? item : Object.entries(item).filter(([, cell]) => key(cell)).sort()));
  const empty = (item) => Array.isArray(item) && item.every(([name]) => name === "row");
  while (items.length && empty(items.at(-1))) items.pop();
  return items.length ? JSON.stringify(items).normalize("NFC") : "";
}
const same = (one, other) => key(one) === key(other);

// --- Tables: rows without a round trip ---

const rowsOf = (field) => all("tbody > tr, [data-row]", field).filter((row) => cells(row).length);

/** Gives a row its place in names, ids, labels and buttons. */
function renumber(row, index) {
  const old = rowIndex(cells(row)[0]);
  const place = new RegExp(`([[:-])${old}(?=[\\]:.-]|$)`, "g");
  for (const node of [row, ...all("*", row)]) {
    for (const name of ["name", "id", "for", "data-path", "aria-describedby", "aria-labelledby", ...(node.matches("button") ? ["value"] : [])]) {
      if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace(place, `$1${index}`));
    }
    const label = node.getAttribute("aria-label");
    if (label) node.setAttribute("aria-label", label.replace(new RegExp(`\\b${old + 1}\\b(?!.*\\b${old + 1}\\b)`), index + 1));
    if (node.matches("[data-row-number]")) node.textContent = index + 1;
  }
}

function addRow(field) {
  const rows = rowsOf(field);
  if (!rows.length || rows.length >= Number(field.dataset.maxRows || 500)) return null;
  const row = rows.at(-1).cloneNode(true);
  for (const cell of cells(row)) {
    setControl(cell, "");
    setError(cell, [], row);
  }
  renumber(row, rows.length);
  rows.at(-1).after(row);
  return row;
}

function removeRow(field, row) {
  const rows = rowsOf(field);
  const index = rows.indexOf(row);
  if (rows.length === 1) {
    for (const cell of cells(row)) setControl(cell, "");
    return row;
  }
  row.remove();
  rowsOf(field).forEach(renumber);
  return rows[index + 1] ?? null;
}

const focusIn = (root) => cells(root).find((cell) => cell.type !== "hidden")?.focus();

function onRowButton(event) {
  const button = event.target.closest('button[name="action"]');
  const [verb] = button?.value.split(":") ?? [];
  const field = button?.closest(".field");
  if (!field || !["add", "remove"].includes(verb) || !rowsOf(field).length) return;
  event.preventDefault();
  // Enter in an input clicks the form's first button: no row was asked for then.
  if (event.isTrusted && event.detail === 0 && document.activeElement !== button) return;
  const row = verb === "add" ? addRow(field) : removeRow(field, rowsOf(field).find((other) => other.contains(button)));
  if (verb === "add" && !row) return announce(t("Le tableau est complet.", "The table is full."));
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (row) focusIn(row);
  else field.querySelector('button[value^="add:"]')?.focus();
  announce(verb === "add" ? t("Ligne ajoutée.", "Row added.") : t("Ligne supprimée.", "Row removed."));
}

// --- Fields asked only under a condition ---

function holds(wrapper, other) {
  const value = read(other);
  const wanted = (wrapper.dataset.whenIs ?? "").split(",").filter(Boolean);
  const given = value === true ? ["yes"] : [value].flat();
  return wanted.length ? given.some((item) => wanted.includes(String(item).trim())) : key(value) !== "";
}

function showConditional() {
  for (const wrapper of all("[data-when-field]")) {
    const other = fieldAt(wrapper.dataset.whenField);
    if (other) wrapper.hidden = !holds(wrapper, other);
  }
}

// --- Findings beside their field ---

function setError(control, findings, root = document) {
  control.id ||= control.name;
  const id = `${control.id}-error`;
  let note = root.querySelector(`#${CSS.escape(id)}`);
  const described = new Set((control.getAttribute("aria-describedby") ?? "").split(/\s+/).filter((other) => other && other !== id));
  if (findings.length) {
    note ??= placeError(control, id);
    const text = findings.map(({ message }) => message?.[t("fr", "en")] ?? message).join(" ");
    if (note.textContent !== text) note.textContent = text;
    note.dataset.severity = findings[0].severity;
    described.add(id);
  } else note?.remove();
  const set = (name, value) => (value ? control.setAttribute(name, value) : control.removeAttribute(name));
  set("aria-describedby", [...described].join(" "));
  set("aria-invalid", findings.some(({ severity }) => severity === "blocking") && "true");
}

function placeError(control, id) {
  const note = make("p", { id, class: "field-error" });
  if (ticks(control) && !column(control)) control.closest("fieldset, .field").append(note);
  else (control.closest("label") ?? control).after(note);
  return note;
}

function showFindings(field, findings) {
  const mine = field.closest("[hidden]") ? [] : findings.filter(({ path, severity }) => path.split("[")[0] === field.dataset.path && severity !== "info");
  const names = new Set();
  const controls = cells(field).filter(({ type, name }) => type !== "hidden" && !names.has(name) && names.add(name));
  controls.forEach((control, index) => {
    setError(control, mine.filter(({ path }) => path === control.name || (index === 0 && !names.has(path))));
  });
}

// --- The journal on this device ---

const tab = attempt(() => (sessionStorage["guichet:tab"] ??= Math.random().toString(36).slice(2)), "");

class Journal {
  constructor(dossier) { this.prefix = `guichet:${dossier}:`; }
  put(path, entry) {
    return attempt(() => (localStorage.setItem(this.prefix + path, JSON.stringify(entry)), true), false);
  }
  get(path) {
    return attempt(() => JSON.parse(localStorage.getItem(this.prefix + path)), null);
  }
  drop(path) { attempt(() => localStorage.removeItem(this.prefix + path)); }
  paths() {
    const keys = attempt(() => Object.keys(localStorage), []);
    return keys.filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
  }
}

// --- The editor ---

/**
 * @typedef {{was: unknown, value: unknown, at: number, tab: string, sent?: unknown[]}} Entry
 * `was` is what the server had when the change was begun; `sent`, what may have reached it since without an answer.
 */
class Editor {
  known = new Map(); // what the server has, by path
  /** @type {Map<string, Entry>} */
  pending = new Map();
  unkept = new Set(); // pending, but this device could not keep it
  held = new Map(); // conflicts that wait for a choice: path → theirs
  refused = new Set();
  left = new Set();
  findings = [];
  failures = 0;
  sending = null;
  leaving = false;
  oneByOne = false;

  constructor(form) {
    this.form = form;
    this.journal = new Journal(form.dataset.dossier);
    const was = attempt(() => JSON.parse(form.elements.was.value), {});
    for (const [name, value] of Object.entries(was ?? {})) this.known.set(`${form.dataset.section}.${name}`, value);
    form.addEventListener("input", (event) => this.onEdit(event), true);
    form.addEventListener("change", (event) => this.onEdit(event), true);
    form.addEventListener("focusout", (event) => this.onLeave(event));
    form.addEventListener("submit", (event) => event.defaultPrevented || this.onSubmit());
    this.watchPage();
    for (const path of this.journal.paths()) this.adopt(path);
    if (this.pending.size) this.soon();
  }

  watchPage() {
    const again = () => { if (this.failures) this.send(); };
    addEventListener("online", again);
    addEventListener("focus", again);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.send() : again()));
    addEventListener("pagehide", () => this.flush());
    addEventListener("pageshow", () => this.comeBack());
    addEventListener("beforeunload", (event) => { if (this.unkept.size && !this.leaving) event.preventDefault(); });
  }

  onEdit(event) {
    const field = event.target.closest(".field[data-path]");
    if (!field || !(event.target === field || event.target.name)) return;
    const path = field.dataset.path;
    const value = read(field);
    const before = this.pending.get(path);
    if (event.type === "change" && same(value, before ? before.value : this.known.get(path))) return;
    this.keep(path, { sent: [], ...before, was: before ? before.was : this.known.get(path) ?? null, value, at: Date.now(), tab });
    this.leaving = false;
    this.refused.delete(path);
    if (this.held.has(path)) this.showConflict(field);
    this.soon();
  }

  onLeave({ target, relatedTarget }) {
    const field = target.closest(".field[data-path]");
    if (!field || field.contains(relatedTarget)) return;
    this.left.add(field.dataset.path);
    this.showFindings();
  }

  /** The form carries everything on this page: what is under way counts as arrived, or else shows as a conflict. */
  onSubmit() {
    this.leaving = true;
    clearTimeout(this.timer);
    for (const [path, entry] of this.pending) this.mark(path, entry);
    for (const { path, value } of this.sending ?? []) this.known.set(path, value);
    this.renewWas();
    setTimeout(() => this.comeBack(), 15_000);
  }

  comeBack() {
    this.leaving = false;
    if (this.pending.size) this.soon();
  }

  keep(path, entry) {
    if (this.journal.put(path, entry)) this.unkept.delete(path);
    else this.unkept.add(path);
    this.pending.set(path, entry);
  }

  mark(path, entry) { this.keep(path, { ...entry, sent: [...(entry.sent ?? []), entry.value].slice(-4) }); }

  forget(path, value) {
    const stored = this.journal.get(path);
    if (stored && same(stored.value, value)) this.journal.drop(path);
    this.pending.delete(path);
    this.unkept.delete(path);
  }

  /** Takes up a change that an earlier page left. Another tab is given time to save its own. */
  adopt(path) {
    const entry = this.journal.get(path);
    const field = fieldAt(path);
    if (!entry || this.pending.has(path)) return;
    if (!field && entry.tab !== tab && Date.now() - entry.at < 5000) return setTimeout(() => (this.adopt(path), this.soon()), 5000);
    const server = this.known.get(path) ?? null;
    if (field && same(server, entry.value)) return this.journal.drop(path);
    if (field && entry.sent?.some((value) => same(value, server))) entry.was = server;
    if (field && !same(read(field), entry.value)) write(field, entry.value);
    this.keep(path, entry);
  }

  queue() {
    return [...this.pending].filter(([path]) => !this.held.has(path) && !this.refused.has(path));
  }

  plan(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), ms);
  }

  /** Saves after a pause in typing, or in the midst of it. While saving fails, a retry is planned already. */
  soon() {
    if (this.failures || !this.queue().length) return;
    this.say("pending", t("Modifications en cours d’enregistrement…", "Saving changes…"));
    this.since ??= Date.now();
    this.plan(Math.min(600, Math.max(0, this.since + 1500 - Date.now())));
  }

  async send() {
    const batch = this.queue().slice(0, this.oneByOne ? 1 : 40);
    if (this.sending || this.leaving || !batch.length) return;
    clearTimeout(this.timer);
    this.since = undefined;
    this.sending = batch.map(([path, { was, value }]) => ({ path, was, value }));
    for (const [path, entry] of batch) this.mark(path, entry);
    const changes = this.sending;
    const retry = await this.post(changes, AbortSignal.timeout(20_000))
      .then((response) => this.answered(response, changes))
      .catch((fault) => this.failed(fault));
    this.sending = null;
    if (retry !== undefined) this.plan(retry);
    else this.settle();
  }

  post(changes, signal) {
    const body = JSON.stringify({ changes });
    return fetch(this.form.dataset.saveUrl, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": this.form.elements.csrf.value },
      credentials: "same-origin",
      keepalive: new Blob([body]).size < 60_000,
      signal,
    });
  }

  /** @returns {Promise<number | undefined>} milliseconds until a retry */
  async answered(response, changes) {
    if (response.ok) return this.saved(await response.json(), changes);
    const body = await response.json().catch(() => ({}));
    if (response.status === 401) return this.signedOut();
    if (response.status === 403 && body.code === "csrf") {
      const token = this.form.elements.csrf.value;
      if (!(await renewToken())) return this.signedOut();
      if (token !== this.form.elements.csrf.value) return 0;
    }
    if (response.status >= 500 || [408, 429].includes(response.status) || body.code === "csrf") throw new Error("unavailable");
    return this.refuse(changes, body.detail ?? body.message ?? `HTTP ${response.status}`);
  }

  saved(result, changes) {
    const conflicts = new Map((result.conflicts ?? []).map((conflict) => [conflict.path, conflict.theirs]));
    this.failures = 0;
    this.savedAt = result.saved_at;
    this.reason = null;
    for (const { path, value } of changes) {
      if (conflicts.has(path)) this.disagree(path, conflicts.get(path));
      else this.confirm(path, value);
    }
    this.renewWas();
    showResult(result);
    this.findings = result.findings ?? [];
    this.showFindings();
  }

  confirm(path, value) {
    const entry = this.pending.get(path);
    this.known.set(path, value);
    if (entry && same(entry.value, value)) this.forget(path, value);
    else if (entry) this.keep(path, { ...entry, was: value, sent: [] });
  }

  disagree(path, theirs) {
    const entry = this.pending.get(path);
    if (entry?.sent?.some((value) => same(value, theirs))) return this.confirm(path, theirs); // our own, its answer was lost
    this.held.set(path, theirs);
    const field = fieldAt(path);
    if (field) this.showConflict(field);
  }

  /** What cannot be kept stays in the journal; one bad answer does not hold up the others. */
  refuse(changes, reason) {
    this.failures = 0;
    this.oneByOne = changes.length > 1 || this.oneByOne;
    if (changes.length > 1) return 0;
    const [{ path }] = changes;
    const field = fieldAt(path);
    this.refused.add(path);
    this.reason = reason;
    if (field) setError(cells(field)[0], [{ message: reason, severity: "blocking" }]);
  }

  signedOut() {
    this.failures ||= 1;
    const link = make("a", { href: signIn(), target: "_blank" }, t("Se reconnecter dans un nouvel onglet", "Sign in again in a new tab"));
    this.say("signed-out", `${t("Votre session a expiré : rien n’est perdu,", "Your session has expired: nothing is lost,")} ${this.where()}. `, link);
    return 5000;
  }

  failed(fault) {
    this.failures += 1;
    const offline = fault.message !== "unavailable";
    this.say(offline ? "offline" : "unavailable", `${offline ? t("Hors connexion", "Offline") : t("Le portail ne répond pas", "The portal does not answer")} – ${this.where()}`);
    return Math.min(30_000, 1000 * 2 ** (this.failures - 1));
  }

  where() {
    return this.unkept.size ? t("laissez cette page ouverte", "leave this page open") : t("gardé sur cet appareil", "kept on this device");
  }

  settle() {
    if (this.queue().length) return this.soon();
    this.oneByOne = false;
    const saved = `${t("Enregistré à", "Saved at")} ${this.savedAt}`;
    if (this.held.size) this.say("conflict", t("Une réponse a été modifiée ailleurs : choisissez la version à garder.", "An answer was changed elsewhere: choose the version to keep."), ...this.elsewhere());
    else if (this.reason) this.say("refused", `${t("Une réponse n’a pas pu être enregistrée :", "An answer could not be saved:")} ${this.reason}`);
    else if (this.savedAt) this.say("saved", saved);
  }

  elsewhere() {
    const sections = [...this.held.keys()].filter((path) => !fieldAt(path)).map((path) => path.split(".")[0]);
    return sections.length ? [` (${[...new Set(sections)].join(", ")})`] : [];
  }

  say(state, ...content) {
    for (const node of all("[data-save-state]")) {
      node.dataset.saveState = state;
      const fresh = make("span", {}, ...content.map((part) => (part.cloneNode ? part.cloneNode(true) : part)));
      if (node.textContent !== fresh.textContent) node.replaceChildren(...fresh.childNodes);
    }
  }

  renewWas() {
    const prefix = `${this.form.dataset.section}.`;
    const mine = [...this.known].filter(([path]) => path.startsWith(prefix)).map(([path, value]) => [path.slice(prefix.length), value]);
    if (this.form.elements.was) this.form.elements.was.value = JSON.stringify(Object.fromEntries(mine));
  }

  /** A last try when the page goes away; the journal keeps what does not arrive. */
  flush() {
    if (this.leaving) return;
    this.leaving = true;
    const underway = new Map((this.sending ?? []).map(({ path, value }) => [path, value]));
    const rest = this.queue().filter(([path, { value }]) => !underway.has(path) || !same(underway.get(path), value));
    for (const [path, entry] of rest) this.mark(path, entry);
    const changes = rest.map(([path, { was, value }]) => ({ path, was: underway.get(path) ?? was, value }));
    if (changes.length) this.post(changes).catch(() => {});
  }

  showFindings() {
    for (const field of all(".field[data-path]", this.form)) {
      const path = field.dataset.path;
      if (!this.savedAt || this.refused.has(path)) continue;
      if (this.left.has(path) || field.querySelector(".field-error")) showFindings(field, this.findings);
    }
  }

  showConflict(field) {
    const path = field.dataset.path;
    const theirs = this.held.get(path);
    const old = field.querySelector(".conflict");
    if (same(theirs, read(field))) return this.choose(field, "theirs");
    const button = (choice, label) => {
      const node = make("button", { type: "button", class: "secondary", "data-choice": choice }, label);
      node.addEventListener("click", () => (this.choose(field, choice), focusIn(field)));
      return node;
    };
    const title = t("Cette réponse a été modifiée ailleurs entre-temps.", "This answer has been changed elsewhere in the meantime.");
    const version = (name, value) => [make("dt", {}, name), make("dd", {}, describe(field, value))];
    const box = make("div", { class: "conflict", role: "group", "aria-label": title },
      make("p", {}, title),
      make("dl", {}, ...version(t("La vôtre", "Yours"), read(field)), ...version(t("L’autre", "The other"), theirs)),
      button("mine", t("Garder la mienne", "Keep mine")), " ", button("theirs", t("Prendre l’autre", "Take the other")));
    if (old) return old.replaceWith(box);
    field.append(box);
    announce(title);
  }

  choose(field, choice) {
    const path = field.dataset.path;
    const theirs = this.held.get(path);
    this.held.delete(path);
    field.querySelector(".conflict")?.remove();
    if (choice === "theirs") write(field, theirs);
    this.keep(path, { was: theirs, value: read(field), at: Date.now(), tab, sent: [] });
    this.confirm(path, theirs);
    this.renewWas();
    showConditional();
    if (this.queue().length && !this.failures) this.plan(0);
    else if (!this.failures) this.settle();
  }
}

/** An answer in words, for the two sides of a conflict. */
function describe(field, value) {
  const word = (id) => {
    const option = all("option, [type=radio], [type=checkbox]", field).find((node) => node.value === id);
    return (option?.labels?.[0] ?? option)?.textContent.trim() || id;
  };
  if (typeof value === "boolean") return value ? t("oui", "yes") : t("non", "no");
  const items = [value ?? ""].flat().map((item) => (typeof item === "string" ? word(item) : Object.values(item).map(word).join(" · ")));
  return items.join("\n").trim() || t("(vide)", "(empty)");
}

function showResult({ amounts = {}, missing, status }) {
  document.dispatchEvent(new CustomEvent("guichet:status", { detail: status })); // heard by status.js
  const put = (attribute, values) => {
    for (const node of all(`[data-${attribute}]`)) {
      const value = values?.[node.dataset[attribute]];
      if (value !== undefined) node.textContent = value ?? "–";
    }
  };
  put("amount", amounts);
  put("cost", amounts.costs);
  if (missing === undefined) return;
  for (const node of all("[data-missing-count]")) node.textContent = missing;
  for (const node of all("[data-missing-text]")) {
    const { none, one, many } = node.dataset;
    node.textContent = missing === 0 ? none : missing === 1 ? one : many.replace("{n}", missing);
  }
}

// --- One submit at a time ---

let underWay = new WeakSet();

function onSubmitOnce(event) {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (underWay.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  underWay.add(form);
  setTimeout(() => event.defaultPrevented && underWay.delete(form));
  setTimeout(() => underWay.delete(form), 30_000);
}

addEventListener("submit", onSubmitOnce, true);
addEventListener("pageshow", () => { underWay = new WeakSet(); });
document.addEventListener("click", onRowButton);

const editor = document.querySelector("form[data-editor]");
if (editor) new Editor(editor);
for (const name of ["input", "change"]) document.addEventListener(name, showConditional);
showConditional();

// Whether the dossier is deposited, as the server says it. A page stays open, or comes back from the browser's cache, while
// the dossier changes elsewhere: it asks again then, shows the answer, and says when it is itself out of date.

import { all, make } from "./dom.js";

/**
 * @typedef {{kind: "plain" | "strong" | "time" | "receipt", text: string, at: string, number: string}} Phrase
 */

/**
 * @typedef {object} Status
 * @property {Phrase[]} sentence
 * @property {Phrase[]} brief
 * @property {string} deadline
 * @property {string} advice
 * @property {string} as_of
 * @property {string | null} print_mark
 * @property {string} class
 * @property {boolean} counts_missing
 * @property {string[]} may
 * @property {string} receipt
 * @property {number} revision
 * @property {string} mark
 * @property {number | null} changes_in milliseconds until the round opens or closes
 */

/** @type {HTMLElement | null} */
const banner = document.querySelector(".banner[data-status-url]");
/** @type {HTMLElement | null} */
const receipt = document.querySelector("[data-receipt-outdated][data-status-url]");
const url = (banner ?? receipt)?.dataset.statusUrl;

const ANSWER_TIMEOUT_MS = 10_000;
/** The longest time that a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

let mark = banner?.dataset.mark;
let revision = Number(banner?.dataset.revision ?? 0);
let outdated = false;
let turn = 0; // counts questions and answers: an answer that comes after a later one is dropped
let underWay = false;
let unseen = 0; // a save that was sent as the page went away may have changed the dossier
/** @type {number | undefined} */
let timer;

// --- Drawing ---

/**
 * @param {Phrase} phrase
 * @returns {Node}
 */
function draw({ kind, text, at, number }) {
  switch (kind) {
    case "plain": return document.createTextNode(text);
    case "time": return make("time", { datetime: at }, text);
    case "receipt": return make("a", { href: `${banner?.dataset.receipts}/${number}` }, text);
    default: return make("strong", {}, text);
  }
}

/**
 * @param {string} name
 * @param {string | Phrase[]} content
 */
function put(name, content) {
  const fresh = [content].flat().map((part) => (typeof part === "string" ? document.createTextNode(part) : draw(part)));
  const words = fresh.map((node) => node.textContent).join("");
  for (const node of all(`[data-status="${name}"]`)) {
    // What is said already is not announced again.
    if (node.textContent !== words) node.replaceChildren(...fresh.map((part) => part.cloneNode(true)));
  }
}

/**
 * @param {HTMLElement} banner
 * @param {Status} status
 */
function redraw(banner, status) {
  put("sentence", status.sentence);
  put("brief", status.brief);
  put("deadline", status.deadline);
  put("advice", status.advice);
  put("as_of", status.as_of);
  put("print", status.sentence.map(({ text }) => text).join(""));
  put("print_mark", status.print_mark ?? "");
  for (const node of all(".banner, .save-deposit")) {
    node.className = node.className.replace(/\b(banner|save)-(draft|deposited|changed|withdrawn|over)\b/, `$1-${status.class}`);
  }
  banner.dataset.state = status.class;
  for (const node of all("[data-status-missing]")) node.hidden = !status.counts_missing;
  for (const node of all("[data-may]")) node.hidden = !(node.dataset.may ?? "").split(" ").some((step) => status.may.includes(step));
}

// --- What the page knows ---

/**
 * Takes an answer in.
 *
 * @param {Status} status
 * @param {boolean} own answers a save of this very page, which then still shows how things stand
 */
function learn(status, own) {
  turn += 1;
  for (const node of all("[data-status-unknown]")) node.hidden = true;
  if (receipt) receipt.hidden = status.receipt === receipt.dataset.receipt;
  if (!banner) return;
  redraw(banner, status);
  // The form asks about every answer that was changed elsewhere itself; other pages show the contents as they were.
  const saves = document.querySelector("form[data-editor]");
  const known = status.revision <= revision + (own ? 1 : 0) + unseen;
  if (saves ? !known : !own && status.mark !== mark) outdated = true;
  /** @type {HTMLInputElement[]} */
  const revisions = own && !outdated ? all('form[action$="/deposits"] input[name="revision"]') : [];
  for (const input of revisions) input.value = String(status.revision);
  ({ mark, revision } = status);
  unseen = 0;
  for (const node of all("[data-status-outdated]")) node.hidden = !outdated;
  wake(status.changes_in);
}

/**
 * The round opens or closes by itself: ask then.
 *
 * @param {string | number | null | undefined} milliseconds
 */
function wake(milliseconds) {
  clearTimeout(timer);
  if (milliseconds !== null && milliseconds !== undefined) timer = setTimeout(ask, Math.min(Number(milliseconds), MAX_TIMER_MS));
}

async function ask() {
  if (!url || underWay) return;
  underWay = true;
  const mine = ++turn;
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(url, { headers: { accept: "application/json" }, credentials: "same-origin", cache: "no-store", signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const status = await response.json();
    if (mine === turn) learn(status, false);
  } catch {
    if (mine === turn) for (const node of all("[data-status-unknown]")) node.hidden = false;
  } finally {
    underWay = false;
  }
}

// --- The list of dossiers: it is its own answer ---

async function renewList() {
  const lists = all("[data-live-list]");
  if (!lists.length || underWay) return;
  underWay = true;
  try {
    const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = all("[data-live-list]", page);
    const words = (/** @type {Node} */ node) => node.textContent?.replace(/\s+/g, " ");
    if (response.ok && fresh.length !== lists.length) return location.reload();
    if (!response.ok) return;
    lists.forEach((list, index) => { if (words(fresh[index]) !== words(list)) list.replaceWith(fresh[index]); });
  } catch {
    // Nothing to say: the next look asks again.
  } finally {
    underWay = false;
  }
}

// --- When to ask ---

const look = () => (url ? ask() : renewList());

addEventListener("pagehide", () => { unseen = document.querySelector("form[data-editor]") ? 1 : 0; });
const navigation = () => /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
addEventListener("pageshow", ({ persisted }) => {
  underWay = false;
  if (persisted || navigation()?.type === "back_forward") look();
});
addEventListener("focus", look);
addEventListener("online", look);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
document.addEventListener("guichet:status", (event) => {
  const { detail } = /** @type {CustomEvent<Status | undefined>} */ (event);
  if (detail) learn(detail, true);
});
document.addEventListener("click", ({ target }) => {
  if (/** @type {Element} */ (target).closest("[data-status-reload]")) location.reload();
});
// What an old page offers is decided on the page of now.
addEventListener("submit", (event) => {
  if (!outdated || !/\/(deposits|withdraw|carry-over|delete)$/.test(/** @type {Element} */ (event.target).getAttribute("action") ?? "")) return;
  event.preventDefault();
  location.reload();
}, true);

wake(banner?.dataset.changesIn);

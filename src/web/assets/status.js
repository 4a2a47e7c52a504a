// Whether the dossier is deposited, as the server says it. A page stays open, or comes back from the browser's cache, while
// the dossier changes elsewhere: it asks again then, shows the answer, and says when it is itself out of date.

const all = (selector) => [...document.querySelectorAll(selector)];
const banner = document.querySelector(".banner[data-status-url]");
const receipt = document.querySelector("[data-receipt-outdated][data-status-url]");
const url = (banner ?? receipt)?.dataset.statusUrl;

/** How long an answer is waited for, and the longest time that a timer can hold, in milliseconds. */
const ANSWER = 10_000;
const LONGEST_TIMER = 2 ** 31 - 1;

let { mark, revision = 0, changesIn } = banner?.dataset ?? {};
revision = Number(revision);
let outdated = false;
let turn = 0; // counts questions and answers: an answer that comes after a later one is dropped
let underWay = false;
let unseen = 0; // a save that was sent as the page went away may have changed the dossier
let timer;

// --- Drawing ---

function draw({ kind, text, at, number }) {
  if (kind === "plain") return document.createTextNode(text);
  const node = document.createElement({ strong: "strong", time: "time", receipt: "a" }[kind]);
  if (kind === "time") node.dateTime = at;
  if (kind === "receipt") node.href = `${banner.dataset.receipts}/${number}`;
  node.textContent = text;
  return node;
}

function put(name, content) {
  const fresh = [content].flat().map((part) => (typeof part === "string" ? document.createTextNode(part) : draw(part)));
  const words = fresh.map((node) => node.textContent).join("");
  for (const node of all(`[data-status="${name}"]`)) {
    // What is said already is not announced again.
    if (node.textContent !== words) node.replaceChildren(...fresh.map((part) => part.cloneNode(true)));
  }
}

function redraw(status) {
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
  for (const node of all("[data-may]")) node.hidden = !node.dataset.may.split(" ").some((step) => status.may.includes(step));
}

// --- What the page knows ---

/** Takes an answer in. `own` answers a save of this very page, which then still shows how things stand. */
function learn(status, own) {
  turn += 1;
  for (const node of all("[data-status-unknown]")) node.hidden = true;
  if (receipt) receipt.hidden = status.receipt === receipt.dataset.receipt;
  if (!banner) return;
  redraw(status);
  // The form asks about every answer that was changed elsewhere itself; other pages show the contents as they were.
  const saves = document.querySelector("form[data-editor]");
  const known = status.revision <= revision + (own ? 1 : 0) + unseen;
  if (saves ? !known : !own && status.mark !== mark) outdated = true;
  if (own && !outdated) for (const input of all('form[action$="/deposits"] input[name="revision"]')) input.value = status.revision;
  ({ mark, revision } = status);
  unseen = 0;
  for (const node of all("[data-status-outdated]")) node.hidden = !outdated;
  wake(status.changes_in);
}

/** The round opens or closes by itself: ask then. */
function wake(milliseconds) {
  clearTimeout(timer);
  if (milliseconds !== null && milliseconds !== undefined) timer = setTimeout(ask, Math.min(Number(milliseconds), LONGEST_TIMER));
}

async function ask() {
  if (!url || underWay) return;
  underWay = true;
  const mine = ++turn;
  try {
    const signal = AbortSignal.timeout(ANSWER);
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
    const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = [...page.querySelectorAll("[data-live-list]")];
    const words = (node) => node.textContent.replace(/\s+/g, " ");
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
addEventListener("pageshow", ({ persisted }) => {
  underWay = false;
  if (persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") look();
});
addEventListener("focus", look);
addEventListener("online", look);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
document.addEventListener("guichet:status", ({ detail }) => detail && learn(detail, true));
document.addEventListener("click", ({ target }) => { if (target.closest("[data-status-reload]")) location.reload(); });
// What an old page offers is decided on the page of now.
addEventListener("submit", (event) => {
  if (!outdated || !/\/(deposits|withdraw|carry-over)$/.test(event.target.getAttribute("action"))) return;
  event.preventDefault();
  location.reload();
}, true);

wake(changesIn);

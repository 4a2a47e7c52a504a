// How many characters a text may still have: shown beside its limit, and said only when the limit is near.

import { announce } from "./announce.js";
import { all } from "./dom.js";
import { key } from "./key.js";
import { english, t } from "./words.js";

/** @typedef {import("./controls.js").Control} Control */

/** A pause in typing after which the number is said to those who do not see it. */
const TYPING_PAUSE_MS = 1200;
/** The limit is near from the last tenth on, within these bounds. */
const MIN_NEAR_CHARS = 10;
const MAX_NEAR_CHARS = 100;

/**
 * @typedef {object} Countdown
 * @property {string} text what is shown; nothing while there is nothing to say
 * @property {boolean} near whether the limit is near or passed
 * @property {boolean} over whether the limit is passed
 */

/**
 * The length of a text as the server counts it: code points in NFC, without what nobody sees.
 *
 * @param {string} text
 */
export const lengthOf = (text) => [...key(text).trim()].length;

/**
 * What is said of a text of this length.
 *
 * @param {number} length
 * @param {number} most
 * @param {number} [least]
 * @returns {Countdown}
 */
export function countdown(length, most, least = 0) {
  const left = most - length;
  const near = left <= Math.min(MAX_NEAR_CHARS, Math.max(MIN_NEAR_CHARS, most / 10));
  const over = left < 0;
  return { text: words(length, left, least), near, over };
}

/**
 * @param {number} length
 * @param {number} left
 * @param {number} least
 */
function words(length, left, least) {
  if (left < 0) return t(`${characters(-left)} de trop`, `${characters(-left)} too many`);
  if (length === 0) return "";
  if (length < least) return t(`Encore ${characters(least - length)} au moins`, `At least ${characters(least - length)} more`);
  if (left === 0) return t("La limite est atteinte", "The limit is reached");
  return t(`Encore ${characters(left)}`, `${characters(left)} left`);
}

/** @param {number} count */
function characters(count) {
  const number = count.toLocaleString(english() ? "en" : "fr");
  return `${number} ${count === 1 ? t("caractère", "character") : t("caractères", "characters")}`;
}

/**
 * Shows the number beside a control.
 *
 * @param {Control} control
 * @returns {Countdown}
 */
export function showCounter(control) {
  const said = countdown(lengthOf(control.value), Number(control.dataset.maxChars), Number(control.dataset.minChars ?? 0));
  const counter = counterOf(control);
  if (counter.textContent !== said.text) counter.textContent = said.text;
  counter.setAttribute("class", said.over ? "counter counter-over" : said.near ? "counter counter-near" : "counter");
  return said;
}

/**
 * The counter of a control: beside the limit where that is written, behind the control otherwise.
 *
 * @param {Control} control
 * @returns {Element}
 */
function counterOf(control) {
  const place = control.closest("td, .cell, .field");
  const found = place?.querySelector("[data-counter]");
  if (found) return found;
  const counter = document.createElement("span");
  counter.setAttribute("data-counter", "");
  (place?.querySelector(".limits") ?? control.closest(".control") ?? control).after(counter);
  return counter;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let announced = "";

/** @param {Event} event */
function onInput({ target }) {
  const control = /** @type {Control} */ (target);
  if (!control.dataset?.maxChars) return;
  const { text, near } = showCounter(control);
  clearTimeout(timer);
  if (!near) announced = "";
  else if (text !== announced) timer = setTimeout(() => announce((announced = text)), TYPING_PAUSE_MS);
}

/** Counts what the page has already, and what is typed. */
export function showCounters() {
  /** @type {Control[]} */
  const controls = all("[data-max-chars]");
  for (const control of controls) if (control.value) showCounter(control);
  document.addEventListener("input", onInput);
}

// What an upload shows: its words, its buttons and its bar.

import { all, make } from "./dom.js";
import { t } from "./words.js";

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toLocaleString(t("fr", "en"), { maximumFractionDigits: 1 });

/**
 * Says how it goes; what is said already is not announced again.
 *
 * @param {HTMLFormElement} form
 * @param {string} state
 * @param {(string | Node)[]} content
 */
export function tell(form, state, ...content) {
  /** @type {HTMLElement | null} */
  const node = form.querySelector("[data-upload-state]");
  const words = content.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
  if (!node || (node.dataset.uploadState === state && node.textContent === words)) return;
  node.dataset.uploadState = state;
  node.replaceChildren(...content);
}

/**
 * The buttons beside an upload; the one that had the focus leaves it to the first.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement[]} buttons
 */
export function offer(form, ...buttons) {
  /** @type {HTMLElement | null} */
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

/**
 * @param {string} label
 * @param {() => void} act
 * @param {string} name
 */
export function button(label, act, name) {
  const node = make("button", { type: "button", class: "secondary", "data-upload-act": name }, label);
  node.addEventListener("click", act);
  return node;
}

/**
 * @param {HTMLFormElement} form
 * @param {number} sent
 * @param {number} size
 */
export function showProgress(form, sent, size) {
  const bar = form.querySelector("progress");
  if (bar) Object.assign(bar, { hidden: false, max: size, value: sent });
}

/**
 * Nothing is on its way any more.
 *
 * @param {HTMLFormElement} form
 */
export function endProgress(form) {
  form.removeAttribute("aria-busy");
  for (const bar of all("progress", form)) bar.hidden = true;
}

/**
 * @param {HTMLFormElement} form
 * @returns {File[]}
 */
export function filesOf(form) {
  return fileInputs(form).flatMap((input) => [...(input.files ?? [])]);
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLInputElement[]}
 */
const fileInputs = (form) => all('input[type="file"]', form);

/**
 * What can be said of the chosen files before anything is sent.
 *
 * @param {HTMLFormElement} form
 */
export function fileFault(form) {
  for (const input of fileInputs(form)) {
    const most = Number(input.dataset.maxBytes ?? form.dataset.maxBytes ?? Infinity);
    for (const { name, size } of input.files ?? []) {
      if (size === 0) return t(`« ${name} » est vide (0 octet). Vérifiez le fichier, puis choisissez-le de nouveau.`, `“${name}” is empty (0 bytes). Check the file, then choose it again.`);
      if (size > most) return t(`« ${name} » pèse ${megabytes(size)} Mo ; la limite est de ${megabytes(most)} Mo.`, `“${name}” is ${megabytes(size)} MB; the limit is ${megabytes(most)} MB.`);
    }
  }
  return null;
}

/**
 * Leaves for the page that the server names, or shows this one anew when it is the same.
 *
 * @param {string} redirect
 */
export function go(redirect) {
  const target = new URL(redirect, location.href);
  const here = target.pathname === location.pathname && target.search === location.search;
  location.assign(target);
  if (here && target.hash) location.reload();
}

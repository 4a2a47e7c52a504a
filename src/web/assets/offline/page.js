"use strict";
// What the pages that are one file share: both languages, and the switch between them.

/**
 * An element that the page has.
 *
 * @param {string} id
 * @returns {any}
 */
const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

/** One text in both languages; the stylesheet shows the chosen one. */
function both(fr, en) {
  return element("span", {}, element("span", { lang: "fr", textContent: fr }), element("span", { lang: "en", textContent: en }));
}

/** @returns {NodeListOf<HTMLElement>} */
function languageButtons() {
  return document.querySelectorAll("[data-lang]");
}

/** Turns the page to a language; its title holds both. */
function speak(lang) {
  document.documentElement.lang = lang;
  document.title = document.querySelector("title")?.dataset[lang] ?? "";
  for (const button of languageButtons()) {
    button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
  }
}

for (const button of languageButtons()) {
  button.addEventListener("click", () => speak(button.dataset.lang));
}

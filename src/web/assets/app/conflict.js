// An answer that was changed elsewhere: both versions beside each other, and a button for each.

import { announce } from "./announce.js";
import { focusIn } from "./controls.js";
import { make } from "./dom.js";
import { read } from "./answers.js";
import { describe } from "./versions.js";
import { t } from "./words.js";

/** @typedef {"mine" | "theirs"} Choice */

/**
 * What the server has.
 *
 * @typedef {object} Stored
 * @property {unknown} value
 * @property {string} origin who stored it and when, as shown; empty when that is not known
 */

/**
 * The id of the box of a field, for links to it.
 *
 * @param {string} path
 */
export const conflictId = (path) => `conflict-${path}`;

/**
 * Shows a conflict in its field, or what it has become when the reader goes on typing.
 *
 * @param {HTMLElement} field
 * @param {Stored} stored
 * @param {(choice: Choice) => void} choose
 */
export function showConflict(field, stored, choose) {
  const old = field.querySelector(".conflict");
  const button = (/** @type {Choice} */ choice, /** @type {string} */ label) => {
    const node = make("button", { type: "button", class: "secondary", "data-choice": choice }, label);
    node.addEventListener("click", () => (choose(choice), focusIn(field)));
    return node;
  };
  const title = t("Cette réponse a été modifiée ailleurs entre-temps.", "This answer has been changed elsewhere in the meantime.");
  const origin = stored.origin ? [" ", make("span", { class: "origin" }, `(${stored.origin})`)] : [];
  // By ear, boxes and buttons are told apart by their question.
  const named = [questionOf(field), title].filter(Boolean).join(t("\u00a0: ", ": "));
  const box = make("div", { class: "conflict", role: "group", "aria-label": named, id: conflictId(field.dataset.path ?? ""), tabindex: "-1" },
    make("p", {}, title),
    make("dl", {},
      make("dt", {}, t("Votre version, sur cette page", "Your version, on this page")),
      make("dd", {}, describe(field, read(field))),
      make("dt", {}, t("La version enregistrée", "The saved version"), ...origin),
      make("dd", {}, describe(field, stored.value))),
    make("p", { class: "buttons" },
      button("mine", t("Garder ma version", "Keep my version")),
      button("theirs", t("Prendre la version enregistrée", "Take the saved version"))));
  if (old) return old.replaceWith(box);
  field.append(box);
  announce(named);
  // The bar that saves is at the bottom of the window, and so is often the field: the style sheet keeps the box off it.
  if (field.contains(document.activeElement)) box.scrollIntoView({ block: "nearest" });
}

/**
 * The question of a field, without what is added to it, such as “(required)”.
 *
 * @param {HTMLElement} field
 */
const questionOf = (field) => field.querySelector(".question")?.firstChild?.textContent?.trim() ?? "";

/** @param {HTMLElement} field */
export const hideConflict = (field) => field.querySelector(".conflict")?.remove();

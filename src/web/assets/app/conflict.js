// An answer that was changed elsewhere: both versions beside each other, and a button for each.

import { announce } from "./announce.js";
import { describe, read } from "./answers.js";
import { focusIn } from "./controls.js";
import { make } from "./dom.js";
import { t } from "./words.js";

/** @typedef {"mine" | "theirs"} Choice */

/**
 * Shows a conflict in its field, or what it has become when the reader goes on typing.
 *
 * @param {HTMLElement} field
 * @param {unknown} theirs
 * @param {(choice: Choice) => void} choose
 */
export function showConflict(field, theirs, choose) {
  const old = field.querySelector(".conflict");
  const button = (/** @type {Choice} */ choice, /** @type {string} */ label) => {
    const node = make("button", { type: "button", class: "secondary", "data-choice": choice }, label);
    node.addEventListener("click", () => (choose(choice), focusIn(field)));
    return node;
  };
  const title = t("Cette réponse a été modifiée ailleurs entre-temps.", "This answer has been changed elsewhere in the meantime.");
  const version = (/** @type {string} */ name, /** @type {unknown} */ value) => [
    make("dt", {}, name),
    make("dd", {}, describe(field, value)),
  ];
  const box = make("div", { class: "conflict", role: "group", "aria-label": title },
    make("p", {}, title),
    make("dl", {}, ...version(t("La vôtre", "Yours"), read(field)), ...version(t("L’autre", "The other"), theirs)),
    button("mine", t("Garder la mienne", "Keep mine")), " ", button("theirs", t("Prendre l’autre", "Take the other")));
  if (old) return old.replaceWith(box);
  field.append(box);
  announce(title);
}

/** @param {HTMLElement} field */
export const hideConflict = (field) => field.querySelector(".conflict")?.remove();

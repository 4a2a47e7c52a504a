// What is said of saving, in every place of the page that says it. The states have their colours in the style sheet.

import { conflictId } from "./conflict.js";
import { fieldAt } from "./controls.js";
import { all, make } from "./dom.js";
import { signIn } from "./session.js";
import { t } from "./words.js";

/**
 * @param {"pending" | "saved" | "offline" | "unavailable" | "signed-out" | "conflict" | "refused"} state
 * @param {(string | Node)[]} content
 */
function say(state, ...content) {
  for (const node of all("[data-save-state]")) {
    node.dataset.saveState = state;
    const fresh = make("span", {}, ...content.map((part) => (typeof part === "string" ? part : part.cloneNode(true))));
    if (node.innerHTML !== fresh.innerHTML) node.replaceChildren(...fresh.childNodes);
  }
}

/** @param {boolean} kept whether this device could keep everything */
const where = (kept) => (kept ? t("gardé sur cet appareil", "kept on this device") : t("laissez cette page ouverte", "leave this page open"));

export const sayPending = () => say("pending", t("Modifications en cours d’enregistrement…", "Saving changes…"));

/** @param {string} time as shown */
export const saySaved = (time) => say("saved", `${t("Enregistré à", "Saved at")} ${time}`);

/** @param {boolean} kept */
export function saySignedOut(kept) {
  const link = make("a", { href: signIn(), target: "_blank" }, t("Se reconnecter dans un nouvel onglet", "Sign in again in a new tab"));
  say("signed-out", `${t("Votre session a expiré : rien n’est perdu,", "Your session has expired: nothing is lost,")} ${where(kept)}. `, link);
}

/** @param {boolean} kept */
export const sayOffline = (kept) => say("offline", `${t("Hors connexion", "Offline")} – ${where(kept)}`);

/** @param {boolean} kept */
export const sayUnavailable = (kept) => say("unavailable", `${t("Le portail ne répond pas", "The portal does not answer")} – ${where(kept)}`);

/**
 * Says that answers wait for a choice, and leads to the first one on this page.
 *
 * @param {string[]} paths
 */
export function sayConflict(paths) {
  const [first] = paths.filter(fieldAt);
  const elsewhere = new Set(paths.filter((path) => !fieldAt(path)).map((path) => path.split(".")[0]));
  const choose = t("choisissez la version à garder", "choose the version to keep");
  say("conflict", t("Une réponse a été modifiée ailleurs\u00a0: ", "An answer was changed elsewhere: "),
    first ? make("a", { href: `#${conflictId(first)}` }, choose) : choose, ".",
    ...(elsewhere.size ? [` (${[...elsewhere].join(", ")})`] : []));
}

/** @param {string} reason */
export const sayRefused = (reason) => say("refused", `${t("Une réponse n’a pas pu être enregistrée :", "An answer could not be saved:")} ${reason}`);

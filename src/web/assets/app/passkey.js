// Passkeys: takes a ceremony from the portal to the browser and its answer back. A form says by `data-passkey` whether
// it creates a passkey or gets one; its action takes the answer, and the same with `/begin` begins.

import { all, named } from "./dom.js";
import { decoded, encoded } from "./passkey_bytes.js";
import { english, t } from "./words.js";

/** What the portal said when it refused. */
class Refused extends Error {}

/**
 * @param {HTMLFormElement} form
 * @param {string} address
 * @param {unknown} body
 * @returns {Promise<any>}
 */
async function post(form, address, body) {
  const answer = await fetch(address, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": named(form, "csrf")?.value ?? "" },
    credentials: "same-origin",
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const here = encodeURIComponent(location.pathname.replace(/^\/en(?=\/)/, "") + location.search);
  const prefix = english() ? "/en" : "";
  if (answer.status === 401) location.assign(`${prefix}/sign-in?next=${here}`);
  if (told.code === "confirmation_needed") location.assign(`${prefix}/account/confirm?next=${here}`);
  throw new Refused([told.detail, told.remedy].filter(Boolean).join(" ") || `HTTP ${answer.status}`);
}

/**
 * Why it did not work, in words.
 *
 * @param {unknown} fault
 */
function reason(fault) {
  if (fault instanceof Refused) return fault.message;
  switch (fault instanceof Error ? fault.name : "") {
    case "NotAllowedError":
      return t("La demande a été annulée, ou a duré trop longtemps. Vous pouvez recommencer.", "The request was cancelled, or took too long. You may try again.");
    case "InvalidStateError":
      return t("Cet appareil a déjà une clé d’accès pour votre compte.", "This device already has a passkey for your account.");
    case "SecurityError":
      return t("Votre navigateur refuse les clés d’accès à cette adresse.", "Your browser refuses passkeys at this address.");
    case "NotSupportedError":
      return t("Votre appareil ne sait pas faire de clé d’accès qui convienne.", "Your device cannot make a passkey that fits.");
    default:
      return t("Le portail ne répond pas. Vérifiez votre connexion, puis recommencez.", "The portal does not answer. Check your connection, then try again.");
  }
}

/** @param {HTMLFormElement} form */
async function ceremony(form) {
  const action = form.getAttribute("action") ?? "";
  const { ceremony, options } = await post(form, `${action}/begin`, {});
  const act = form.dataset.passkey === "create" ? "create" : "get";
  const credential = /** @type {PublicKeyCredential} */ (await navigator.credentials[act](decoded(options)));
  const [next, name] = [named(form, "next"), named(form, "name")];
  return post(form, action, { ceremony, answer: encoded(credential), next: next?.value, name: name?.value });
}

/** @param {SubmitEvent} event */
async function onSubmit(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  const state = /** @type {HTMLElement} */ (form.querySelector("[data-passkey-state]"));
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  state.dataset.passkeyState = "waiting";
  state.textContent = t("Suivez les indications de votre appareil…", "Follow what your device asks…");
  try {
    const { redirect } = await ceremony(form);
    state.textContent = t("C’est fait.", "Done.");
    location.assign(redirect);
  } catch (fault) {
    state.dataset.passkeyState = "failed";
    state.textContent = reason(fault);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const note of all("[data-passkey-without]")) note.hidden = true;
  /** @type {HTMLFormElement[]} */
  const forms = all("form[data-passkey]");
  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
  }
}

// Passkeys: takes a ceremony from the portal to the browser and its answer back. A form says by `data-passkey` whether
// it creates a passkey or gets one; its action takes the answer, and the same with `/begin` begins.

const english = document.documentElement.lang.startsWith("en");
const t = (fr, en) => (english ? en : fr);

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => list?.map((one) => ({ ...one, id: toBytes(one.id) }));

/** What the portal sent, with bytes where the browser wants them. */
function decoded({ publicKey, ...rest }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (publicKey.user) options.user = { ...publicKey.user, id: toBytes(publicKey.user.id) };
  if (publicKey.excludeCredentials) options.excludeCredentials = known(publicKey.excludeCredentials);
  if (publicKey.allowCredentials) options.allowCredentials = known(publicKey.allowCredentials);
  return { ...rest, publicKey: options };
}

/** What the browser gave, with text where it has bytes. */
function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  const { id, rawId, type } = credential;
  return { id, rawId: toText(rawId), type, response, extensions: credential.getClientExtensionResults() };
}

class Refused extends Error {}

async function post(form, address, body) {
  const answer = await fetch(address, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": form.elements.csrf.value },
    credentials: "same-origin",
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const here = encodeURIComponent(location.pathname.replace(/^\/en(?=\/)/, "") + location.search);
  const prefix = english ? "/en" : "";
  if (answer.status === 401) location.assign(`${prefix}/sign-in?next=${here}`);
  if (told.code === "confirmation_needed") location.assign(`${prefix}/account/confirm?next=${here}`);
  throw new Refused([told.detail, told.remedy].filter(Boolean).join(" ") || `HTTP ${answer.status}`);
}

/** Why it did not work, in words. */
function reason(fault) {
  if (fault instanceof Refused) return fault.message;
  switch (fault?.name) {
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

async function ceremony(form) {
  const action = form.getAttribute("action");
  const { ceremony, options } = await post(form, `${action}/begin`, {});
  const credential = await navigator.credentials[form.dataset.passkey](decoded(options));
  const { next, name } = form.elements;
  return post(form, action, { ceremony, answer: encoded(credential), next: next.value, name: name?.value });
}

async function onSubmit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const state = form.querySelector("[data-passkey-state]");
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
  for (const note of document.querySelectorAll("[data-passkey-without]")) note.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
  }
}

// What a passkey's ceremony carries: the portal writes bytes as base64url text, the browser has them as buffers.

/** @param {string} text */
export const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer} buffer */
export function toText(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {any[] | undefined} list */
const credentials = (list) => list?.map((one) => ({ ...one, id: toBytes(one.id) }));

/**
 * What the portal sent, with bytes where the browser wants them.
 *
 * @param {any} options
 * @returns {any} options of `navigator.credentials`
 */
export function decoded({ publicKey, ...rest }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (publicKey.user) options.user = { ...publicKey.user, id: toBytes(publicKey.user.id) };
  if (publicKey.excludeCredentials) options.excludeCredentials = credentials(publicKey.excludeCredentials);
  if (publicKey.allowCredentials) options.allowCredentials = credentials(publicKey.allowCredentials);
  return { ...rest, publicKey: options };
}

/**
 * What the browser gave, with text where it has bytes.
 *
 * @param {any} credential a `PublicKeyCredential` that was made or that signed
 */
export function encoded(credential) {
  /** @type {Record<string, string>} */
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  const { id, rawId, type } = credential;
  return { id, rawId: toText(rawId), type, response, extensions: credential.getClientExtensionResults() };
}

// The requests of an upload: with progress, and ended when nothing moves any more.

import { attempt } from "./attempt.js";
import { named } from "./dom.js";

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} url
 * @property {(name: string) => string | null} header
 * @property {any} body
 */

/** Without a byte for so long the line is lost. */
const SILENCE_MS = 30_000;
/** For the answer, once all is sent. */
const ANSWER_TIMEOUT_MS = 90_000;

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} [more]
 */
export function headers(form, more) {
  return { accept: "application/json", "upload-draft-interop-version": "8", "x-csrf-token": named(form, "csrf")?.value ?? "", ...more };
}

/**
 * Sends a request. Rejects when the line fails.
 *
 * @param {string} method
 * @param {string} url
 * @param {object} options
 * @param {Record<string, string>} [options.headers]
 * @param {Blob | FormData | null} [options.body]
 * @param {(loaded: number) => void} [options.progress]
 * @param {AbortSignal | null} [options.signal]
 * @returns {Promise<Answer>}
 */
export function send(method, url, { headers: fields = {}, body = null, progress = () => {}, signal = null }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const watch = (/** @type {number} */ patience) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), patience);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => (watch(SILENCE_MS), progress(loaded));
    request.upload.onload = () => watch(ANSWER_TIMEOUT_MS);
    request.onload = () => resolve({
      status: request.status,
      url: request.responseURL,
      header: (name) => request.getResponseHeader(name),
      body: attempt(() => JSON.parse(request.responseText), null) ?? {},
    });
    request.onerror = request.onabort = () => reject(new Error("network"));
    request.onloadend = () => clearTimeout(timer);
    signal?.addEventListener("abort", () => request.abort());
    watch(body instanceof Blob && body.size ? SILENCE_MS : ANSWER_TIMEOUT_MS);
    request.send(body);
  });
}

/**
 * Waits, less when the browser says that the line is back; not at all once it is paused.
 *
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(seconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(finish, seconds * 1000);
    function finish() {
      clearTimeout(timer);
      removeEventListener("online", finish);
      signal.removeEventListener("abort", finish);
      done();
    }
    addEventListener("online", finish);
    signal.addEventListener("abort", finish);
  });
}

/**
 * Ends an upload that is not wanted any more; the server forgets it by itself when this does not arrive.
 *
 * @param {HTMLFormElement} form
 * @param {string} url
 */
export function discard(form, url) {
  send("DELETE", url, { headers: headers(form) }).catch(() => {});
}

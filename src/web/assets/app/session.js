// The session of the page: where to sign in again, and the form token of a new session.

import { all } from "./dom.js";

export const signIn = () => `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;

/** Takes the new form token from the page after a new sign-in; false when still signed out. */
export async function renewToken() {
  const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok || new URL(response.url).pathname !== location.pathname) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  /** @type {HTMLInputElement | null} */
  const fresh = page.querySelector('#editor input[name="csrf"], form[data-upload] input[name="csrf"]');
  const token = fresh?.value;
  if (!token) return false;
  /** @type {HTMLInputElement[]} */
  const inputs = all('input[name="csrf"]');
  for (const input of inputs) input.value = token;
  return true;
}

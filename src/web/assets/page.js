// What the scripts of the pages share.

export const english = document.documentElement.lang.startsWith("en");
export const t = (fr, en) => (english ? en : fr);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const signIn = () => `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;

export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Calls what the browser may refuse: storage in private windows, full storage. */
export function attempt(act, otherwise) {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

/** Takes the new form token from the page after a new sign-in; false when still signed out. */
export async function renewToken() {
  const response = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok || new URL(response.url).pathname !== location.pathname) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const token = page.querySelector('#editor input[name="csrf"], form[data-upload] input[name="csrf"]')?.value;
  for (const input of token ? all('input[name="csrf"]') : []) input.value = token;
  return Boolean(token);
}

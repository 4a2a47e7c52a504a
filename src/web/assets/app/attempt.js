// What the browser may refuse: storage in private windows, storage that is full, text that is not JSON.

/**
 * Calls something that may fail, and returns `otherwise` when it does.
 *
 * @template T
 * @template [F=undefined]
 * @param {() => T} act
 * @param {F} [otherwise]
 * @returns {T | F}
 */
export function attempt(act, otherwise) {
  try {
    return act();
  } catch {
    return /** @type {F} */ (otherwise);
  }
}

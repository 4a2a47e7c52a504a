// The language of the page: both wordings of a sentence stand side by side.

export const english = () => document.documentElement.lang.startsWith("en");

/**
 * @param {string} fr
 * @param {string} en
 */
export const t = (fr, en) => (english() ? en : fr);

// What screen readers are told of changes that others see.

/** @type {HTMLElement | undefined} */
let region;

/** Puts the region into the page: a screen reader announces only changes of a region that it knows already. */
export function prepareAnnouncements() {
  region = document.createElement("div");
  region.setAttribute("role", "status");
  region.className = "visually-hidden";
  document.body.append(region);
}

/** @param {string} text */
export function announce(text) {
  if (region) region.textContent = text;
}

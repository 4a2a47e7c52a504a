// One submit at a time: a second click on the button of a form with `data-once` sends nothing.

/** A form may be sent again after so long, whatever became of the first time. */
const MAX_SUBMIT_MS = 30_000;

/** @type {WeakSet<EventTarget>} */
let underWay = new WeakSet();

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches("form[data-once]")) return;
  if (underWay.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  underWay.add(form);
  setTimeout(() => event.defaultPrevented && underWay.delete(form));
  setTimeout(() => underWay.delete(form), MAX_SUBMIT_MS);
}

export function submitOnce() {
  addEventListener("submit", onSubmit, true);
  addEventListener("pageshow", () => { underWay = new WeakSet(); });
}

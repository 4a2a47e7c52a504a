import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { field, node, table } from "./page.mjs";
import { setError, showFindings } from "../../src/web/assets/app/findings.js";

beforeEach(() => { document.children = []; });

const input = (value, attributes = {}) => node("input", { type: "text", id: "f-s.f", name: "s.f", value, ...attributes });
const finding = (path, message = "must be filled in.", severity = "blocking") => ({ path, severity, message: { fr: message, en: message } });

/** Puts a field into the page and returns it. */
function shown(made) {
  document.append(made);
  return made;
}

test("b12: what is empty is missing, never an error", () => {
  const control = input("");
  const made = shown(field("text", control));
  showFindings(made, [finding("s.f")]);
  const note = made.querySelector(".field-error");
  assert.equal(note.textContent, "must be filled in.");
  assert.equal(note.dataset.severity, "reminder");
  assert.equal(control.getAttribute("aria-invalid"), null);
  assert.equal(control.getAttribute("aria-describedby"), "f-s.f-error");
});

test("b12: a first save leaves the reminder of the server as it is", () => {
  const control = input("", { "aria-describedby": "h-s.f f-s.f-error" });
  const note = node("p", { class: "field-error", id: "f-s.f-error", "data-severity": "reminder" });
  note.textContent = "must be filled in.";
  shown(field("text", control, note));
  showFindings(document.children[0], [finding("s.f")]);
  assert.deepEqual([note.dataset.severity, note.textContent], ["reminder", "must be filled in."]);
  assert.equal(control.getAttribute("aria-invalid"), null);
});

test("what is wrong is an error, and leaves no trace once it is right", () => {
  const control = input("x");
  const made = shown(field("siret", control));
  showFindings(made, [finding("s.f", "not a SIRET")]);
  assert.equal(made.querySelector(".field-error").dataset.severity, "blocking");
  assert.equal(control.getAttribute("aria-invalid"), "true");
  showFindings(made, []);
  assert.equal(made.querySelector(".field-error"), null);
  assert.deepEqual([control.getAttribute("aria-invalid"), control.getAttribute("aria-describedby")], [null, null]);
});

test("blanks that nobody sees are empty", () => {
  const control = input(" \u200b");
  showFindings(shown(field("text", control)), [finding("s.f")]);
  assert.equal(control.getAttribute("aria-invalid"), null);
});

test("radio buttons are empty until one is chosen", () => {
  const radio = (value) => node("input", { type: "radio", name: "s.f", value });
  const [yes, no] = [radio("yes"), radio("no")];
  const made = shown(field("yes_no", yes, no));
  showFindings(made, [finding("s.f")]);
  assert.equal(made.querySelector(".field-error").dataset.severity, "reminder");
  no.checked = true;
  showFindings(made, [finding("s.f")]);
  assert.equal(made.querySelector(".field-error").dataset.severity, "blocking");
});

test("b14: a total is blamed, not the first cell", () => {
  const made = shown(table([{ title: "Two", months: "2" }]));
  const rows = node("div", { class: "rows" });
  const add = node("p", { class: "row-add" }, node("span", { class: "row-total" }));
  rows.append(add);
  made.append(node("div", { role: "group" }, rows));
  showFindings(made, [finding("s.f", "the base is too low")]);
  for (const control of made.querySelectorAll("input, select")) {
    assert.equal(control.getAttribute("aria-invalid"), null, control.name);
  }
  const note = made.querySelector("#f-s.f-error");
  assert.equal(note.textContent, "the base is too low");
  assert.equal(rows.children[1], note, "right below the total");
  assert.equal(made.querySelector("[role=group]").getAttribute("aria-describedby"), "f-s.f-error");
  showFindings(made, []);
  assert.equal(made.querySelector("#f-s.f-error"), null);
});

test("a cell is blamed for what is wrong with it", () => {
  const made = shown(table([{ title: "Two", months: "many" }]));
  showFindings(made, [finding("s.f[0].months", "a number is expected")]);
  const [title, months] = made.querySelectorAll("input");
  assert.deepEqual([title.getAttribute("aria-invalid"), months.getAttribute("aria-invalid")], [null, "true"]);
});

test("a note stands behind the whole control, so that a currency stays with its number", () => {
  const control = input("x");
  const made = shown(field("money", node("span", { class: "control" }, control, node("span", { class: "unit" }))));
  setError(control, [finding(undefined, "not a number")]);
  assert.deepEqual(made.children.map(({ tag }) => tag), ["span", "p"]);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { field, node, table, text } from "./page.mjs";
import { conflictId, hideConflict, showConflict } from "../../src/web/assets/app/conflict.js";
import { describe } from "../../src/web/assets/app/versions.js";

beforeEach(() => {
  document.children = [];
  document.activeElement = null;
  document.documentElement.lang = "en";
});

const texts = (box, tag) => box.querySelectorAll(tag).map((one) => one.textContent);
const option = (type, value, label) => node("label", {}, node("input", { type, name: "s.f", value }), text(` ${label}`));

test("both versions of a table have their cells in the order of the form, by their columns", () => {
  const one = table([{ title: "A", months: "3", kind: "x" }, {}]);
  showConflict(one, { value: [{ kind: "x", months: "4", title: "A" }], origin: "" }, () => {});
  const [mine, theirs] = texts(one.querySelector(".conflict"), "dd");
  assert.equal(mine, "title: A · months: 3 · kind: x");
  assert.equal(theirs, "title: A · months: 4 · kind: x");
  const [first, last] = texts(one.querySelector(".conflict"), "dt");
  assert.equal(first, "Your version, on this page");
  assert.equal(last, "The saved version", "nothing is said of an author that is not known");
});

test("a cell that is missing moves no other, and a row that is empty is none", () => {
  const one = table([{ title: "A" }]);
  assert.equal(describe(one, [{ months: "2" }, {}, { title: "B", months: " " }]), "months: 2\ntitle: B");
  assert.equal(describe(one, [{}]), "(empty)");
});

test("a fixed row is told by its title", () => {
  const one = table([{ row: "r1", title: "A" }, { row: "r2", title: "B" }]);
  for (const [index, row] of one.querySelectorAll("[data-row]").entries()) row.prepend(node("legend", {}, text(`Row ${index + 1}`)));
  assert.equal(describe(one, [{ row: "r2", title: "C" }, { row: "r1" }]), "Row 2 · title: C");
});

test("what was chosen is told by its label, what was typed as it is", () => {
  const choices = field("choices", option("checkbox", "a", "Alpha"), option("checkbox", "b", "Beta"));
  assert.equal(describe(choices, ["b", "a"]), "Beta\nAlpha");
  assert.equal(describe(choices, []), "(empty)");
  const list = field("choice", node("select", { name: "s.f" }, node("option", { value: "a" }, text("Alpha"))));
  assert.equal(describe(list, "a"), "Alpha");
  assert.equal(describe(list, "gone"), "gone");
  assert.equal(describe(field("text", node("input", { name: "s.f" })), "a\nb"), "a\nb");
  assert.equal(describe(field("declaration", node("input", { name: "s.f", type: "checkbox", value: "true" })), true), "✓ Declared");
  assert.equal(describe(field("text", node("input", { name: "s.f" })), null), "(empty)");
});

test("a day is written as the server writes it", () => {
  const one = field("date", node("input", { name: "s.f", type: "date" }));
  assert.equal(describe(one, "2026-11-01"), "1 November 2026");
  document.documentElement.lang = "fr";
  assert.equal(describe(one, "2026-11-01"), "1er novembre 2026");
  assert.equal(describe(one, "hier"), "hier");
});

test("the box says who stored the other version and when, and comes into view where the reader writes", () => {
  const control = node("input", { name: "s.f", value: "mine" });
  const one = field("text", control);
  document.append(one);
  control.focus();
  showConflict(one, { value: "theirs", origin: "by ada@example.org, at 14:03" }, () => {});
  const box = one.querySelector(".conflict");
  assert.equal(texts(box, "dt")[1], "The saved version (by ada@example.org, at 14:03)");
  assert.ok(box.scrolledTo);
  assert.equal(box.id, conflictId("s.f"));
});

test("a conflict elsewhere does not move the page, and follows what is typed", () => {
  const control = node("input", { name: "s.f", value: "mine" });
  const one = field("text", control);
  showConflict(one, { value: "theirs", origin: "" }, () => {});
  assert.equal(one.querySelector(".conflict").scrolledTo, undefined);
  control.value = "mine again";
  showConflict(one, { value: "theirs", origin: "" }, () => {});
  assert.equal(one.querySelectorAll(".conflict").length, 1);
  assert.equal(texts(one, "dd")[0], "mine again");
  hideConflict(one);
  assert.equal(one.querySelector(".conflict"), null);
});

test("each button makes its choice, and the focus goes back to the field", () => {
  const control = node("input", { name: "s.f", value: "mine" });
  const one = field("text", control);
  const chosen = [];
  showConflict(one, { value: "theirs", origin: "" }, (choice) => chosen.push(choice));
  for (const button of one.querySelectorAll("button")) button.click();
  assert.deepEqual(chosen, ["mine", "theirs"]);
  assert.equal(document.activeElement, control);
});

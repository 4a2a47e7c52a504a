import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "./page.mjs";
import { read } from "../../src/web/assets/app/answers.js";
import { addRow, removeRow, renumberedLabel, renumberedName, rowsOf } from "../../src/web/assets/app/tables.js";

/** Every attribute of a table that says a row, in the order of the page. */
const names = (one) => one.querySelectorAll("*").flatMap((node) => {
  const mine = [...node.attributes].filter(([name, value]) => /\d/.test(value) && (name !== "value" || node.tag === "button"));
  return mine.map(([name, value]) => `${node.tag} ${name} ${value}`);
});
const numbers = (one) => one.querySelectorAll("[data-row-number]").map((node) => node.textContent);

test("a name gives its row's number up, and no other", () => {
  assert.equal(renumberedName("budget.persons[2].months", 2, 3), "budget.persons[3].months");
  assert.equal(renumberedName("f-budget.persons-2-months-error", 2, 10), "f-budget.persons-10-months-error");
  assert.equal(renumberedName("remove:persons:2", 2, 0), "remove:persons:0");
  assert.equal(renumberedName("h-2 w-s.f[2].a f-s.f-2", 2, 1), "h-2 w-s.f[1].a f-s.f-1", "of a list, what ends there");
  assert.equal(renumberedName("s.f[12].cost2", 2, 3), "s.f[12].cost2");
  assert.equal(renumberedName("s.f[2].cost2", 2, 3), "s.f[3].cost2");
});

test("a label counts from one, and its last number is the row's", () => {
  assert.equal(renumberedLabel("Months, row 3", 2, 3), "Months, row 4");
  assert.equal(renumberedLabel("Year 3, row 3", 2, 0), "Year 3, row 1");
  assert.equal(renumberedLabel("Row 13", 2, 0), "Row 13");
});

test("an added row is empty, and named as the server would name it", () => {
  const one = table([{ title: "a", months: "3", kind: "x" }, { title: "b" }]);
  const row = addRow(one);
  assert.equal(row, rowsOf(one)[2]);
  assert.deepEqual(read(one), [{ title: "a", months: "3", kind: "x" }, { title: "b" }, {}]);
  assert.deepEqual(names(one), names(table([{}, {}, {}])));
  assert.deepEqual(numbers(one), ["1", "2", "3"]);
});

test("more than ten rows keep their numbers apart", () => {
  const one = table([{ title: "0" }]);
  for (let row = 1; row < 13; row += 1) addRow(one).querySelector("input").value = String(row);
  assert.deepEqual(read(one).map(({ title }) => title), Array.from({ length: 13 }, (_, row) => String(row)));
  removeRow(one, rowsOf(one)[1]);
  assert.deepEqual(numbers(one), Array.from({ length: 12 }, (_, row) => String(row + 1)));
  assert.deepEqual(names(one), names(table(Array.from({ length: 12 }, () => ({})))));
});

test("a full table takes no row", () => {
  const one = table([{}, {}], { "data-max-rows": "2" });
  assert.equal(addRow(one), null);
  assert.equal(rowsOf(one).length, 2);
});

test("a removed row gives its place to the next, and the last one is emptied", () => {
  const one = table([{ title: "a" }, { title: "b" }, { title: "c" }]);
  const [first, second, third] = rowsOf(one);
  assert.equal(removeRow(one, second), third);
  assert.deepEqual(read(one), [{ title: "a" }, { title: "c" }]);
  assert.equal(removeRow(one, third), null);
  assert.equal(removeRow(one, first), first);
  assert.deepEqual(read(one), [{}]);
});

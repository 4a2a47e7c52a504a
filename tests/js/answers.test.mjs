import assert from "node:assert/strict";
import { test } from "node:test";
import { field, node, table } from "./page.mjs";
import { read, write } from "../../src/web/assets/app/answers.js";
import { fulfils } from "../../src/web/assets/app/conditions.js";

const tick = (type, value) => node("input", { type, name: "s.f", value });

test("a text, a list to choose from and a date are read and written as they are", () => {
  for (const tag of ["input", "textarea", "select"]) {
    const one = field("text", node(tag, { name: "s.f" }));
    write(one, "words");
    assert.equal(read(one), "words");
    write(one, null);
    assert.equal(read(one), "");
  }
});

test("of radio buttons the chosen one is read", () => {
  const one = field("yes_no", tick("radio", "yes"), tick("radio", "no"));
  assert.equal(read(one), "");
  write(one, "no");
  assert.equal(read(one), "no");
  write(one, "");
  assert.equal(read(one), "");
});

test("of boxes all ticked ones are read, in one order", () => {
  const one = field("choices", tick("checkbox", "b"), tick("checkbox", "a"), tick("checkbox", "c"));
  write(one, ["b", "a"]);
  assert.deepEqual(read(one), ["a", "b"]);
  write(one, []);
  assert.deepEqual(read(one), []);
});

test("a declaration is made or not", () => {
  const one = field("declaration", tick("checkbox", "true"));
  assert.equal(read(one), false);
  write(one, true);
  assert.equal(read(one), true);
  write(one, null);
  assert.equal(read(one), false);
});

test("hidden inputs are neither read nor written", () => {
  const hidden = node("input", { type: "hidden", name: "s.f", value: "kept" });
  const one = field("text", hidden, node("input", { name: "s.f" }));
  write(one, "words");
  assert.equal(read(one), "words");
  assert.equal(hidden.value, "kept");
});

test("a table is read row by row, without empty cells", () => {
  const one = table([{ title: "a", months: "3" }, {}, { kind: "x" }]);
  assert.deepEqual(read(one), [{ title: "a", months: "3" }, {}, { kind: "x" }]);
});

test("a table grows and shrinks to what is written, and always has a row", () => {
  const one = table([{ title: "a" }]);
  const values = [{ title: "1" }, { title: "2", months: "4" }, { kind: "x" }];
  write(one, values);
  assert.deepEqual(read(one), values);
  write(one, [{ title: "last" }]);
  assert.deepEqual(read(one), [{ title: "last" }]);
  write(one, null);
  assert.deepEqual(read(one), [{}]);
});

test("fixed rows stay, and each takes the value of its id", () => {
  const one = table([{ row: "r1" }, { row: "r2", title: "old" }]);
  write(one, [{ row: "r2", title: "second" }, { row: "r1", title: "first" }]);
  assert.deepEqual(read(one), [{ row: "r1", title: "first" }, { row: "r2", title: "second" }]);
  write(one, []);
  assert.deepEqual(read(one), [{ row: "r1" }, { row: "r2" }]);
});

test("a condition names values, or asks for any", () => {
  assert.ok(fulfils(true, "yes") && fulfils("a", "b,a") && fulfils(["x", "a"], "a") && fulfils(" a ", "a"));
  assert.ok(!fulfils(false, "yes") && !fulfils("", "a") && !fulfils([], "a"));
  assert.ok(fulfils("words", "") && fulfils([{ a: "1" }], ""));
  assert.ok(!fulfils("  ", "") && !fulfils([], "") && !fulfils(false, ""));
});

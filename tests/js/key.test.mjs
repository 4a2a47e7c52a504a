import assert from "node:assert/strict";
import { test } from "node:test";
import { key, same } from "../../src/web/assets/app/key.js";

test("texts are the same when the server would clean them to one", () => {
  assert.ok(same("a\r\nb", "a\nb") && same("a\rb", "a\nb") && same("a\u2028b", "a\nb"));
  assert.ok(same("soft\u00adhyphen", "softhyphen") && same("\ufeffa", "a"));
  assert.ok(same("e\u0301", "\u00e9"), "composed and decomposed");
  assert.ok(!same("a b", "a  b") && !same("a", "A") && !same("a", "a "));
});

test("what is empty is one thing", () => {
  for (const empty of ["", " \n\t", "\u200b", null, undefined, false, [], [{}], [{ row: "r1" }], [{ title: "" }, { title: " " }]]) {
    assert.equal(key(empty), "", JSON.stringify(empty));
  }
  assert.notEqual(key(true), "");
});

test("rows are the same in any order of their cells, and without the empty ones at the end", () => {
  assert.ok(same([{ a: "1", b: "2" }], [{ b: "2", a: "1" }]));
  assert.ok(same([{ a: "1" }, { a: "" }, {}], [{ a: "1" }]));
  assert.ok(!same([{ a: "1" }, { a: "2" }], [{ a: "2" }, { a: "1" }]));
  assert.ok(!same([{}, { a: "1" }], [{ a: "1" }]), "an empty row in the middle is a row");
  assert.ok(same([{ row: "r1", a: "1" }, { row: "r2" }], [{ row: "r1", a: "1" }]));
});

test("choices are a list in its order", () => {
  assert.ok(same(["a", "b"], ["a", "b"]));
  assert.ok(!same(["a", "b"], ["b", "a"]) && !same(["a"], "a"));
});

test("a key changes nothing that it is made of", () => {
  const rows = [{ a: "1" }, {}];
  key(rows);
  assert.deepEqual(rows, [{ a: "1" }, {}]);
});

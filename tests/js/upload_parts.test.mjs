import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PART_BYTES, MIN_PART_BYTES, nextLength, partAt, percent } from "../../src/web/assets/app/upload_parts.js";

test("the parts of a file are all of it, once, and only the last one ends it", () => {
  for (const size of [1, MIN_PART_BYTES - 1, MIN_PART_BYTES, MIN_PART_BYTES + 1, 3 * MIN_PART_BYTES]) {
    const parts = [];
    for (let at = 0; at < size; at = parts.at(-1).until) parts.push(partAt(at, MIN_PART_BYTES, size));
    assert.equal(parts.reduce((sum, { from, until }) => sum + until - from, 0), size);
    assert.deepEqual(parts.map(({ last }) => last), parts.map((_, index) => index === parts.length - 1));
  }
});

test("when all has arrived, what is left to send is the end", () => {
  assert.deepEqual(partAt(10, MIN_PART_BYTES, 10), { from: 10, until: 10, last: true });
});

test("parts grow on a good line, to a bound, and stay on a slow one", () => {
  assert.equal(nextLength(MIN_PART_BYTES, 100), 2 * MIN_PART_BYTES);
  assert.equal(nextLength(MIN_PART_BYTES, 4000), MIN_PART_BYTES);
  assert.equal(nextLength(MAX_PART_BYTES, 100), MAX_PART_BYTES);
  assert.equal(nextLength(MAX_PART_BYTES - 1, 100), MAX_PART_BYTES);
});

test("a share is never said to be whole before it is", () => {
  assert.equal(percent(0, 10), 0);
  assert.equal(percent(999, 1000), 99);
  assert.equal(percent(1000, 1000), 100);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { field, node } from "./page.mjs";
import { countdown, lengthOf, showCounter } from "../../src/web/assets/app/counters.js";

test("a text is as long as the server says", () => {
  assert.equal(lengthOf("été"), 3);
  assert.equal(lengthOf("e\u0301te\u0301"), 3, "two marks make no more letters");
  assert.equal(lengthOf("  a b\u200b "), 3, "what nobody sees does not count");
  assert.equal(lengthOf("a\r\nb"), 3);
  assert.equal(lengthOf("👋🏽"), 2, "code points, not halves of them");
});

test("what is left is said in numbers and in words that agree", () => {
  assert.equal(countdown(0, 120).text, "");
  assert.equal(countdown(20, 120).text, "100 characters left");
  assert.equal(countdown(119, 120).text, "1 character left");
  assert.equal(countdown(120, 120).text, "The limit is reached");
  assert.equal(countdown(121, 120).text, "1 character too many");
  assert.equal(countdown(1000, 5000).text, "4,000 characters left");
  assert.equal(countdown(1, 3000, 100).text, "At least 99 characters more");
});

test("in French too", () => {
  document.documentElement.lang = "fr";
  try {
    assert.equal(countdown(118, 120).text, "Encore 2 caractères");
    assert.equal(countdown(119, 120).text, "Encore 1 caractère");
    assert.equal(countdown(130, 120).text, "10 caractères de trop");
    assert.equal(countdown(99, 3000, 100).text, "Encore 1 caractère au moins");
  } finally {
    document.documentElement.lang = "en";
  }
});

test("the limit is near from its last tenth, between ten and a hundred characters", () => {
  const near = (length, most) => countdown(length, most).near;
  assert.deepEqual([near(10, 20), near(9, 20)], [true, false]);
  assert.deepEqual([near(450, 500), near(449, 500)], [true, false]);
  assert.deepEqual([near(4900, 5000), near(4899, 5000)], [true, false]);
  assert.ok(countdown(21, 20).near && countdown(21, 20).over && !countdown(20, 20).over);
});

test("a counter stands beside the written limit, once", () => {
  const input = node("input", { type: "text", name: "s.f", "data-max-chars": "20", value: "nineteen characters" });
  const limits = node("span", { class: "limits" });
  const made = field("text", node("span", { class: "control" }, input), node("p", { class: "refs" }, limits));
  showCounter(input);
  showCounter(input);
  const [counter, ...more] = made.querySelectorAll("[data-counter]");
  assert.equal(more.length, 0);
  assert.equal(counter.textContent, "1 character left");
  assert.equal(counter.parent, limits.parent);
  assert.match(counter.getAttribute("class"), /counter-near/);
});

test("a counter of a cell stands behind its control", () => {
  const input = node("input", { type: "text", name: "s.f[0].title", "data-max-chars": "5", value: "too long" });
  const control = node("span", { class: "control" }, input);
  const cell = node("td", {}, control);
  field("table", node("p", { class: "refs" }, node("span", { class: "limits" })), node("tbody", {}, node("tr", {}, cell)));
  showCounter(input);
  assert.deepEqual(cell.children.map(({ tag }) => tag), ["span", "span"]);
  assert.match(cell.children[1].getAttribute("class"), /counter-over/);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Changes } from "../../src/web/assets/app/changes.js";
import { Journal } from "../../src/web/assets/app/journal.js";

const PATH = "project.title";
let full = false;

/** This device's storage; it may be full. */
class Storage {
  setItem(name, value) {
    if (full) throw new Error("full");
    this[name] = value;
  }
  getItem(name) { return Object.hasOwn(this, name) ? this[name] : null; }
  removeItem(name) { delete this[name]; }
}

beforeEach(() => {
  full = false;
  Object.defineProperty(globalThis, "localStorage", { value: new Storage(), configurable: true });
});

const opened = (known = { [PATH]: "before" }) => new Changes(new Journal("d1"), new Map(Object.entries(known)));
const sent = (changes, most = 40) => changes.take(most).map(({ path, was, value }) => [path, was, value]);

test("what the server has leaves the journal, and not before", () => {
  const changes = opened();
  changes.edit(PATH, "after");
  assert.deepEqual(changes.journal.paths(), [PATH]);
  assert.deepEqual(sent(changes), [[PATH, "before", "after"]]);
  assert.deepEqual(changes.journal.paths(), [PATH]);
  changes.confirm(PATH, "after");
  assert.deepEqual(changes.journal.paths(), []);
  assert.deepEqual([changes.queue(), changes.known.get(PATH)], [[], "after"]);
});

test("what is edited while a save is on its way is sent next, on top of what arrived", () => {
  const changes = opened();
  changes.edit(PATH, "one");
  sent(changes);
  changes.edit(PATH, "two");
  changes.confirm(PATH, "one");
  assert.deepEqual(sent(changes), [[PATH, "one", "two"]]);
});

test("an edit says what the server had when the first change was begun", () => {
  const changes = opened();
  changes.edit(PATH, "one");
  changes.edit(PATH, "two");
  assert.deepEqual(sent(changes), [[PATH, "before", "two"]]);
  changes.edit("project.new", "x");
  assert.deepEqual(sent(changes)[1], ["project.new", null, "x"]);
});

test("an edit back to the same is no new one", () => {
  const changes = opened();
  assert.ok(!changes.isNew(PATH, "before") && changes.isNew(PATH, "other"));
  changes.edit(PATH, "other");
  assert.ok(changes.isNew(PATH, "before") && !changes.isNew(PATH, "other"));
});

test("a conflict is held until it is chosen, and the others go on", () => {
  const changes = opened({ [PATH]: "before", "project.other": "" });
  changes.edit(PATH, "mine");
  changes.edit("project.other", "x");
  sent(changes);
  assert.ok(changes.disagree(PATH, "theirs"));
  assert.deepEqual(changes.queue().map(([path]) => path), ["project.other"]);
  changes.held.delete(PATH);
  changes.choose(PATH, "theirs", "mine");
  assert.deepEqual(sent(changes, 1), [[PATH, "theirs", "mine"]]);
});

test("a conflict that is settled by theirs leaves nothing to send", () => {
  const changes = opened();
  changes.edit(PATH, "mine");
  sent(changes);
  changes.disagree(PATH, "theirs");
  changes.held.delete(PATH);
  changes.choose(PATH, "theirs", "theirs");
  assert.deepEqual([changes.queue(), changes.journal.paths()], [[], []]);
});

test("a value of ours whose answer was lost is no conflict", () => {
  const changes = opened();
  changes.edit(PATH, "one");
  sent(changes);
  changes.edit(PATH, "two");
  sent(changes);
  assert.ok(!changes.disagree(PATH, "one"));
  assert.deepEqual(sent(changes), [[PATH, "one", "two"]]);
});

test("only the last few values that were sent are remembered", () => {
  const changes = opened();
  for (const value of ["1", "2", "3", "4", "5"]) {
    changes.edit(PATH, value);
    sent(changes);
  }
  assert.deepEqual(changes.pending.get(PATH).sent, ["2", "3", "4", "5"]);
});

test("a refused answer stays in the journal, and is sent again once it is edited", () => {
  const changes = opened();
  changes.edit(PATH, "bad");
  changes.refused.add(PATH);
  assert.deepEqual([changes.queue(), changes.journal.paths()], [[], [PATH]]);
  changes.edit(PATH, "good");
  assert.deepEqual(sent(changes), [[PATH, "before", "good"]]);
});

test("what this device cannot keep is known, until it can or has not to", () => {
  const changes = opened();
  full = true;
  changes.edit(PATH, "one");
  assert.deepEqual([...changes.unkept], [PATH]);
  full = false;
  changes.edit(PATH, "two");
  assert.equal(changes.unkept.size, 0);
  full = true;
  changes.edit(PATH, "three");
  changes.confirm(PATH, "three");
  assert.equal(changes.unkept.size, 0);
});

test("a save takes so many changes at most", () => {
  const changes = opened({});
  for (const name of ["a", "b", "c"]) changes.edit(`project.${name}`, "x");
  assert.equal(sent(changes, 2).length, 2);
  assert.equal(sent(changes).length, 3, "what was sent is not saved yet");
});

test("as the page goes away the rest is sent, on top of what is on its way", () => {
  const changes = opened({ [PATH]: "before", "project.other": "" });
  changes.edit(PATH, "one");
  const sending = changes.take(40);
  assert.deepEqual(changes.takeRest(sending), []);
  changes.edit(PATH, "two");
  changes.edit("project.other", "x");
  assert.deepEqual(changes.takeRest(sending), [
    { path: PATH, was: "one", value: "two" },
    { path: "project.other", was: "", value: "x" },
  ]);
});

test("the form's submit carries everything: what is under way counts as arrived", () => {
  const changes = opened();
  changes.edit(PATH, "one");
  const sending = changes.take(40);
  changes.edit(PATH, "two");
  changes.submitted(sending);
  assert.equal(changes.known.get(PATH), "one");
  assert.deepEqual(changes.pending.get(PATH).sent, ["one", "two"]);
  assert.equal(changes.knownOf("project"), '{"title":"one"}');
});

test("what an earlier page left is taken up, unless the server has it", () => {
  const left = opened();
  left.edit(PATH, "one");
  left.take(40);
  left.edit(PATH, "two");
  const arrived = opened({ [PATH]: "two" });
  assert.equal(arrived.takeUp(PATH, arrived.journal.get(PATH)), undefined);
  assert.deepEqual(arrived.journal.paths(), []);

  left.edit(PATH, "two");
  const foreign = opened({ [PATH]: "somebody else's" });
  foreign.takeUp(PATH, foreign.journal.get(PATH));
  assert.deepEqual(sent(foreign), [[PATH, "before", "two"]], "the server shall see the conflict");

  const half = opened({ [PATH]: "one" });
  assert.equal(half.takeUp(PATH, half.journal.get(PATH)), "two");
  assert.deepEqual(sent(half), [[PATH, "one", "two"]], "the earlier page's own save is no conflict");
});

test("a journal is of one dossier", () => {
  new Journal("d2").put(PATH, { was: "", value: "x", at: 0, tab: "" });
  assert.deepEqual(new Journal("d1").paths(), []);
  assert.deepEqual(new Journal("d2").paths(), [PATH]);
  localStorage.setItem("guichet:d1:broken", "{");
  assert.equal(new Journal("d1").get("broken"), null);
});

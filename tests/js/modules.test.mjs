// The scripts of pages, as files.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../src/web/assets/app/", import.meta.url);
const imports = (name) => [...readFileSync(new URL(name, FOLDER), "utf8").matchAll(/^import [^;]*?"([^"]+)";$/gm)].map(([, from]) => from);

/** A module and all that it needs. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const from of imports(name)) closure(from.slice("./".length), found);
  return found;
}

test("modules import from beside them only: the folder's address names the version of all", () => {
  for (const name of readdirSync(FOLDER)) {
    for (const from of imports(name)) assert.match(from, /^\.\/\w+\.js$/, name);
  }
});

test("the main module names all that it needs: a browser asks for them at once", () => {
  const named = imports("main.js").map((from) => from.slice("./".length));
  assert.deepEqual(new Set([...named, "main.js"]), closure("main.js"));
});

test("every module is needed by a page", () => {
  const needed = new Set(["main.js", "status.js", "passkey.js"].flatMap((name) => [...closure(name)]));
  assert.deepEqual(new Set(readdirSync(FOLDER)), needed);
});

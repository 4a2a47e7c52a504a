import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, encoded, toBytes, toText } from "../../src/web/assets/app/passkey_bytes.js";

test("bytes go to text and back, without padding and without the signs of plain base64", () => {
  for (let length = 0; length < 9; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => 255 - index * 4);
    assert.deepEqual(toBytes(toText(bytes.buffer)), bytes);
    assert.match(toText(bytes.buffer), /^[\w-]*$/);
  }
});

test("what the portal asks has bytes where the browser wants them", () => {
  const { publicKey, mediation } = decoded({
    mediation: "optional",
    publicKey: { challenge: "AQI", rpId: "x", user: { id: "Aw", name: "a" }, allowCredentials: [{ type: "public-key", id: "BA" }] },
  });
  assert.deepEqual([publicKey.challenge, publicKey.user.id, publicKey.allowCredentials[0].id], [[1, 2], [3], [4]].map((bytes) => Uint8Array.from(bytes)));
  assert.deepEqual([mediation, publicKey.rpId, publicKey.user.name, publicKey.excludeCredentials], ["optional", "x", "a", undefined]);
});

test("what the browser gives has text where it has bytes, and nothing of what it lacks", () => {
  const bytes = Uint8Array.of(1, 2).buffer;
  const credential = { id: "i", rawId: bytes, type: "public-key", response: { clientDataJSON: bytes, userHandle: null }, getClientExtensionResults: () => ({}) };
  assert.deepEqual(encoded(credential), { id: "i", rawId: "AQI", type: "public-key", response: { clientDataJSON: "AQI" }, extensions: {} });
});

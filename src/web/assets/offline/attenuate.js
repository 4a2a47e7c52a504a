"use strict";
// Narrowing a token: the block of src/auth/attenuate.rs, signed as biscuit-auth 6.0.0 signs one (crypto/mod.rs).

/** An Ed25519 key of 32 secret bytes. WebCrypto takes and gives private keys in wrappings only. */
async function ed25519(secret) {
  const pkcs8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, ...secret);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const sign = async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
  return { secret, publicKey: fromBase64(x), sign };
}

/** Whether this browser can sign at all. */
async function hasEd25519() {
  return ed25519(new Uint8Array(32)).then(() => true, () => false);
}

async function verifies(publicKey, signature, bytes) {
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, bytes);
}

/** What the signature of a block is over. Version 1 covers the signature before it too. */
function signedBytes(version, data, nextKey, signatureBefore) {
  const words = (text) => new TextEncoder().encode(text);
  const little = (number) => [number, 0, 0, 0];
  if (version === 0) return Uint8Array.of(...data, ...little(Number(ED25519)), ...nextKey);
  return Uint8Array.of(
    ...words("\0BLOCK\0\0VERSION\0"), ...little(version),
    ...words("\0PAYLOAD\0"), ...data,
    ...words("\0ALGORITHM\0"), ...little(Number(ED25519)),
    ...words("\0NEXTKEY\0"), ...nextKey,
    ...words("\0PREVSIG\0"), ...signatureBefore,
  );
}

const byBytes = (one, other) => (one < other ? -1 : 1);

// Terms, and expressions of two operands and an operator.
const string = (symbols, word) => numberField(3, symbols.number(word));
const variable = (symbols, name) => numberField(1, symbols.number(name));
const date = (seconds) => numberField(4, seconds);
const operand = (term) => bytesField(1, bytesField(1, term));
const operator = (kind) => bytesField(1, bytesField(3, numberField(1, kind)));
const CONTAINS = 5;
const LESS_OR_EQUAL = 2;

function oneOf(symbols, words) {
  const numbers = [...new Set(words)].sort(byBytes).map((word) => symbols.number(word)).sort((a, b) => a - b);
  return bytesField(7, numbers.flatMap((number) => bytesField(1, numberField(3, number))));
}

function check(symbols, name, term, expression) {
  const head = bytesField(1, numberField(1, symbols.number("query")));
  const predicate = numberField(1, symbols.number(name));
  const body = bytesField(2, [...predicate, ...bytesField(2, term())]);
  return bytesField(6, bytesField(1, [...head, ...body, ...(expression ? bytesField(3, expression()) : [])]));
}

/** The bytes of the block that narrows to all of this together; new words are added to the symbols. */
function narrowingBlock({ dossier, parts, actions, until }, symbols) {
  const before = symbols.own.length;
  const named = (name, letter, words) => check(
    symbols, name, () => variable(symbols, letter),
    () => [...operand(oneOf(symbols, words)), ...operand(variable(symbols, letter)), ...operator(CONTAINS)],
  );
  const checks = [
    ...(dossier ? check(symbols, "dossier", () => string(symbols, dossier)) : []),
    ...(parts.length ? named("part", "p", parts) : []),
    ...(actions.length ? named("operation", "o", actions) : []),
    ...(until === null ? [] : check(
      symbols, "time", () => variable(symbols, "t"),
      () => [...operand(variable(symbols, "t")), ...operand(date(until)), ...operator(LESS_OR_EQUAL)],
    )),
  ];
  return [...symbols.own.slice(before).flatMap((word) => textField(1, word)), ...numberField(3, 3), ...checks];
}

/** Whether the blocks of holders follow from each other, and the secret from the last one. */
async function holdsTogether({ blocks, secret }) {
  for (const [index, block] of blocks.entries()) {
    if (index === 0) continue;
    const before = blocks[index - 1];
    const bytes = signedBytes(block.version, block.data, block.nextKey, before.signature);
    if (!(await verifies(before.nextKey, block.signature, bytes))) return false;
  }
  return hex((await ed25519(secret)).publicKey) === hex(blocks.at(-1).nextKey);
}

/** Why a token cannot be narrowed by this page, if so, as an exception. */
async function narrowable(token) {
  if (token.secret === null) throw new Refusal("sealed");
  admit(token);
  if (token.blocks.length - 1 === MAX_BLOCKS) throw new Refusal("four blocks");
  if (!token.blocks.every(({ algorithm, version }) => algorithm === ED25519 && version <= 1)) throw new Refusal("other keys");
  if (!(await hasEd25519())) throw new Refusal("old browser");
  if (!(await holdsTogether(token).catch(() => false))) throw new Refusal("damaged");
}

/** The narrower token, as text. */
async function narrow(token, narrowing) {
  await narrowable(token);
  const symbols = new Symbols();
  symbols.own = [...token.symbols.own];
  const data = narrowingBlock(narrowing, symbols);
  const [key, next] = [await ed25519(token.secret), await ed25519(crypto.getRandomValues(new Uint8Array(32)))];
  const version = Math.max(...token.blocks.map((block) => block.version));
  const signature = await key.sign(signedBytes(version, data, next.publicKey, token.blocks.at(-1).signature));
  const nextKey = [...numberField(1, ED25519), ...bytesField(2, next.publicKey)];
  const added = [
    ...bytesField(1, data), ...bytesField(2, nextKey), ...bytesField(3, signature),
    ...(version > 0 ? numberField(5, version) : []),
  ];
  const [first, ...others] = token.blocks.map(({ raw }) => raw);
  const made = toBase64([
    ...(token.root === null ? [] : numberField(1, token.root)),
    ...bytesField(2, first),
    ...[...others, added].flatMap((raw) => bytesField(3, raw)),
    ...bytesField(4, bytesField(1, next.secret)),
  ]);
  admit(readToken(made));
  return made;
}

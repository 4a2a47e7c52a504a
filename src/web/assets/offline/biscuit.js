"use strict";
// Biscuit tokens of version 3, as far as reading one needs: blocks, symbols, Datalog as text, and what the portal admits.
// It follows biscuit-auth 6.0.0 (format/schema.proto, datalog/symbol.rs) and src/auth/{admit,attenuate}.rs.

const MAX_BYTES = 3072;
const MAX_BLOCKS = 4;
const ED25519 = 0n;

/** Why a token cannot be read or narrowed: a word that the page has sentences for. */
class Refusal extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

function fromBase64(text) {
  const plain = text.replace(/\s+/g, "");
  if (plain === "") throw new Refusal("missing");
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(plain)) throw new Refusal("no token");
  try {
    return Uint8Array.from(atob(plain.replace(/=/g, "").replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  } catch {
    throw new Refusal("no token");
  }
}

function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const DEFAULT_SYMBOLS = [
  "read", "write", "resource", "operation", "right", "time", "role", "owner", "tenant", "namespace", "user", "team",
  "service", "admin", "email", "group", "member", "ip_address", "client", "client_ip", "domain", "path", "version",
  "cluster", "node", "hostname", "nonce", "query",
];
const FIRST_CUSTOM = 1024;

/** Words by number: a block's own ones follow those of the blocks before it. */
class Symbols {
  own = [];

  name(index) {
    const found = index < FIRST_CUSTOM ? DEFAULT_SYMBOLS[Number(index)] : this.own[Number(index) - FIRST_CUSTOM];
    return found ?? `<${index}?>`;
  }

  extend(words) {
    if (words.some((word) => DEFAULT_SYMBOLS.includes(word) || this.own.includes(word))) throw new Refusal("no token");
    this.own.push(...words);
  }

  /** The number of a word, which is given one when it has none. */
  number(word) {
    const known = DEFAULT_SYMBOLS.indexOf(word);
    if (known >= 0) return known;
    if (!this.own.includes(word)) this.own.push(word);
    return FIRST_CUSTOM + this.own.indexOf(word);
  }
}

function readTerm(message, symbols) {
  const inner = (terms) => terms.map((term) => readTerm(term, symbols));
  const kinds = {
    1: () => ["variable", symbols.name(message.integer(1))],
    2: () => ["integer", BigInt.asIntN(64, message.integer(2))],
    3: () => ["string", symbols.name(message.integer(3))],
    4: () => ["date", message.integer(4)],
    5: () => ["bytes", message.bytes(5)],
    6: () => ["bool", message.integer(6) !== 0n],
    7: () => ["set", inner(message.message(7).messages(1))],
    8: () => ["null"],
    9: () => ["array", inner(message.message(9).messages(1))],
    10: () => ["map", message.message(10).messages(1).map((entry) => readEntry(entry, symbols))],
  };
  const found = Object.keys(kinds).find((number) => message.has(Number(number)));
  if (found === undefined) throw new TypeError("an empty term");
  const [kind, value] = kinds[found]();
  return { kind, value };
}

function readEntry(entry, symbols) {
  const key = entry.message(1);
  const name = key.has(1) ? String(BigInt.asIntN(64, key.integer(1))) : `"${escaped(symbols.name(key.integer(2)))}"`;
  return { name, value: readTerm(entry.message(2), symbols) };
}

function readPredicate(message, symbols) {
  return { name: symbols.name(message.integer(1)), terms: message.messages(2).map((term) => readTerm(term, symbols)) };
}

function readOp(message, symbols) {
  if (message.has(1)) return { value: readTerm(message.message(1), symbols) };
  if (message.has(4)) {
    const closure = message.message(4);
    const params = closure.integers(1).map((index) => symbols.name(index));
    return { params, ops: closure.messages(2).map((op) => readOp(op, symbols)) };
  }
  const operator = message.message(message.has(2) ? 2 : 3);
  const ffi = operator.has(2) ? symbols.name(operator.integer(2)) : null;
  return { [message.has(2) ? "unary" : "binary"]: Number(operator.integer(1)), ffi };
}

function readRule(message, symbols) {
  return {
    head: readPredicate(message.message(1), symbols),
    body: message.messages(2).map((predicate) => readPredicate(predicate, symbols)),
    expressions: message.messages(3).map((expression) => expression.messages(1).map((op) => readOp(op, symbols))),
    scoped: message.has(4),
  };
}

function readBlock(bytes, symbols) {
  const message = new Message(bytes);
  symbols.extend(message.texts(1));
  return {
    facts: message.messages(4).map((fact) => readPredicate(fact.message(1), symbols)),
    rules: message.messages(5).map((rule) => readRule(rule, symbols)),
    checks: message.messages(6).map((check) => ({
      queries: check.messages(1).map((query) => readRule(query, symbols)),
      kind: Number(check.integer(2, 0n)),
    })),
    scoped: message.has(7),
  };
}

function readSigned(raw, symbols) {
  const message = new Message(raw);
  const key = message.message(2);
  const external = message.has(4);
  return {
    raw,
    data: message.bytes(1),
    algorithm: key.integer(1),
    nextKey: key.bytes(2),
    signature: message.bytes(3),
    version: Number(message.integer(5, 0n)),
    external,
    // A block of a third party has words of its own.
    block: readBlock(message.bytes(1), external ? new Symbols() : symbols),
  };
}

/** What a token holds, block by block; the first block is the portal's. Whether it is, only the portal can tell. */
function readToken(text) {
  const bytes = fromBase64(text);
  try {
    const message = new Message(bytes);
    const symbols = new Symbols();
    const blocks = [message.bytes(2), ...message.allBytes(3)].map((raw) => readSigned(raw, symbols));
    const proof = message.message(4);
    if (!proof.has(1) && !proof.has(2)) throw new TypeError("no proof");
    const root = message.has(1) ? message.integer(1) : null;
    return { size: bytes.length, root, blocks, symbols, secret: proof.has(1) ? proof.bytes(1) : null };
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("no token");
  }
}

/** Words that the token brings, so that nothing in one ends its quotes or passes for something else. */
function escaped(text) {
  const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };
  // What src/domain/text/terminal.rs escapes.
  const strange = /["\\\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800\ufff9-\ufffb\u{1d159}]/gu;
  return text.replace(strange, (found) => known[found] ?? `\\u{${found.codePointAt(0).toString(16)}}`);
}

function printTerm({ kind, value }) {
  const list = (terms) => terms.map(printTerm).join(", ");
  switch (kind) {
    case "variable": return `$${escaped(value)}`;
    case "string": return `"${escaped(value)}"`;
    case "date": return printDate(value);
    case "bytes": return `hex:${hex(value)}`;
    case "set": return value.length ? `{${list(value)}}` : "{,}";
    case "array": return `[${list(value)}]`;
    case "map": return `{${value.map((entry) => `${entry.name}: ${printTerm(entry.value)}`).join(", ")}}`;
    case "null": return "null";
    default: return String(value);
  }
}

function printDate(seconds) {
  if (seconds > 253402300799n) return "<invalid date>";
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

const UNARY = [(value) => `!${value}`, (value) => `(${value})`, (value) => `${value}.length()`, (value) => `${value}.type()`];
const BINARY = [
  "<", ">", "<=", ">=", "===", ".contains", ".starts_with", ".ends_with", ".matches", "+", "-", "*", "/", "&&!", "||!",
  ".intersection", ".union", "&", "|", "^", "!==", "==", "!=", "&&", "||", ".all", ".any", ".get", ".extern", ".try_or",
];

function printExpression(ops) {
  const stack = [];
  for (const op of ops) {
    if (op.value) {
      stack.push(printTerm(op.value));
    } else if (op.ops) {
      const params = op.params.map((name) => `$${escaped(name)}`).join(", ");
      stack.push(params ? `${params} -> ${printExpression(op.ops)}` : printExpression(op.ops));
    } else if ("unary" in op) {
      const value = stack.pop();
      stack.push(op.ffi ? `${value}.extern::${escaped(op.ffi)}()` : (UNARY[op.unary]?.(value) ?? `?(${value})`));
    } else {
      const [right, left] = [stack.pop(), stack.pop()];
      const name = op.ffi ? `.extern::${escaped(op.ffi)}` : (BINARY[op.binary] ?? "?");
      stack.push(name.startsWith(".") ? `${left}${name}(${right})` : `${left} ${name} ${right}`);
    }
  }
  return stack.join(" ");
}

function printPredicate({ name, terms }) {
  return `${escaped(name)}(${terms.map(printTerm).join(", ")})`;
}

function printQuery({ body, expressions, scoped }) {
  return [...body.map(printPredicate), ...expressions.map(printExpression)].join(", ") + (scoped ? " trusting …" : "");
}

function printCheck({ kind, queries }) {
  return `${["check if", "check all", "reject if"][kind] ?? "check ?"} ${queries.map(printQuery).join(" or ")}`;
}

/** The statements of a block, as Datalog. */
function printBlock({ facts, rules, checks }) {
  const printed = rules.map((rule) => `${printPredicate(rule.head)} <- ${printQuery(rule)}`);
  return [...facts.map(printPredicate), ...printed, ...checks.map(printCheck)].map((line) => `${line};`);
}

/** What `guichet token show` prints. */
function describe(token) {
  return token.blocks.map(({ signature, block }, index) => {
    const whose = index === 0 ? "the portal's" : "added by a holder";
    const lines = printBlock(block).map((line) => `  ${line}\n`);
    return `block ${index}, ${whose}, revocation id ${hex(signature)}\n${lines.join("")}`;
  }).join("");
}

// Blocks of holders: simple checks only, and none of what the policy concludes by itself.
const CHEAP = new Set([0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 20, 21, 22, 23, 24]);
const CONCLUDED = ["acts", "strong", "lent", "stands"];

function simpleOp(op) {
  if (op.value) return true;
  if (op.ops) return op.params.length === 0 && op.ops.length <= 8 && op.ops.every((inner) => !inner.ops);
  return op.ffi === null && ("unary" in op || CHEAP.has(op.binary));
}

function simpleQuery({ body, expressions, scoped }) {
  return !scoped && body.length <= 2 && expressions.length <= 4
    && expressions.every((ops) => ops.length <= 16 && ops.every(simpleOp));
}

function simpleBlock(block) {
  const { facts, rules, checks, scoped } = block;
  const simple = facts.length === 0 && rules.length === 0 && !scoped && checks.length <= 8
    && checks.every(({ queries }) => queries.length <= 4 && queries.every(simpleQuery));
  return simple && !CONCLUDED.some((name) => printBlock(block).some((line) => line.includes(`${name}(`)));
}

/** Whether the portal admits such a token, whoever signed it. */
function admit({ size, blocks }) {
  if (size > MAX_BYTES) throw new Refusal("too large");
  if (blocks.length - 1 > MAX_BLOCKS) throw new Refusal("too many blocks");
  if (!blocks.slice(1).every(({ external, block }) => !external && simpleBlock(block))) throw new Refusal("foreign block");
}

// The verification of a receipt: no page, no network. It follows src/domain/receipt.rs and receipt/verify.rs.

const FORMAT = "guichet-receipt/2";
const MAX_RECEIPT_BYTES = 2 * 1024 * 1024;

/** Order of the UTF-8 bytes, which is the order of the code points; JavaScript's own is that of UTF-16 units. */
function byCodePoint(one, other) {
  const [a, b] = [Array.from(one), Array.from(other)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i].codePointAt(0) - b[i].codePointAt(0);
  }
  return a.length - b.length;
}

/** The canonical text of a JSON value: sorted members, no spaces, shortest escapes. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort(byCodePoint).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toHex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes of lower-case hexadecimal; none when it is anything else. */
function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) return new Uint8Array();
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

async function sha256(bytes) {
  return toHex(await crypto.subtle.digest("SHA-256", bytes));
}

/** SHA-256 of the canonical bytes. */
function digest(value) {
  return sha256(new TextEncoder().encode(canonical(value)));
}

/** The digest of every part of a manifest: `answers.*` and `pieces.*` one by one, the rest whole. */
async function parts(manifest) {
  const found = new Map();
  for (const [name, value] of Object.entries(isObject(manifest) ? manifest : {})) {
    if ((name === "answers" || name === "pieces") && isObject(value)) {
      for (const [key, inner] of Object.entries(value)) found.set(`${name}.${key}`, await digest(inner));
    } else {
      found.set(name.includes(".") ? "/" + name : name, await digest(value));
    }
  }
  return found;
}

/** The id of a key: the first 16 hexadecimal digits of the SHA-256 of its public half. */
async function keyId(publicKey) {
  return (await sha256(publicKey)).slice(0, 16);
}

/** Something that was checked: `holds` is true, false, or null when this browser cannot tell. */
function finding(holds, fr, en) {
  return { holds, fr, en };
}

function check(holds, right, wrong) {
  return finding(holds, ...(holds ? right : wrong));
}

const isText = (value) => typeof value === "string";
const isCount = (most) => (value) => Number.isSafeInteger(value) && value >= 0 && value <= most;
const matches = (pattern) => (value) => isText(value) && pattern.test(value);

const isInstant = matches(/^-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);

/** An instant as text whose order is that of time. */
function instantKey(text) {
  const [seconds, fraction = ""] = text.slice(0, -1).split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

/** The instants of each format: one for both, or when the deposit was received and when it was sealed. */
const INSTANTS = {
  [FORMAT]: { received_at: isInstant, sealed_at: isInstant },
  "guichet-receipt/1": { deposited_at: isInstant },
};
const receivedAt = (statement) => statement.received_at ?? statement.deposited_at;
const sealedAt = (statement) => statement.sealed_at ?? statement.deposited_at;

const STATEMENT_SHAPE = {
  format: (value) => isText(value) && Object.hasOwn(INSTANTS, value),
  number: isText,
  sequence: isCount(Number.MAX_SAFE_INTEGER),
  dossier: matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  version: isCount(0xffffffff),
  digest: isText,
  previous: isText,
  key: isText,
};
const RECEIPT_SHAPE = {
  statement: (value) => isObject(value),
  signature: isText,
  public_key: isText,
  parts: (value) => isObject(value) && Object.values(value).every(isText),
  manifest: () => true,
};

/** The first fault of an object that must have exactly these members; none when it is right. */
function shapeFault(object, shape, prefix = "") {
  for (const [name, right] of Object.entries(shape)) {
    if (!Object.hasOwn(object, name)) return [`« ${prefix}${name} » manque`, `“${prefix}${name}” is missing`];
    if (!right(object[name])) return [`« ${prefix}${name} » n’a pas la forme attendue`, `“${prefix}${name}” does not have the expected form`];
  }
  const extra = Object.keys(object).find((name) => !Object.hasOwn(shape, name));
  return extra === undefined ? null : [`« ${prefix}${extra} » est de trop`, `“${prefix}${extra}” does not belong there`];
}

function statementFault(statement) {
  const shape = { ...STATEMENT_SHAPE, ...INSTANTS[statement.format] };
  const fault = shapeFault(statement, shape, "statement.");
  if (fault || instantKey(sealedAt(statement)) >= instantKey(receivedAt(statement))) return fault;
  return ["il est scellé avant d’avoir été reçu", "it is sealed before it was received"];
}

/** A number that is not an integer spelt as receipts spell it: it would be read as another one that it is not. */
function strangeNumber(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? [];
  return tokens.find((token) => token[0] !== '"' && !(/^(0|-?[1-9]\d*)$/.test(token) && Number.isSafeInteger(Number(token))));
}

/** Reads the bytes of a file as a receipt, or says in both languages why they are none. */
function readReceipt(bytes) {
  let text, receipt;
  if (bytes.byteLength > MAX_RECEIPT_BYTES) return { fault: [`plus de ${MAX_RECEIPT_BYTES} octets`, `more than ${MAX_RECEIPT_BYTES} bytes`] };
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { fault: ["il n’est pas écrit en UTF-8", "it is not written in UTF-8"] };
  }
  try {
    receipt = readStrictly(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { fault: error.texts };
  }
  if (!isObject(receipt)) return { fault: ["ce n’est pas un objet", "it must be a JSON object"] };
  const number = strangeNumber(text);
  if (number !== undefined) return { fault: [`le nombre ${number} n’est pas écrit comme le portail l’écrit`, `the number ${number} is not written as the portal writes it`] };
  const fault = shapeFault(receipt, RECEIPT_SHAPE) ?? statementFault(receipt.statement);
  return fault ? { fault } : { receipt };
}

async function contents(receipt, findings) {
  const found = await parts(receipt.manifest);
  const sealed = new Map(Object.entries(receipt.parts));
  const before = findings.length;
  for (const name of [...new Set([...found.keys(), ...sealed.keys()])].sort(byCodePoint)) {
    if (!found.has(name)) findings.push(finding(false, `« ${name} » a été scellé, mais manque dans ce fichier.`, `“${name}” was sealed but is missing from this file.`));
    else if (!sealed.has(name)) findings.push(finding(false, `« ${name} » n’était pas dans ce qui a été scellé.`, `“${name}” was not in what was sealed.`));
    else if (found.get(name) !== sealed.get(name)) findings.push(finding(false, `« ${name} » diffère de ce qui a été scellé.`, `“${name}” differs from what was sealed.`));
  }
  if (findings.length === before) {
    findings.push(finding(true, `Le contenu est intact : ${sealed.size} parties comparées.`, `The content is intact: ${sealed.size} parts compared.`));
  }
  findings.push(check(
    (await digest(receipt.parts)) === receipt.statement.digest,
    ["L’empreinte de l’ensemble est celle de la déclaration signée.", "The digest of the whole is the one in the signed statement."],
    ["L’empreinte de l’ensemble n’est pas celle de la déclaration signée.", "The digest of the whole is not the one in the signed statement."],
  ));
}

function consistency({ statement, manifest }, findings) {
  const context = manifest?.context;
  const same = context?.dossier === statement.dossier
    && context?.version === statement.version
    && context?.instant_utc === receivedAt(statement);
  findings.push(check(
    same,
    ["Le contenu et la déclaration parlent du même dépôt.", "Content and statement speak of the same deposit."],
    ["Le contenu et la déclaration ne parlent pas du même dépôt (dossier, version, instant ou format).", "Content and statement do not speak of the same deposit (dossier, version, instant or format)."],
  ));
}

async function ed25519(key, signature, bytes) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, bytes);
}

/** Whether this browser can verify at all: the first test of RFC 8032. */
async function hasEd25519() {
  const key = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const signature = fromHex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  return ed25519(key, signature, new Uint8Array()).catch(() => false);
}

async function signatureHolds(receipt) {
  const bytes = new TextEncoder().encode(canonical(receipt.statement));
  return ed25519(fromHex(receipt.public_key), fromHex(receipt.signature), bytes).catch(() => false);
}

async function signature(receipt, known, findings) {
  const { statement, public_key: publicKey } = receipt;
  findings.push(check(
    (await keyId(fromHex(publicKey))) === statement.key,
    ["La clé jointe est celle que nomme la déclaration.", "The key enclosed is the one that the statement names."],
    ["La clé jointe n’est pas celle que nomme la déclaration.", "The key enclosed is not the one that the statement names."],
  ));
  if (await hasEd25519()) {
    findings.push(check(
      await signatureHolds(receipt),
      ["La signature de la déclaration est juste.", "The signature of the statement is right."],
      ["La signature ne correspond pas à la déclaration : un octet de l’une ou de l’autre a changé.", "The signature does not match the statement: a byte of one or the other has changed."],
    ));
  } else {
    findings.push(finding(
      null,
      "Ce navigateur ne sait pas vérifier une signature Ed25519 : la signature n’a pas été vérifiée. Ouvrez cette page dans une version récente de Firefox, Chrome, Edge ou Safari.",
      "This browser cannot verify an Ed25519 signature: the signature was not verified. Open this page in a recent Firefox, Chrome, Edge or Safari.",
    ));
  }
  if (known.length === 0) {
    findings.push(finding(
      null,
      `La clé n’a pas pu être comparée à la liste publiée, qui n’est pas jointe à cette page : vérifiez que le portail publie la clé ${statement.key}.`,
      `The key could not be compared with the published list, which is not enclosed in this page: make sure that the portal publishes the key ${statement.key}.`,
    ));
    return;
  }
  findings.push(check(
    known.some((key) => key.id === statement.key && key.public_key === publicKey),
    ["La clé est publiée par le portail.", "The key is published by the portal."],
    ["La clé n’est pas parmi celles que le portail publie : ce reçu n’a pas été émis par lui.", "The key is not among those that the portal publishes: it did not issue this receipt."],
  ));
}

/** Verifies the bytes of a receipt; `known` are the published keys. */
async function verifyReceipt(bytes, known) {
  const { receipt, fault } = readReceipt(bytes);
  if (fault) {
    return { receipt: null, findings: [finding(false, `Ce fichier n’est pas un reçu complet : ${fault[0]}.`, `This file is not a complete receipt: ${fault[1]}.`)] };
  }
  const findings = [];
  await contents(receipt, findings);
  consistency(receipt, findings);
  await signature(receipt, known, findings);
  return { receipt, findings };
}

/** `bad` when anything differs, `unsure` when the signature could not be verified or the key not compared, else `good`. */
function verdict(findings) {
  if (findings.some(({ holds }) => holds === false)) return "bad";
  return findings.some(({ holds }) => holds === null) ? "unsure" : "good";
}

// The strict reader of JSON: what src/domain/json.rs reads and refuses, this reads and refuses; a table of inputs holds both
// to it (tests/fixtures/json/strict.tsv). JSON.parse keeps the last of two members of one name and says nothing.

const MAX_DEPTH = 32;
const SPACE = " \t\n\r";
/** @type {[string, boolean | null][]} */
const WORDS = [["true", true], ["false", false], ["null", null]];
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** What is wrong with a text, in both languages, with its place. */
class JsonFault extends Error {
  constructor(fr, en) {
    super(en);
    this.texts = [fr, en];
  }
}

/** The significant digits of a number and the power of ten of the last one: the same for every spelling of it. */
function scientific(number) {
  const [mantissa, power = "0"] = number.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = (whole + fraction).replace(/0+$/, "");
  const last = Number(power) + whole.length - digits.length;
  return /^0*$/.test(digits) ? "0" : `${digits.replace(/^0+/, "")}e${last}`;
}

class StrictReader {
  at = 0;
  path = "";

  constructor(text) { this.text = text; }

  /** The value that is the whole text. */
  read() {
    const value = this.value(MAX_DEPTH);
    this.space();
    if (this.at < this.text.length) this.no("du texte suit la valeur", "text follows the value");
    return value;
  }

  /** @returns {never} */
  no(fr, en, path = "") {
    const before = this.text.slice(0, this.at).split("\n");
    const place = [before.length, before.at(-1).length + 1].join(", ");
    throw new JsonFault(
      `${path && `${path} : `}${fr} (ligne et colonne ${place})`,
      `${path && `${path}: `}${en} (line and column ${place})`,
    );
  }

  /** @returns {never} */
  malformed() { return this.no("ce n’est pas du JSON", "this is not JSON"); }

  space() { while (this.at < this.text.length && SPACE.includes(this.text[this.at])) this.at += 1; }

  /** Takes a character if it comes next. */
  takes(character) {
    this.space();
    const found = this.text[this.at] === character;
    if (found) this.at += 1;
    return found;
  }

  value(depth) {
    this.space();
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth === 0) this.no(`plus de ${MAX_DEPTH} niveaux`, `more than ${MAX_DEPTH} levels`, this.path);
      this.at += 1;
      return first === "{" ? this.object(depth - 1) : this.array(depth - 1);
    }
    if (first === '"') return this.string();
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  within(step, depth) {
    const outer = this.path;
    this.path += step;
    const value = this.value(depth);
    this.path = outer;
    return value;
  }

  array(depth) {
    const items = [];
    if (this.takes("]")) return items;
    do items.push(this.within(`[${items.length}]`, depth)); while (this.takes(","));
    if (!this.takes("]")) this.malformed();
    return items;
  }

  object(depth) {
    // Without a prototype: "__proto__" is a name like any other.
    const members = Object.create(null);
    if (this.takes("}")) return members;
    do {
      this.space();
      const name = this.string();
      const step = (this.path && ".") + name;
      if (Object.hasOwn(members, name)) this.no("ce membre s’y trouve deux fois", "this member stands twice", this.path + step);
      if (!this.takes(":")) this.malformed();
      members[name] = this.within(step, depth);
    } while (this.takes(","));
    if (!this.takes("}")) this.malformed();
    return members;
  }

  string() {
    if (this.text[this.at] !== '"') this.malformed();
    this.at += 1;
    let out = "";
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined || character < " ") this.malformed();
      this.at += 1;
      if (character === '"') break;
      out += character === "\\" ? this.escape() : character;
    }
    if (!out.isWellFormed()) this.malformed();
    return out;
  }

  escape() {
    const character = this.text[this.at];
    this.at += 1;
    if (character !== "u") return ESCAPES[character] ?? this.malformed();
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.malformed();
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  number() {
    const pattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    const [token, fraction, exponent] = found ?? this.malformed();
    const value = Number(token);
    const exact = fraction || exponent ? scientific(value.toExponential()) === scientific(token) : Number.isSafeInteger(value);
    if (!exact) this.no(`le nombre ${token.slice(0, 40)} serait arrondi`, `the number ${token.slice(0, 40)} would be rounded`);
    this.at += token.length;
    return value;
  }
}

/** Reads a whole text, or throws a [`JsonFault`]. */
function readStrictly(text) {
  return new StrictReader(text).read();
}

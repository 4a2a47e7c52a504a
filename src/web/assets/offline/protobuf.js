"use strict";
// Protocol Buffers, as far as tokens need them: the fields of a message, and the bytes of fields.

/** The fields of a message by number; whatever is no message is refused by an exception. */
class Message {
  #fields = new Map();

  constructor(bytes) {
    let at = 0;
    const take = (length) => {
      if (length > bytes.length - at) throw new RangeError("the message is cut off");
      return bytes.subarray(at, (at += length));
    };
    const varint = () => {
      let value = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        const [byte] = take(1);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return BigInt.asUintN(64, value);
      }
      throw new RangeError("a number without end");
    };
    while (at < bytes.length) {
      const key = varint();
      const [number, kind] = [Number(key >> 3n), Number(key & 7n)];
      const value = kind === 0 ? varint() : kind === 2 ? take(Number(varint())) : take({ 1: 8, 5: 4 }[kind] ?? Infinity);
      if (!this.#fields.has(number)) this.#fields.set(number, []);
      this.#fields.get(number).push(value);
    }
  }

  #all(number, right) {
    const values = this.#fields.get(number) ?? [];
    if (!values.every(right)) throw new TypeError(`field ${number} is of another kind`);
    return values;
  }

  has(number) {
    return this.#fields.has(number);
  }

  allBytes(number) {
    return this.#all(number, (value) => value instanceof Uint8Array);
  }

  bytes(number) {
    const found = this.allBytes(number).at(-1);
    if (!found) throw new TypeError(`field ${number} is missing`);
    return found;
  }

  message(number) {
    return new Message(this.bytes(number));
  }

  messages(number) {
    return this.allBytes(number).map((bytes) => new Message(bytes));
  }

  texts(number) {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return this.allBytes(number).map((bytes) => utf8.decode(bytes));
  }

  /** Unsigned numbers, of 64 bits. */
  integers(number) {
    return this.#all(number, (value) => typeof value === "bigint");
  }

  integer(number, otherwise) {
    const found = this.integers(number).at(-1) ?? otherwise;
    if (found === undefined) throw new TypeError(`field ${number} is missing`);
    return found;
  }
}

function varintBytes(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** A field that is a number. */
function numberField(number, value) {
  return [...varintBytes(number << 3), ...varintBytes(value)];
}

/** A field that is bytes, or a message of fields. */
function bytesField(number, bytes) {
  return [...varintBytes((number << 3) | 2), ...varintBytes(bytes.length), ...bytes];
}

function textField(number, text) {
  return bytesField(number, new TextEncoder().encode(text));
}

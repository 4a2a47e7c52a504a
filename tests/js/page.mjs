// As much of a page as the tested modules use: elements with attributes, and the selectors that occur there.

const REFLECTED = ["id", "name", "type"];

/** `tag`, `.class`, `#id`, `[attribute]`, `[attribute=value]` and `*`, one after the other. */
function matchesCompound(node, compound) {
  if (compound.startsWith("#")) return node.id === compound.slice(1).replaceAll("\\", "");
  const parts = compound.match(/\[[^\]]*\]|\.[\w-]+|[\w*-]+/g);
  if (parts?.join("") !== compound) throw new Error(`the stand-in does not know the selector ${compound}`);
  return parts.every((part) => {
    if (part === "*") return true;
    if (part.startsWith(".")) return (node.getAttribute("class") ?? "").split(" ").includes(part.slice(1));
    const [, name, value] = /^\[([\w-]+)(?:="?([^"\]]*)"?)?\]$/.exec(part) ?? [];
    if (name) return value === undefined ? node.hasAttribute(name) : node.getAttribute(name) === value;
    return node.tag === part;
  });
}

function matchesOne(node, selector) {
  const [parent, child] = selector.split(" > ");
  if (child === undefined) return matchesCompound(node, parent);
  return matchesCompound(node, child) && node.parent !== null && matchesCompound(node.parent, parent);
}

export class Node {
  parent = null;
  hidden = false;
  checked = false;
  #text = "";

  constructor(tag, attributes = {}, ...children) {
    this.tag = tag;
    this.attributes = new Map(Object.entries(attributes));
    this.value = this.getAttribute("value") ?? "";
    this.children = [];
    for (const name of REFLECTED) {
      Object.defineProperty(this, name, { get: () => this.getAttribute(name) ?? "", set: (value) => this.setAttribute(name, value) });
    }
    for (const child of children) this.append(child);
  }

  get dataset() {
    const attribute = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return new Proxy({}, {
      get: (_, name) => this.attributes.get(attribute(name)),
      set: (_, name, value) => (this.setAttribute(attribute(name), value), true),
      has: (_, name) => this.attributes.has(attribute(name)),
    });
  }

  get textContent() { return this.#text + this.children.map((child) => child.textContent).join(""); }
  set textContent(text) { this.#text = text; this.children = []; }

  getAttribute(name) { return this.attributes.get(name) ?? null; }
  hasAttribute(name) { return this.attributes.has(name); }
  setAttribute(name, value) { this.attributes.set(name, String(value)); }
  removeAttribute(name) { this.attributes.delete(name); }

  append(...nodes) {
    for (const one of nodes) {
      const node = typeof one === "string" ? text(one) : one;
      node.parent = this;
      this.children.push(node);
    }
  }

  prepend(node) {
    node.parent = this;
    this.children.unshift(node);
  }

  after(node) {
    node.parent = this.parent;
    this.parent.children.splice(this.parent.children.indexOf(this) + 1, 0, node);
  }

  replaceWith(node) {
    this.after(node);
    this.remove();
  }

  get firstChild() { return this.children[0] ?? null; }
  contains(node) { return node === this || this.children.some((child) => child.contains(node)); }

  #listeners = [];
  addEventListener(type, listener) { this.#listeners.push({ type, listener }); }
  click() { for (const { type, listener } of this.#listeners) if (type === "click") listener({ target: this }); }
  focus() { document.activeElement = this; }
  scrollIntoView() { this.scrolledTo = true; }

  remove() { this.parent.children.splice(this.parent.children.indexOf(this), 1); }

  matches(selector) { return selector.split(", ").some((one) => matchesOne(this, one)); }
  closest(selector) { return this.matches(selector) ? this : this.parent?.closest(selector) ?? null; }
  querySelectorAll(selector) { return this.children.flatMap((child) => [...(child.matches(selector) ? [child] : []), ...child.querySelectorAll(selector)]); }
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }

  cloneNode() {
    const copy = new Node(this.tag, Object.fromEntries(this.attributes), ...this.children.map((child) => child.cloneNode()));
    Object.assign(copy, { value: this.value, checked: this.checked });
    if (!this.children.length) copy.textContent = this.#text;
    return copy;
  }
}

export const node = (tag, attributes, ...children) => new Node(tag, attributes, ...children);

/** A field of a kind around its controls. */
export const field = (kind, ...children) => node("div", { class: "field", "data-kind": kind, "data-path": "s.f" }, ...children);

/** Text of a node, beside its children. */
export function text(words) {
  const made = node("span");
  made.textContent = words;
  return made;
}

/** A table of the form as `frame/field/table.html` writes it, with one column of text, one of numbers and one of choices. */
export function table(rows, attributes = {}) {
  const made = field("table", node("tbody", {}, ...rows.map(row)));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function row(values, index) {
  const name = (column) => `s.f[${index}].${column}`;
  const id = (column) => `f-s.f-${index}-${column}`;
  const number = node("span", { "data-row-number": "" });
  number.textContent = String(index + 1);
  const cell = (column, control) => node("td", {}, node("label", { for: id(column) }, text(column)), control);
  return node("tr", { "data-row": "", id: `f-s.f-${index}` },
    ...(values.row === undefined ? [] : [node("input", { type: "hidden", name: name("row"), value: values.row })]),
    cell("title", node("input", { type: "text", id: id("title"), name: name("title"), value: values.title ?? "" })),
    cell("months", node("input", { type: "text", id: id("months"), name: name("months"), value: values.months ?? "" })),
    cell("kind", node("select", { id: id("kind"), name: name("kind"), "aria-label": `Kind, row ${index + 1}`, value: values.kind ?? "" })),
    node("td", {}, node("button", { name: "action", value: `remove:f:${index}` }, number)));
}

globalThis.CSS = { escape: (words) => words.replace(/[^\w-]/g, "\\$&") };
globalThis.document = node("html");
document.documentElement = { lang: "en" };
document.createElement = (tag) => node(tag);

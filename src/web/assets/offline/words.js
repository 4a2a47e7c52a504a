"use strict";
// What a token says, in words and in both languages.

const EQUAL = [4, 21];

/**
 * What a check is about: a list of words of which one must hold, or a last instant; none when it is of another kind.
 *
 * @returns {{name: "time", until: number} | {name: "dossier" | "part" | "operation", words: string[]} | null}
 */
function meaning({ kind, queries }) {
  if (kind !== 0 || queries.length !== 1) return null;
  const [{ body, expressions, scoped }] = queries;
  if (scoped || body.length !== 1 || expressions.length > 1) return null;
  const { name, terms } = body[0];
  const [term] = terms;
  if (terms.length !== 1 || !["dossier", "part", "operation", "time"].includes(name)) return null;
  if (expressions.length === 0) return term.kind === "string" && name !== "time" ? { name, words: [term.value] } : null;
  const [one, other, operator] = expressions[0];
  if (expressions[0].length !== 3 || !one.value || !other.value || term.kind !== "variable") return null;
  const isFact = ({ value }) => value.kind === "variable" && value.value === term.value;
  if (name === "time") {
    const ends = operator.binary === LESS_OR_EQUAL && isFact(one) && other.value.kind === "date";
    return ends ? { name, until: Number(other.value.value) } : null;
  }
  if (EQUAL.includes(operator.binary) && isFact(one) && other.value.kind === "string") return { name, words: [other.value.value] };
  if (operator.binary !== CONTAINS || !isFact(other) || one.value.kind !== "set") return null;
  const words = one.value.value.filter(({ kind }) => kind === "string").map(({ value }) => value);
  return { name, words };
}

/**
 * @typedef {object} Ceiling
 * @property {string[] | null} dossier
 * @property {string[] | null} part
 * @property {string[] | null} operation
 * @property {number | null} until
 * @property {string[]} others
 */

/** What several checks leave together. What they do not limit is null; `others` are checks of other kinds, as Datalog. */
function ceiling(checks) {
  /** @type {Ceiling} */
  const left = { dossier: null, part: null, operation: null, until: null, others: [] };
  for (const check of checks) {
    const said = meaning(check);
    if (said === null) left.others.push(printCheck(check));
    else if (said.name === "time") left.until = Math.min(left.until ?? Infinity, said.until);
    else left[said.name] = left[said.name]?.filter((word) => said.words.includes(word)) ?? said.words;
  }
  return left;
}

/** What a whole token may still do. */
function ceilingOf(token) {
  return ceiling(token.blocks.flatMap(({ block }) => block.checks));
}

function shownInstant(seconds, lang) {
  if (!(seconds < 8.64e12)) return "∞";
  return writtenInstant(new Date(seconds * 1000), lang);
}

function lasts(until) {
  const [fr, en] = [shownInstant(until, "fr"), shownInstant(until, "en")];
  return until * 1000 < Date.now() ? both(`Fini depuis le ${fr}.`, `Over since ${en}.`) : both(`Jusqu’au ${fr}.`, `Until ${en}.`);
}

/** The sentences of a ceiling; `names` gives a word's name in a language. */
function sentences({ dossier, part, operation, until, others }, names) {
  const list = (words, lang) => words.map((word) => names(word, lang)).join(lang === "fr" ? " ; " : "; ");
  const only = (words, fr, en) => (words.length
    ? both(`${fr} : ${list(words, "fr")}.`, `${en}: ${list(words, "en")}.`)
    : both(`${fr} : plus rien, ses conditions se contredisent.`, `${en}: nothing, its conditions contradict each other.`));
  return [
    ...(operation ? [only(operation, "Peut seulement", "May only")] : []),
    ...(dossier ? [only(dossier, "Dans un seul dossier", "In one application only")] : []),
    ...(part ? [only(part, "Et seulement pour", "And only for")] : []),
    ...(until === null ? [] : [lasts(until)]),
    ...others.map((text) => both(`Autre condition : ${text}`, `Another condition: ${text}`)),
  ];
}

/** Whom the portal made a token for, from the facts of its first block. */
function bearer({ facts }) {
  const said = (name) => facts.filter((fact) => fact.name === name).map(({ terms }) => escaped(String(terms[0]?.value)));
  const [id, account, roles] = [said("token").join(", "), said("user").join(", "), said("role").join(", ")];
  return both(
    `Jeton ${id || "sans numéro"}, au nom du compte ${account || "inconnu"}${roles && ` (${roles})`}.`,
    `Token ${id || "without number"}, in the name of the account ${account || "unknown"}${roles && ` (${roles})`}.`,
  );
}

/** Why a token is refused, by the word of its [`Refusal`]. */
const REFUSALS = {
  "missing": ["Collez un jeton.", "Paste a token."],
  "no token": [
    "Ce n’est pas un jeton : copiez-le en entier, sans rien autour.",
    "This is not a token: copy the whole of it, with nothing around it.",
  ],
  "damaged": [
    "Ce jeton est abîmé : copiez-le de nouveau, en entier.",
    "This token is damaged: copy it again, the whole of it.",
  ],
  "sealed": [
    "Ce jeton est scellé : on ne peut pas le restreindre. Ceux des navigateurs et ceux des autres services le sont ; créez un jeton sur la page de votre compte.",
    "This token is sealed: it cannot be narrowed. Those of browsers and of other services are; make a token on your account page.",
  ],
  "too large": [
    "Ce jeton dépasse 3 072 octets : le portail le refuse.",
    "This token is over 3,072 bytes: the portal refuses it.",
  ],
  "too many blocks": [
    "Ce jeton a été restreint plus de quatre fois : le portail le refuse.",
    "This token was narrowed more than four times: the portal refuses it.",
  ],
  "four blocks": [
    "Ce jeton a déjà été restreint quatre fois, le plus que le portail admet : partez d’un jeton moins restreint.",
    "This token was narrowed four times already, the most that the portal admits: start from one that is less narrow.",
  ],
  "foreign block": [
    "Quelqu’un a ajouté à ce jeton autre chose que de simples conditions : le portail le refuse.",
    "Somebody added more than simple conditions to this token: the portal refuses it.",
  ],
  "other keys": [
    "Ce jeton porte une clé d’un autre genre qu’Ed25519 : cette page ne sait pas signer avec elle.",
    "This token carries a key of another kind than Ed25519: this page cannot sign with it.",
  ],
  "old browser": [
    "Ce navigateur ne sait pas signer (Ed25519), ou cette page lui vient sans HTTPS. Prenez une version récente de Firefox, Chrome, Edge ou Safari, ou la commande : guichet token attenuate.",
    "This browser cannot sign (Ed25519), or has this page without HTTPS. Take a recent Firefox, Chrome, Edge or Safari, or the command: guichet token attenuate.",
  ],
};

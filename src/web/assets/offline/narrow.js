"use strict";
// The form that narrows a token.

const CHOICES = JSON.parse(byId("choices").textContent);
const DOSSIER = /^(?:\S*\/dossiers\/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[/?#]\S*)?$/i;
let turn = 0;

/** The name of a word of the policy, where the call has one. */
function nameOf(word, lang) {
  const known = [...CHOICES.pieces, ...CHOICES.sections, ...CHOICES.actions].find((choice) => choice.word === word);
  return known ? `${known[lang]} (${word})` : escaped(word);
}

function option({ word, fr, en }) {
  const code = element("code", { textContent: word.replace(/^(piece|section):/, "") });
  const note = element("span", { hidden: true, className: "why" }, both(" – ce jeton ne le peut pas", " – this token cannot"));
  const box = element("input", { type: "checkbox", value: word });
  return element("label", { className: "option" }, box, element("span", {}, both(`${fr} `, `${en} `), code, note));
}

/** Bars the choices of a group that the token cannot do any more; they keep their ticks. */
function bar(group, allowed) {
  for (const label of byId(group).querySelectorAll(".option")) {
    const box = label.querySelector("input");
    box.disabled = allowed !== null && !allowed.includes(box.value);
    label.classList.toggle("beyond", box.disabled);
    label.querySelector(".why").hidden = !box.disabled;
  }
}

function ticked(group) {
  return Array.from(byId(group).querySelectorAll("input:checked:enabled"), (box) => box.value);
}

/** Says beside a field what is wrong with it; nothing takes it back. */
function fault(field, texts) {
  const place = byId(`${field}-error`);
  place.replaceChildren(...(texts ? [both(...texts)] : []));
  place.hidden = !texts;
  if (byId(field).matches("input, textarea")) byId(field).setAttribute("aria-invalid", String(Boolean(texts)));
}

/** The token of the field; or why it cannot be narrowed. */
async function tokenTyped() {
  try {
    const token = readToken(byId("token").value);
    const wrong = await narrowable(token).then(() => null, (error) => error);
    if (wrong && !(wrong instanceof Refusal)) throw wrong;
    return { token, wrong: wrong && REFUSALS[wrong.why] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { token: null, wrong: REFUSALS[error.why] };
  }
}

function showToken(token) {
  const left = token ? ceilingOf(token) : { part: null, operation: null };
  bar("pieces", left.part);
  bar("sections", left.part);
  bar("actions", left.operation);
  byId("said").hidden = token === null;
  if (!token) return;
  byId("said-blocks").replaceChildren(...token.blocks.flatMap(({ block }, index) => [
    element("h3", {}, index === 0
      ? both("Ce que le portail a signé", "What the portal has signed")
      : both(`Ajouté par un détenteur (${index})`, `Added by a holder (${index})`)),
    element("ul", {}, ...[
      ...(index === 0 ? [bearer(block)] : []),
      ...sentences(ceiling(block.checks), nameOf),
    ].map((sentence) => element("li", {}, sentence))),
  ]));
  byId("said-exactly").textContent = describe(token);
}

function dossierTyped(left) {
  const typed = byId("dossier").value.trim();
  if (typed === "") return { dossier: null };
  const dossier = DOSSIER.exec(typed)?.[1].toLowerCase();
  if (!dossier) {
    return { wrong: [
      "Ce n’est ni l’adresse ni l’identifiant d’un dossier, comme 0193a0c4-5e6f-7a81-92b3-c4d5e6f70812.",
      "This is neither the address nor the identifier of an application, such as 0193a0c4-5e6f-7a81-92b3-c4d5e6f70812.",
    ] };
  }
  if (left.dossier && !left.dossier.includes(dossier)) {
    return { wrong: [
      "Ce jeton ne vaut déjà plus que pour un autre dossier : rien ne l’élargit.",
      "This token holds for another application only: nothing widens it.",
    ] };
  }
  return { dossier };
}

function untilTyped(left) {
  const field = byId("until");
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(field.value);
  if (field.value === "" && !field.validity.badInput) return { until: null };
  if (!day) return { wrong: ["Donnez un jour entier, comme 30/07/2026, ou rien.", "Give a whole day, such as 30/07/2026, or nothing."] };
  const [year, month, date] = day.slice(1).map(Number);
  const until = Math.floor(new Date(year, month - 1, date, 23, 59, 59).getTime() / 1000);
  if (until * 1000 < Date.now()) return { wrong: ["Ce jour est passé : donnez-en un autre.", "This day has passed: give another."] };
  if (left.until !== null && until > left.until) {
    return { wrong: [
      `Ce jeton finit déjà avant, le ${shownInstant(left.until, "fr")} : donnez un jour plus proche, ou rien.`,
      `This token ends before that, on ${shownInstant(left.until, "en")}: give a nearer day, or nothing.`,
    ] };
  }
  return { until };
}

/** Everything that is wrong, beside its field and as a list on top. */
function showFaults(faults) {
  const wrong = Object.entries(faults).filter(([, texts]) => texts);
  for (const field of ["token", "narrowing", "dossier", "until"]) fault(field, faults[field]);
  byId("faults-list").replaceChildren(...wrong.map(([field, texts]) => (
    element("li", {}, element("a", { href: `#${field}` }, both(...texts)))
  )));
  byId("faults").hidden = wrong.length === 0;
  if (wrong.length > 0) byId("faults").focus();
  return wrong.length > 0;
}

function showResult(text) {
  const token = readToken(text);
  byId("made").value = text;
  byId("result-says").replaceChildren(...sentences(ceilingOf(token), nameOf).map((said) => element("li", {}, said)));
  byId("result").hidden = false;
  byId("result-title").focus();
}

async function submit() {
  byId("result").hidden = true;
  byId("copied").replaceChildren();
  const mine = ++turn;
  const { token, wrong } = await tokenTyped();
  if (mine !== turn) return;
  showToken(token);
  const left = token ? ceilingOf(token) : { dossier: null, until: null };
  const [where, when] = [dossierTyped(left), untilTyped(left)];
  const [parts, actions] = [[...ticked("pieces"), ...ticked("sections")], ticked("actions")];
  const nothing = !where.dossier && !where.wrong && when.until === null && parts.length + actions.length === 0;
  const faults = {
    token: wrong,
    narrowing: nothing && ["Choisissez au moins une restriction.", "Choose at least one thing that narrows it."],
    dossier: where.wrong,
    until: when.wrong,
  };
  if (showFaults(faults)) return;
  const made = await narrow(token, { dossier: where.dossier, parts, actions, until: when.until }).catch((error) => error);
  if (mine !== turn) return;
  if (typeof made === "string") return showResult(made);
  if (!(made instanceof Refusal)) throw made;
  showFaults({ narrowing: made.why === "too large" ? [
    "Le nouveau jeton dépasserait 3 072 octets, le plus que le portail admet : cochez moins de choses, ou partez d’un jeton moins restreint.",
    "The new token would be over 3,072 bytes, the most that the portal admits: tick fewer things, or start from a token that is less narrow.",
  ] : REFUSALS[made.why] });
}

async function typed() {
  const mine = ++turn;
  const { token, wrong } = await tokenTyped();
  if (mine !== turn) return;
  showToken(token);
  fault("token", byId("token").value.trim() === "" ? null : wrong);
}

async function copy() {
  const field = byId("made");
  field.select();
  const done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  byId("copied").replaceChildren(done
    ? both("Copié.", "Copied.")
    : both("Le navigateur ne l’a pas permis : le texte est sélectionné, copiez-le au clavier.", "The browser did not allow it: the text is selected, copy it by keyboard."));
}

// A browser that saves the page may save it as it stands then, with everything that was shown: it begins anew.
for (const group of ["pieces", "sections", "actions"]) {
  byId(group).replaceChildren(byId(group).querySelector("legend"), ...CHOICES[group].map(option));
  byId(group).hidden = CHOICES[group].length === 0;
}
for (const place of ["said-blocks", "said-exactly", "result-says", "copied"]) byId(place).replaceChildren();
for (const shown of ["said", "result"]) byId(shown).hidden = true;
showFaults({});
byId("back").hidden = !location.protocol.startsWith("http");
byId("token").addEventListener("input", typed);
byId("copy").addEventListener("click", copy);
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
speak(document.documentElement.lang);

// The page around the verification of a receipt (receipt.js).

const PUBLISHED_KEYS = /*KEYS*/[];
let shown = null;
let turn = 0;

const VERDICTS = {
  good: () => [
    both("Ce reçu est authentique et intact.", "This receipt is genuine and intact."),
    both("Rien n’a changé depuis le dépôt, et la clé qui signe est publiée par le portail.", "Nothing has changed since the deposit, and the key that signs is published by the portal."),
  ],
  bad: () => [
    both("Ce reçu n’est pas valable.", "This receipt is not valid."),
    both("Ce qui diffère est dit ci-dessous. Demandez au portail le fichier d’origine.", "What differs is said below. Ask the portal for the original file."),
  ],
  intact: () => [
    both("Ce reçu est intact.", "This receipt is intact."),
    both("Contenu et signature concordent. Il reste à comparer la clé avec celles que publie le portail.", "Content and signature agree. What remains is to compare the key with those that the portal publishes."),
  ],
  unsigned: () => [
    both("Le contenu concorde ; la signature n’a pas été vérifiée.", "The content agrees; the signature was not verified."),
    both("Ce navigateur ne connaît pas ce genre de signature. Sans elle, on ne sait pas qui a écrit ce reçu.", "This browser does not know this kind of signature. Without it, one cannot tell who wrote this receipt."),
  ],
};

async function showVerdict(findings) {
  const found = verdict(findings);
  const name = found !== "unsure" ? found : (await hasEd25519()) ? "intact" : "unsigned";
  const colour = { good: "good", intact: "good", unsigned: "unsure", bad: "bad" }[name];
  const [title, text] = VERDICTS[name]();
  const box = element("div", { className: `verdict ${colour}` }, element("strong", {}, title), element("p", {}, text));
  box.dataset.verdict = name;
  if (found === "bad") box.append(element("ul", {}, ...findings.filter(({ holds }) => holds === false).map(findingItem)));
  if (name === "intact") box.append(element("ul", {}, ...findings.filter(({ holds }) => holds === null).map(findingItem)));
  byId("result").replaceChildren(box);
}

function item(state, ...children) {
  return element("li", { className: state }, element("div", {}, ...children));
}

function findingItem({ holds, fr, en }) {
  return item(holds === null ? "open" : holds ? "holds" : "differs", both(fr, en));
}

const euros = (cents, language) => new Intl.NumberFormat(language, { style: "currency", currency: "EUR" }).format(cents / 100);
const texts = (...values) => values.filter((value) => typeof value === "string" && value !== "").join(" · ");

/** When the deposit was made, in the call's time zone; empty when the receipt says nothing that can be read. */
function depositedAt({ instant_utc: instant, zone }) {
  if (typeof instant !== "string" || typeof zone !== "string") return "";
  const city = zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
  try {
    const [fr, en] = [writtenInstant(new Date(instant), "fr", zone), writtenInstant(new Date(instant), "en", zone)];
    return both(`${fr} (heure de ${city === "Reunion" ? "La Réunion" : city})`, `${en} (${city === "Reunion" ? "Réunion" : city} time)`);
  } catch {
    return "";
  }
}

function factsOf({ statement, manifest, public_key: publicKey }) {
  const context = manifest?.context ?? {};
  const applicant = manifest?.answers?.applicant ?? {};
  const aid = manifest?.amounts?.aid;
  return [
    { fr: "Numéro", en: "Number", value: statement.number },
    { fr: "Entreprise", en: "Company", value: texts(applicant.name, applicant.siret ?? applicant.siren) },
    { fr: "Déposé le", en: "Deposited on", value: depositedAt(context) },
    { fr: "Reçu (UTC)", en: "Received (UTC)", value: receivedAt(statement) },
    { fr: "Scellé (UTC)", en: "Sealed (UTC)", value: sealedAt(statement) },
    { fr: "Appel", en: "Call", value: texts(context.call, context.round) },
    { fr: "Aide demandée", en: "Aid requested", value: Number.isSafeInteger(aid) ? euros(aid, "fr-FR") : "", english: Number.isSafeInteger(aid) ? euros(aid, "en-IE") : "" },
    { fr: "Portail", en: "Portal", value: texts(context.portal) },
    { fr: "Dossier", en: "Dossier", value: `${statement.dossier} · v${statement.version}`, hash: true },
    { fr: "Rang dans la chaîne", en: "Place in the chain", value: String(statement.sequence) },
    { fr: "Clé", en: "Key", value: statement.key, hash: true, title: publicKey },
    { fr: "Empreinte", en: "Digest", value: statement.digest, hash: true },
    { fr: "Déclaration précédente", en: "Previous statement", value: statement.previous, hash: true },
  ].filter(({ value }) => value !== "");
}

function showFacts(receipt) {
  byId("facts").replaceChildren(...factsOf(receipt).flatMap(({ fr, en, value, english = "", hash = false, title = "" }) => [
    element("dt", {}, both(fr, en)),
    english ? element("dd", {}, both(value, english)) : element("dd", { textContent: value, className: hash ? "hash" : "", title }),
  ]));
}

function piecesOf(receipt) {
  const pieces = receipt?.manifest?.pieces;
  return isObject(pieces) ? Object.values(pieces).filter(isObject) : [];
}

function pieceItem(piece, state, fr, en) {
  return item(state, both(fr, en), element("div", { className: "hash soft", textContent: texts(piece.name, piece.sha256) }));
}

function showPieces(receipt, files = []) {
  const pieces = piecesOf(receipt);
  const items = pieces.map((piece) => {
    const same = files.find((file) => file.sha256 === piece.sha256);
    if (same) return pieceItem(piece, "holds", `${piece.code} : « ${same.name} » est le fichier déposé, à l’octet près.`, `${piece.code}: “${same.name}” is the deposited file, byte for byte.`);
    return pieceItem(piece, "", `${piece.code} : fichier non comparé.`, `${piece.code}: file not compared.`);
  });
  const strangers = files.filter((file) => !pieces.some((piece) => piece.sha256 === file.sha256));
  for (const file of strangers) {
    const namesake = pieces.find((piece) => piece.name === file.name);
    items.push(namesake
      ? pieceItem(file, "differs", `« ${file.name} » porte le nom de la pièce ${namesake.code}, mais son contenu diffère de ce qui a été déposé.`, `“${file.name}” has the name of piece ${namesake.code}, but its content differs from what was deposited.`)
      : pieceItem(file, "differs", `« ${file.name} » n’est aucune des pièces déposées.`, `“${file.name}” is none of the pieces deposited.`));
  }
  if (items.length === 0) items.push(item("", both("Ce reçu ne contient aucune pièce.", "This receipt holds no piece.")));
  byId("pieces").replaceChildren(...items);
  if (files.length === 0) return byId("pieces-status").replaceChildren();
  const right = files.length - strangers.length;
  byId("pieces-status").replaceChildren(element("p", { className: strangers.length ? "verdict bad" : "verdict good" }, both(
    right > 1 ? `${right} fichiers sur ${files.length} sont identiques à ce qui a été déposé.` : `${right} fichier sur ${files.length} est identique à ce qui a été déposé.`,
    `${right} of ${files.length} ${files.length === 1 ? "file" : "files"} identical to what was deposited.`,
  )));
}

async function openReceipt(file) {
  if (!file) return;
  const mine = ++turn;
  const { receipt, findings } = await verifyReceipt(await file.arrayBuffer(), PUBLISHED_KEYS);
  if (mine !== turn) return;
  shown = receipt;
  byId("piece-files").value = "";
  byId("details").hidden = receipt === null;
  if (receipt) {
    byId("facts-warning").hidden = verdict(findings) !== "bad";
    showFacts(receipt);
    byId("findings").replaceChildren(...findings.map(findingItem));
    showPieces(receipt);
  }
  await showVerdict(findings);
}

async function comparePieces(list) {
  const mine = turn;
  const files = [];
  for (const file of list) files.push({ name: file.name, sha256: await sha256(await file.arrayBuffer()) });
  if (mine === turn) showPieces(shown, files);
}

function unreadable() {
  const box = element("div", { className: "verdict unsure" }, both("Le fichier n’a pas pu être lu.", "The file could not be read."));
  byId("result").replaceChildren(box);
}

function receive(zone, input, open) {
  const take = (files) => open([...files]).catch(unreadable);
  input.addEventListener("change", () => take(input.files));
  zone.addEventListener("drop", (event) => take(event.dataTransfer.files));
  for (const name of ["dragover", "drop", "dragleave"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
    });
  }
}

speak(navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en");
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

if (globalThis.crypto?.subtle) {
  receive(byId("receipt-zone"), byId("receipt-file"), ([file]) => openReceipt(file));
  receive(byId("pieces-zone"), byId("piece-files"), comparePieces);
} else {
  byId("receipt-file").disabled = true;
  byId("result").append(element("p", { className: "note" }, both(
    "Ici, le navigateur n’offre pas de calcul d’empreinte (page servie sans HTTPS, ou navigateur trop ancien). Enregistrez cette page et ouvrez le fichier enregistré.",
    "Here the browser offers no digests (page served without HTTPS, or browser too old). Save this page and open the saved file.",
  )));
}

//! Checks a receipt without the portal.

use super::{MAX_NAME_CHARS, MAX_RECEIPT_BYTES, Receipt, digest, key_id, parts, unreadable};
use crate::domain::{
    finding::MAX_FINDINGS,
    json::{self, JsonError, Limits},
    text::{Text, shorten},
};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// At most this many parts in a receipt: many times what a form has. A file with more is not a receipt, and is not
/// digested.
const MAX_PARTS: usize = 2000;

/// A published key of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub id: String,
    /// The key, hexadecimal.
    pub public_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it succeeded.
    pub holds: bool,
    /// What was checked, or what differs.
    pub message: Text,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerificationReport {
    /// Every check in order; of the parts that differ, the first ones.
    pub findings: Vec<Check>,
    /// The number of differing parts that are not among the findings.
    pub more: usize,
    /// True when the signing key is among the published keys that were given.
    pub key_known: bool,
}

impl VerificationReport {
    #[must_use]
    pub fn holds(&self) -> bool {
        self.more == 0 && self.findings.iter().all(|finding| finding.holds)
    }
}

/// Parses the file of a receipt strictly, so that nobody can read other figures in it than the sealed ones.
///
/// # Errors
/// When it is not JSON, or is ambiguous JSON.
pub fn read(bytes: &[u8]) -> Result<Json, JsonError> {
    json::from_slice(bytes, Limits::bytes(MAX_RECEIPT_BYTES))
}

/// Checks the bytes of a receipt; returns the parsed content too, or null when they cannot be parsed.
#[must_use]
pub fn verify_bytes(bytes: &[u8], known: &[PublicKey]) -> (VerificationReport, Json) {
    match read(bytes) {
        Ok(json) => (verify(&json, known), json),
        Err(error) => (refused(why_unreadable(bytes, &error)), Json::Null),
    }
}

/// What to say of bytes that [`read`] did not take.
pub fn why_unreadable(bytes: &[u8], error: &JsonError) -> Text {
    unreadable::bytes(bytes, error)
}

/// Checks a receipt: its shape, every part, the digest, the signature, and that manifest and statement speak of the
/// same deposit. `known` are the portal's published keys, empty when they are not at hand.
#[must_use]
pub fn verify(json: &Json, known: &[PublicKey]) -> VerificationReport {
    let receipt = match json::from_value::<Receipt>(json) {
        // Another spelling of the same value (upper-case digits, another form of an instant) is not what was given out.
        // Only the statement has values with several spellings: the rest is texts, and the manifest as it is.
        Ok(receipt) if serde_json::json!(receipt.statement) == json["statement"] => receipt,
        Ok(_) => {
            return refused(Text::new(
                "Ce fichier n’est pas écrit comme un reçu émis : une valeur y a une autre forme.",
                "This file is not written as a receipt that was issued: a value has another form.",
            ));
        }
        Err(error) => return refused(unreadable::shape(&error)),
    };
    if receipt.parts.len().max(members(&receipt.manifest)) > MAX_PARTS {
        return refused(Text::new(
            format!("Ce fichier n’est pas un reçu : il a plus de {MAX_PARTS} parties."),
            format!("This file is not a receipt: it has more than {MAX_PARTS} parts."),
        ));
    }
    let mut findings = Vec::new();
    let more = contents(&receipt, &mut findings);
    consistency(&receipt, &mut findings);
    let key_known = signature(&receipt, known, &mut findings);
    VerificationReport { findings, more, key_known }
}

/// What is not even looked at part by part.
fn refused(message: Text) -> VerificationReport {
    VerificationReport { findings: vec![Check { holds: false, message }], more: 0, key_known: false }
}

/// The number of parts of a manifest, without computing a digest.
fn members(manifest: &Json) -> usize {
    let all = manifest.as_object().into_iter().flatten();
    all.map(|(_, value)| value.as_object().map_or(1, |inner| inner.len().max(1))).sum()
}

fn differs(fr: String, en: String) -> Check {
    Check { holds: false, message: Text::new(fr, en) }
}

fn check(holds: bool, right: (&str, &str), wrong: (&str, &str)) -> Check {
    let (fr, en) = if holds { right } else { wrong };
    Check { holds, message: Text::new(fr, en) }
}

/// Compares every part, and returns the number of differing parts not among the findings.
fn contents(receipt: &Receipt, findings: &mut Vec<Check>) -> usize {
    let found = parts(&receipt.manifest);
    let names: std::collections::BTreeSet<_> = found.keys().chain(receipt.parts.keys()).collect();
    let (mut differing, mut compared) = (0, 0);
    for name in names {
        let (fr, en) = match (found.get(name), receipt.parts.get(name)) {
            (Some(found), Some(sealed)) if found == sealed => {
                compared += 1;
                continue;
            }
            (Some(_), Some(_)) => ("diffère de ce qui a été scellé", "differs from what was sealed"),
            (None, _) => ("a été scellé, mais manque dans ce fichier", "was sealed but is missing from this file"),
            (_, None) => ("n’était pas dans ce qui a été scellé", "was not in what was sealed"),
        };
        differing += 1;
        if differing <= MAX_FINDINGS {
            let name = shorten(name, MAX_NAME_CHARS);
            findings.push(differs(format!("« {name} » {fr}."), format!("“{name}” {en}.")));
        }
    }
    if differing == 0 {
        findings.push(Check {
            holds: true,
            message: Text::new(
                format!("Le contenu est intact : {compared} parties comparées."),
                format!("The content is intact: {compared} parts compared."),
            ),
        });
    }
    findings.push(check(
        digest(&serde_json::json!(receipt.parts)) == receipt.statement.digest,
        (
            "L’empreinte de l’ensemble est celle de la déclaration signée.",
            "The digest of the whole is the one in the signed statement.",
        ),
        (
            "L’empreinte de l’ensemble n’est pas celle de la déclaration signée.",
            "The digest of the whole is not the one in the signed statement.",
        ),
    ));
    differing.saturating_sub(MAX_FINDINGS)
}

fn consistency(receipt: &Receipt, findings: &mut Vec<Check>) {
    let (statement, context) = (&receipt.statement, &receipt.manifest["context"]);
    let same = context["dossier"] == statement.dossier.to_string()
        && context["version"] == statement.version
        && context["instant_utc"] == statement.received_at().to_string();
    findings.push(check(
        same,
        ("Le contenu et la déclaration parlent du même dépôt.", "Content and statement speak of the same deposit."),
        (
            "Le contenu et la déclaration ne parlent pas du même dépôt (dossier, version, instant ou format).",
            "Content and statement do not speak of the same deposit (dossier, version, instant or format).",
        ),
    ));
}

/// The bytes of lower-case hexadecimal, the only form in which receipts are issued; empty for anything else.
fn bytes(text: &str) -> Vec<u8> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Vec::new() } else { hex::decode(text).unwrap_or_default() }
}

fn signature(receipt: &Receipt, known: &[PublicKey], findings: &mut Vec<Check>) -> bool {
    let key = bytes(&receipt.public_key);
    let signature = bytes(&receipt.signature);
    findings.push(check(
        key_id(&key) == receipt.statement.key,
        ("La clé jointe est celle que nomme la déclaration.", "The key enclosed is the one that the statement names."),
        (
            "La clé jointe n’est pas celle que nomme la déclaration.",
            "The key enclosed is not the one that the statement names.",
        ),
    ));
    let signed =
        UnparsedPublicKey::new(&ED25519, &key).verify(receipt.statement.canonical().as_bytes(), &signature).is_ok();
    findings.push(check(
        signed,
        ("La signature de la déclaration est juste.", "The signature of the statement is right."),
        (
            "La signature ne correspond pas à la déclaration : un octet de l’une ou de l’autre a changé.",
            "The signature does not match the statement: a byte of one or the other has changed.",
        ),
    ));
    let key_known = known.iter().any(|key| key.id == receipt.statement.key && key.public_key == receipt.public_key);
    if !known.is_empty() {
        findings.push(check(
            key_known,
            ("La clé est publiée par le portail.", "The key is published by the portal."),
            (
                "La clé n’est pas parmi celles que le portail publie : ce reçu n’a pas été émis par lui.",
                "The key is not among those that the portal publishes: it did not issue this receipt.",
            ),
        ));
    }
    key_known
}

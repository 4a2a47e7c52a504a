//! Checks a receipt without the portal.

use super::{MAX_NAME_CHARS, MAX_RECEIPT_BYTES, Receipt, digest, key_id, part_digests, unreadable};
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

/// One step of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptCheck {
    /// Whether it succeeded.
    #[serde(rename = "holds")]
    pub passed: bool,
    /// What was checked, or what differs.
    pub message: Text,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerificationReport {
    /// Every check in order; of the parts that differ, the first ones.
    #[serde(rename = "findings")]
    pub checks: Vec<ReceiptCheck>,
    /// The number of differing parts that are not among the checks.
    #[serde(rename = "more")]
    pub omitted: usize,
    /// True when the signing key is among the published keys that were given.
    pub key_known: bool,
}

impl VerificationReport {
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.omitted == 0 && self.checks.iter().all(|check| check.passed)
    }

    /// Why nothing was compared: the file is no receipt at all. `None` when there are checks of a receipt.
    pub fn no_receipt(&self) -> Option<&Text> {
        match self.checks.as_slice() {
            [ReceiptCheck { passed: false, message }] if self.omitted == 0 => Some(message),
            _ => None,
        }
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
pub fn verify_bytes(bytes: &[u8], published_keys: &[PublicKey]) -> (VerificationReport, Json) {
    match read(bytes) {
        Ok(json) => (verify(&json, published_keys), json),
        Err(error) => (single_failure(why_unreadable(bytes, &error)), Json::Null),
    }
}

/// What to say of bytes that [`read`] did not take.
pub fn why_unreadable(bytes: &[u8], error: &JsonError) -> Text {
    unreadable::explain_bytes(bytes, error)
}

/// Checks a receipt: its shape, every part, the digest, the signature, and that manifest and statement speak of the
/// same deposit. `published_keys` are the portal's published keys, empty when they are not at hand.
#[must_use]
pub fn verify(json: &Json, published_keys: &[PublicKey]) -> VerificationReport {
    let receipt = match json::from_value::<Receipt>(json) {
        // Another spelling of the same value (upper-case digits, another form of an instant) is not what was given out.
        // Only the statement has values with several spellings: the rest is texts, and the manifest as it is.
        Ok(receipt) if serde_json::json!(receipt.statement) == json["statement"] => receipt,
        Ok(_) => {
            return single_failure(Text::new(
                "Ce fichier n’est pas écrit comme un reçu émis : une valeur y a une autre forme.",
                "This file is not written as a receipt that was issued: a value has another form.",
            ));
        }
        Err(error) => return single_failure(unreadable::explain_shape(&error)),
    };
    if receipt.parts.len().max(count_parts(&receipt.manifest)) > MAX_PARTS {
        return single_failure(Text::new(
            format!("Ce fichier n’est pas un reçu : il a plus de {MAX_PARTS} parties."),
            format!("This file is not a receipt: it has more than {MAX_PARTS} parts."),
        ));
    }
    let mut checks = Vec::new();
    let omitted = check_parts(&receipt, &mut checks);
    check_consistency(&receipt, &mut checks);
    let key_known = check_signature(&receipt, published_keys, &mut checks);
    VerificationReport { checks, omitted, key_known }
}

/// What is not even looked at part by part.
fn single_failure(message: Text) -> VerificationReport {
    VerificationReport { checks: vec![ReceiptCheck { passed: false, message }], omitted: 0, key_known: false }
}

/// The number of parts of a manifest, without computing a digest.
fn count_parts(manifest: &Json) -> usize {
    let all = manifest.as_object().into_iter().flatten();
    all.map(|(_, value)| value.as_object().map_or(1, |inner| inner.len().max(1))).sum()
}

fn failed_check(fr: String, en: String) -> ReceiptCheck {
    ReceiptCheck { passed: false, message: Text::new(fr, en) }
}

fn check_of(passed: bool, right: (&str, &str), wrong: (&str, &str)) -> ReceiptCheck {
    let (fr, en) = if passed { right } else { wrong };
    ReceiptCheck { passed, message: Text::new(fr, en) }
}

/// Compares every part, and returns the number of differing parts not among the checks.
fn check_parts(receipt: &Receipt, checks: &mut Vec<ReceiptCheck>) -> usize {
    let found = part_digests(&receipt.manifest);
    let names: std::collections::BTreeSet<_> = found.keys().chain(receipt.parts.keys()).collect();
    let (mut differing, mut compared) = (0_usize, 0);
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
            checks.push(failed_check(format!("« {name} » {fr}."), format!("“{name}” {en}.")));
        }
    }
    if differing == 0 {
        checks.push(ReceiptCheck {
            passed: true,
            message: Text::new(
                format!("Le contenu est intact : {compared} parties comparées."),
                format!("The content is intact: {compared} parts compared."),
            ),
        });
    }
    checks.push(check_of(
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

fn check_consistency(receipt: &Receipt, checks: &mut Vec<ReceiptCheck>) {
    let (statement, context) = (&receipt.statement, &receipt.manifest["context"]);
    let same = context["dossier"] == statement.dossier.to_string()
        && context["version"] == statement.version
        && context["instant_utc"] == statement.received_at().to_string();
    checks.push(check_of(
        same,
        ("Le contenu et la déclaration parlent du même dépôt.", "Content and statement speak of the same deposit."),
        (
            "Le contenu et la déclaration ne parlent pas du même dépôt (dossier, version, instant ou format).",
            "Content and statement do not speak of the same deposit (dossier, version, instant or format).",
        ),
    ));
}

/// The bytes of lower-case hexadecimal, the only form in which receipts are issued; empty for anything else.
fn decode_lower_hex(text: &str) -> Vec<u8> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Vec::new() } else { hex::decode(text).unwrap_or_default() }
}

fn check_signature(receipt: &Receipt, published_keys: &[PublicKey], checks: &mut Vec<ReceiptCheck>) -> bool {
    let key = decode_lower_hex(&receipt.public_key);
    let signature = decode_lower_hex(&receipt.signature);
    checks.push(check_of(
        key_id(&key) == receipt.statement.key,
        ("La clé jointe est celle que nomme la déclaration.", "The key enclosed is the one that the statement names."),
        (
            "La clé jointe n’est pas celle que nomme la déclaration.",
            "The key enclosed is not the one that the statement names.",
        ),
    ));
    let signed =
        UnparsedPublicKey::new(&ED25519, &key).verify(receipt.statement.canonical().as_bytes(), &signature).is_ok();
    checks.push(check_of(
        signed,
        ("La signature de la déclaration est juste.", "The signature of the statement is right."),
        (
            "La signature ne correspond pas à la déclaration : un octet de l’une ou de l’autre a changé.",
            "The signature does not match the statement: a byte of one or the other has changed.",
        ),
    ));
    let key_known =
        published_keys.iter().any(|key| key.id == receipt.statement.key && key.public_key == receipt.public_key);
    if !published_keys.is_empty() {
        checks.push(check_of(
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

//! The receipt: what was deposited and when, sealed so that anyone can check it without the portal.
//!
//! A manifest contains everything that was received. Each part of it (a section of answers, a piece, the context) has
//! its own SHA-256, so that a verifier can say *what* differs. The digest of those digests is signed with Ed25519 in a
//! short statement, which also contains the digest of the previous receipt's statement: none can be removed or
//! back-dated unnoticed.

mod chain;
mod instants;
mod standing;
mod statement;
mod unreadable;
mod verify;

pub use chain::ChainCheck;
pub use instants::Instants;
pub use standing::Standing;
pub use statement::{FORMAT, Statement};
#[cfg(test)]
pub use verify::ReceiptCheck;
pub use verify::{PublicKey, VerificationReport, read, verify, verify_bytes, why_unreadable};

use super::{
    calendar::{Round, show_instant, with_zone, zone_name},
    call::Call,
    document::Document,
    evaluation::Evaluation,
    ids::{AccountId, DossierId},
    piece::AttachedPiece,
    text::Text,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The `previous` value of the first receipt.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Most characters of a name in the file that a finding repeats.
const MAX_NAME_CHARS: usize = 100;
/// Most bytes of a file that is looked at as a receipt: several times what the longest dossier makes.
pub const MAX_RECEIPT_BYTES: usize = 2 * 1024 * 1024;

/// A receipt as issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The signed statement.
    pub statement: Statement,
    /// Ed25519 over the canonical bytes of the statement, hexadecimal.
    pub signature: String,
    /// The public key, hexadecimal; compare its id with the published list.
    pub public_key: String,
    /// SHA-256 of every part of the manifest.
    pub parts: BTreeMap<String, String>,
    /// Everything that was received.
    pub manifest: Json,
}

impl Receipt {
    /// The deposited answers, in normal form.
    #[must_use]
    pub fn answers(&self) -> Document {
        Document::deserialize(&self.manifest["answers"]).unwrap_or_default()
    }

    /// The deposited pieces.
    pub fn pieces(&self) -> Vec<AttachedPiece> {
        let pieces = self.manifest["pieces"].as_object().into_iter().flatten();
        pieces.filter_map(|(_, piece)| AttachedPiece::deserialize(piece).ok()).collect()
    }
}

/// The input of a manifest.
#[derive(Debug)]
pub struct ManifestInput<'a> {
    /// Address of the portal.
    pub portal: &'a str,
    pub call: &'a Call,
    pub round: &'a Round,
    pub dossier: DossierId,
    /// The version to be created.
    pub version: u32,
    pub depositor: AccountId,
    /// The evaluation without blocking findings.
    pub evaluation: &'a Evaluation,
    /// The attached pieces that the call asks for.
    pub pieces: &'a [AttachedPiece],
    /// When its request was complete.
    pub received_at: Timestamp,
}

/// When a deposit was made, as its manifest states it, in words; `None` if it cannot be read.
#[must_use]
pub fn deposited_at(manifest: &Json) -> Option<Text> {
    let context = &manifest["context"];
    let at: Timestamp = context["instant_utc"].as_str()?.parse().ok()?;
    let zone = context["zone"].as_str()?;
    let time_zone = TimeZone::get(zone).ok()?;
    Some(with_zone(&show_instant(at, &time_zone), &zone_name(zone)))
}

/// The manifest of a deposit.
pub fn manifest(input: &ManifestInput<'_>) -> Json {
    let ManifestInput { call, round, evaluation, .. } = input;
    let zone = call.time_zone();
    let pieces: BTreeMap<&str, Json> = input.pieces.iter().map(|piece| (piece.code.as_str(), json!(piece))).collect();
    let interpretations: Vec<&str> =
        call.interpretations.iter().map(|interpretation| interpretation.id.as_str()).collect();
    json!({
        "context": {
            "portal": input.portal,
            "call": call.id,
            "call_version": call.version,
            "round": round.id,
            "dossier": input.dossier,
            "version": input.version,
            "depositor": input.depositor,
            "instant_utc": input.received_at.to_string(),
            // A published format: it stays as it was first sealed.
            "instant_local": input.received_at.to_zoned_datetime(zone).strftime("%d/%m/%Y %H:%M:%S").to_string(),
            "zone": call.zone,
            "interpretations": interpretations,
        },
        "expenses_from": evaluation.expense_dates,
        "amounts": evaluation.amounts,
        "findings": evaluation.findings.iter().map(|finding| json!({
            "rule": finding.rule, "severity": finding.severity, "path": finding.path,
        })).collect::<Vec<_>>(),
        "answers": evaluation.document,
        "pieces": pieces,
    })
}

/// The digest of every part of a manifest: `answers.*` and `pieces.*` one by one, the rest whole. No two parts share a
/// name: a member of the manifest named `answers.x` cannot replace the section `x`.
pub fn part_digests(manifest: &Json) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for (name, value) in manifest.as_object().into_iter().flatten() {
        match (name.as_str(), value.as_object()) {
            ("answers" | "pieces", Some(inner)) => {
                parts.extend(inner.iter().map(|(key, value)| (format!("{name}.{key}"), digest(value))));
            }
            _ => {
                let name = if name.contains('.') { format!("/{name}") } else { name.clone() };
                parts.insert(name, digest(value));
            }
        }
    }
    parts
}

/// Canonical bytes (RFC 8785 for the values in receipts: objects with ASCII keys, strings, integers, booleans).
pub fn canonical(value: &Json) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

/// Writes into one buffer, so that deeply nested values are not copied once per level.
fn write_canonical(value: &Json, out: &mut String) {
    match value {
        Json::Object(map) => {
            let sorted: BTreeMap<&String, &Json> = map.iter().collect();
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// SHA-256 of the canonical bytes, lower-case hexadecimal.
pub fn digest(value: &Json) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, canonical(value).as_bytes()))
}

/// The id of a key: the first 16 hexadecimal digits of the SHA-256 of its public half.
pub fn key_id(public_key: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, public_key))[..16].to_owned()
}

/// The number shown to people: year of the deposit and position in the chain.
pub fn number(at: Timestamp, zone: &jiff::tz::TimeZone, sequence: u64) -> String {
    format!("{}-{sequence:06}", at.to_zoned_datetime(zone.clone()).year())
}

#[cfg(test)]
mod tests;

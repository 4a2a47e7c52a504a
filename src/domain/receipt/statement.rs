//! What is signed, and how it is written: the format of today, and the one before, in which receipts stay valid.

use super::{canonical, digest, instants::Instants};
use crate::domain::ids::DossierId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Format of the receipts that are issued, named in each.
pub const FORMAT: &str = "guichet-receipt/2";
/// The format before: one instant, `deposited_at`, for both.
pub const FORMAT_ONE_INSTANT: &str = "guichet-receipt/1";

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Statement {
    /// [`FORMAT`], or [`FORMAT_ONE_INSTANT`].
    pub format: String,
    /// Number that people use, unique in the portal.
    pub number: String,
    /// Place in the chain, from 1.
    pub sequence: u64,
    /// The dossier.
    pub dossier: DossierId,
    /// Its deposited version, from 1.
    pub version: u32,
    /// When it was received and sealed.
    pub instants: Instants,
    /// Digest of the parts.
    pub digest: String,
    /// Digest of the previous statement in the chain.
    pub previous: String,
    /// Id of the key that signs.
    pub key: String,
}

/// A statement as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    number: String,
    sequence: u64,
    dossier: DossierId,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_at: Option<Timestamp>,
    digest: String,
    previous: String,
    key: String,
}

/// Why the instants of a statement cannot be those of its format.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum InstantsError {
    #[error(
        "format {FORMAT} has received_at and sealed_at, {FORMAT_ONE_INSTANT} has deposited_at, and neither has more"
    )]
    OtherFormat,
    #[error("sealed_at is before received_at")]
    SealedBefore,
}

impl TryFrom<Wire> for Statement {
    type Error = InstantsError;
    fn try_from(wire: Wire) -> Result<Self, InstantsError> {
        let instants = match (wire.format.as_str(), wire.deposited_at, wire.received_at, wire.sealed_at) {
            (FORMAT, None, Some(received), Some(sealed)) => {
                Instants::stated(received, sealed).ok_or(InstantsError::SealedBefore)?
            }
            (FORMAT_ONE_INSTANT, Some(at), None, None) => Instants::single(at),
            _ => return Err(InstantsError::OtherFormat),
        };
        let Wire { format, number, sequence, dossier, version, digest, previous, key, .. } = wire;
        Ok(Self { format, number, sequence, dossier, version, instants, digest, previous, key })
    }
}

impl From<Statement> for Wire {
    fn from(statement: Statement) -> Self {
        let Statement { format, number, sequence, dossier, version, instants, digest, previous, key } = statement;
        let (received, sealed) = (Some(instants.received_at()), Some(instants.sealed_at()));
        let (deposited_at, received_at, sealed_at) =
            if format == FORMAT_ONE_INSTANT { (received, None, None) } else { (None, received, sealed) };
        Self { format, number, sequence, dossier, version, deposited_at, received_at, sealed_at, digest, previous, key }
    }
}

impl Statement {
    /// When the request to deposit was complete.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.instants.received_at()
    }
    /// When it was sealed; the same in receipts of the first format.
    #[must_use]
    pub fn sealed_at(&self) -> Timestamp {
        self.instants.sealed_at()
    }
    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&json!(self))
    }
    /// What the next statement refers to.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&json!(self))
    }
}

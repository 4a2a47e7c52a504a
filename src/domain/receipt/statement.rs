//! The signed statement and its serialization: the current format, and the previous one, in which receipts remain
//! valid.

use super::{canonical, digest, instants::Instants};
use crate::domain::ids::DossierId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Format of new receipts, named in each.
pub const FORMAT: &str = "guichet-receipt/2";
/// The previous format: one instant, `deposited_at`, for both.
pub const FORMAT_ONE_INSTANT: &str = "guichet-receipt/1";

/// The signed statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Statement {
    /// [`FORMAT`], or [`FORMAT_ONE_INSTANT`].
    pub format: String,
    /// Number shown to people, unique in the portal.
    pub number: String,
    /// Position in the chain, from 1.
    pub sequence: u64,
    pub dossier: DossierId,
    /// Its deposited version, from 1.
    pub version: u32,
    /// When it was received and sealed.
    pub instants: Instants,
    /// Digest of the parts.
    pub digest: String,
    /// Digest of the previous statement in the chain.
    pub previous: String,
    /// Id of the signing key.
    pub key: String,
}

/// The serialized form of a statement.
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

/// Why the instants of a statement are invalid in its format.
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
                Instants::from_statement(received, sealed).ok_or(InstantsError::SealedBefore)?
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
    /// When the deposit request was complete.
    pub fn received_at(&self) -> Timestamp {
        self.instants.received_at()
    }
    /// When it was sealed; the same instant in receipts of the first format.
    pub fn sealed_at(&self) -> Timestamp {
        self.instants.sealed_at()
    }
    /// The bytes that are signed.
    pub fn canonical(&self) -> String {
        canonical(&json!(self))
    }
    /// The digest to which the next statement refers.
    pub fn digest(&self) -> String {
        digest(&json!(self))
    }
}

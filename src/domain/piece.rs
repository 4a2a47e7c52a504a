//! The data about an attached piece.

use super::media::Inspection;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A file attached to a dossier, as a supporting document that the call asks for; its bytes are in the blob store under the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedPiece {
    /// Code of the piece in the call.
    pub code: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Name of the file on the applicant's machine, as far as it can be kept.
    pub name: String,
    /// Media type, detected from the bytes.
    pub media: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Day of issue, as declared.
    pub issued: Option<Date>,
    /// The result of the inspection at upload; `None` for files uploaded or sealed before inspections existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
}

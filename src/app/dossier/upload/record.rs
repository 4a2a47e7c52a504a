//! What is remembered of an upload beside its parts.

use crate::app::dossier::upload::{Destination, UploadState};
use crate::{
    app::{AppError, AttachOutcome},
    domain::ids::DossierId,
};
use serde::{Deserialize, Serialize};
use std::io;

/// What is remembered beside the parts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UploadRecord {
    /// The dossier that it leads to.
    pub(super) dossier: DossierId,
    /// Code of the piece.
    pub(super) code: String,
    /// Name of the file.
    pub(super) name: String,
    /// Day of issue, as typed.
    pub(super) issued: String,
    /// Length of the whole, where it was told.
    pub(super) length: Option<u64>,
    /// What the last part was answered, since the answer may get lost.
    pub(super) done: Option<AttachOutcome>,
}

impl UploadRecord {
    /// As it is written.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, AppError> {
        Ok(serde_json::to_vec(self).map_err(io::Error::other)?)
    }

    /// Whether it leads there.
    pub(super) fn leads_to(&self, to: Destination<'_>) -> bool {
        self.dossier == to.dossier && self.code == to.code
    }

    /// How the upload stands once so many bytes have arrived.
    pub(super) fn state(&self, arrived: u64, max_bytes: u64) -> UploadState {
        UploadState {
            offset: self.done.as_ref().map_or(arrived, |done| done.piece.bytes),
            complete: self.done.is_some(),
            length: self.length,
            max_bytes,
        }
    }
}

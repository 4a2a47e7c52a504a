//! What the portal answers.

use super::files::PieceOnDisk;
use crate::web::api::report::FindingBody;
use serde::Deserialize;

/// A draft as it stands on the portal.
#[derive(Debug, Deserialize)]
pub struct Draft {
    /// Receipt that stands.
    pub receipt: Option<String>,
    /// What a deposit would meet.
    pub findings: Vec<FindingBody>,
    /// How many findings it would meet beyond those.
    #[serde(default)]
    pub more: usize,
    pieces: Vec<PieceThere>,
}

#[derive(Debug, Deserialize)]
struct PieceThere {
    code: String,
    sha256: String,
    issued: Option<jiff::civil::Date>,
}

impl Draft {
    /// Whether a piece is there as it lies on the disk.
    #[must_use]
    pub fn has(&self, piece: &PieceOnDisk) -> bool {
        let same = |there: &PieceThere| {
            there.code == piece.code && there.sha256 == piece.sha256 && there.issued == piece.issued
        };
        self.pieces.iter().any(same)
    }

    /// Codes of the pieces that are there.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|piece| piece.code.as_str())
    }
}

/// The answer to a deposit.
#[derive(Debug, Deserialize)]
pub struct Deposited {
    /// Number of the receipt.
    pub receipt: String,
    /// False when it had been deposited before.
    pub new: bool,
}

/// What the portal says of a request that it refuses.
#[derive(Debug, Deserialize)]
pub struct ProblemBody {
    /// Name of the problem, for programs.
    pub code: String,
    /// In a few words.
    pub title: String,
    /// In one sentence.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// What is wrong with the dossier.
    #[serde(default)]
    pub findings: Vec<FindingBody>,
    /// How many findings there are beyond those.
    #[serde(default)]
    pub more: usize,
}

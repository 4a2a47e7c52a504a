//! What is remembered in the folder between two runs.

use crate::domain::{
    calendar::RoundId,
    ids::{AttemptId, DossierId},
};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Name of the file.
const FILE: &str = ".guichet-deposit.json";

/// One dossier on one portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    url: String,
    call: String,
    round: RoundId,
    /// Id under which the dossier is begun.
    pub attempt: AttemptId,
    /// The dossier, once it is begun.
    pub dossier: Option<DossierId>,
    /// Digest of what was last tried to be deposited.
    content: Option<String>,
    /// Id under which that was tried.
    deposit: Option<AttemptId>,
    /// Receipt that it got.
    pub receipt: Option<String>,
    #[serde(skip)]
    path: PathBuf,
}

impl Memory {
    /// What an earlier run has left; nothing of it when that was for another portal, call or round.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn recall(folder: &Path, url: &str, call: &str, round: &RoundId) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let fresh = Self {
            url: url.into(),
            call: call.into(),
            round: round.clone(),
            attempt: AttemptId(Uuid::now_v7()),
            dossier: None,
            content: None,
            deposit: None,
            receipt: None,
            path: path.clone(),
        };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(fresh),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let known: Self = serde_json::from_slice(&text)
            .with_context(|| format!("cannot understand {}: remove it to begin another dossier", path.display()))?;
        let same = known.url == url && known.call == call && known.round == *round;
        Ok(if same { Self { path, ..known } } else { fresh })
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn save(&self) -> anyhow::Result<()> {
        super::write(&self.path, &serde_json::to_vec_pretty(self)?)
    }

    /// The id under which this content is deposited. The same one as before while its fate is unknown, or while its
    /// receipt is the one that stands; another one when the folder has changed, or when the deposit was withdrawn or
    /// replaced elsewhere since, for then the old receipt would no longer be the truth.
    pub fn deposit_attempt(&mut self, content: &str, standing: Option<&str>) -> AttemptId {
        let stands = self.receipt.is_none() || self.receipt.as_deref() == standing;
        match self.deposit {
            Some(attempt) if stands && self.content.as_deref() == Some(content) => attempt,
            _ => {
                let attempt = AttemptId(Uuid::now_v7());
                self.deposit = Some(attempt);
                self.content = Some(content.into());
                self.receipt = None;
                attempt
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(folder: &Path, url: &str) -> Memory {
        Memory::recall(folder, url, "call", &RoundId("round".into())).unwrap()
    }

    #[test]
    fn a_second_run_carries_on_and_another_portal_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let first = recall(folder.path(), "https://a.example");
        first.save().unwrap();
        assert_eq!(recall(folder.path(), "https://a.example").attempt, first.attempt);
        assert_ne!(recall(folder.path(), "https://b.example").attempt, first.attempt);
    }

    #[test]
    fn an_attempt_is_repeated_until_the_content_or_the_standing_receipt_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = recall(folder.path(), "https://a.example");
        let first = memory.deposit_attempt("a", None);
        assert_eq!(memory.deposit_attempt("a", None), first, "the answer was lost");
        memory.receipt = Some("2026-000001".into());
        assert_eq!(memory.deposit_attempt("a", Some("2026-000001")), first, "run again");
        let withdrawn = memory.deposit_attempt("a", None);
        assert_ne!(withdrawn, first, "withdrawn on the portal since");
        memory.receipt = Some("2026-000002".into());
        assert_ne!(memory.deposit_attempt("b", Some("2026-000002")), withdrawn, "the folder has changed");
    }
}

//! What is remembered in the folder between two runs.

use crate::domain::{
    calendar::RoundId,
    ids::{AttemptId, DossierId},
    json::{self, Limits},
};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The file for a portal, call and round: a wrong address once must not make the right one forgotten.
fn file(folder: &Path, url: &str, call: &str, round: &RoundId) -> PathBuf {
    let which = crate::domain::receipt::digest(&serde_json::json!([url, call, round]));
    folder.join(format!(".guichet-deposit-{}.json", &which[..12]))
}

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
    dossier: Option<DossierId>,
    /// The last try to deposit, whatever became of it.
    trying: Option<Try>,
    /// The last try that got a receipt, and the receipt.
    done: Option<(Try, String)>,
    #[serde(skip)]
    path: PathBuf,
}

/// A content and the id under which it is deposited.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Try {
    content: String,
    attempt: AttemptId,
}

impl Memory {
    /// What an earlier run has left; nothing of it when that was for another portal, call or round.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn recall(folder: &Path, url: &str, call: &str, round: &RoundId) -> anyhow::Result<Self> {
        let path = file(folder, url, call, round);
        let fresh = Self {
            url: url.into(),
            call: call.into(),
            round: round.clone(),
            attempt: AttemptId(Uuid::now_v7()),
            dossier: None,
            trying: None,
            done: None,
            path: path.clone(),
        };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(fresh),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let known: Self = json::from_slice(&text, Limits::bytes(1024 * 1024))
            .with_context(|| format!("cannot understand {}: remove it to begin another dossier", path.display()))?;
        let same = known.url == url && known.call == call && known.round == *round;
        Ok(if same { Self { path, ..known } } else { fresh })
    }

    /// Notes the dossier that the portal says this attempt has begun. True when another one was remembered, of which nothing
    /// is believed then: a folder may come from somebody else, and its memory with it.
    pub fn begun(&mut self, dossier: DossierId) -> bool {
        let other = self.dossier.is_some_and(|known| known != dossier);
        if other {
            (self.trying, self.done) = (None, None);
        }
        self.dossier = Some(dossier);
        other
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn save(&self) -> anyhow::Result<()> {
        super::write(&self.path, &serde_json::to_vec_pretty(self)?)
    }

    /// The id under which this content is deposited. The one that got a receipt, while that receipt stands: one that
    /// was withdrawn or replaced elsewhere since is no longer the truth. Otherwise the one whose answer was lost or a
    /// refusal. Another one when the folder has changed since.
    pub fn deposit_attempt(&mut self, content: &str, standing: Option<&str>) -> AttemptId {
        let done = self.done.as_ref().filter(|(_, receipt)| standing == Some(receipt)).map(|(done, _)| done);
        let known = done.into_iter().chain(&self.trying).find(|known| known.content == content);
        let attempt = known.map_or_else(|| AttemptId(Uuid::now_v7()), |known| known.attempt);
        self.trying = Some(Try { content: content.into(), attempt });
        attempt
    }

    /// Notes the receipt of the last try.
    pub fn deposited(&mut self, receipt: &str) {
        self.done = self.trying.take().map(|done| (done, receipt.to_owned()));
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
        let other = recall(folder.path(), "https://b.example");
        assert_ne!(other.attempt, first.attempt);
        other.save().unwrap();
        assert_eq!(recall(folder.path(), "https://a.example").attempt, first.attempt, "it is not forgotten");
    }

    // B11
    #[test]
    fn a_remembered_dossier_is_believed_by_its_attempt_only() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (DossierId(Uuid::now_v7()), DossierId(Uuid::now_v7()));
        let mut memory = recall(folder.path(), "https://a.example");
        assert!(!memory.begun(own), "nothing was remembered");
        let tried = memory.deposit_attempt("a", None);
        memory.save().unwrap();
        let mut memory = recall(folder.path(), "https://a.example");
        assert!(!memory.begun(own));
        assert_eq!(memory.deposit_attempt("a", None), tried, "it carries on");
        assert!(memory.begun(other));
        assert_ne!(memory.deposit_attempt("a", None), tried, "nothing of it is believed");
    }

    #[test]
    fn an_attempt_is_repeated_until_the_content_or_the_standing_receipt_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = recall(folder.path(), "https://a.example");
        let first = memory.deposit_attempt("a", None);
        assert_eq!(memory.deposit_attempt("a", None), first, "the answer was lost");
        memory.deposited("2026-000001");
        assert_eq!(memory.deposit_attempt("a", Some("2026-000001")), first, "run again");
        memory.deposited("2026-000001");
        let refused = memory.deposit_attempt("b", Some("2026-000001"));
        assert_ne!(refused, first, "the folder has changed");
        assert_eq!(memory.deposit_attempt("a", Some("2026-000001")), first, "and changed back");
        memory.deposited("2026-000001");
        assert_ne!(memory.deposit_attempt("a", None), first, "withdrawn on the portal since");
    }
}

//! What is remembered in the folder between two runs.

use super::address::PortalAddress;
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

/// How much of a file is read.
const LIMITS: Limits = Limits::bytes(1024 * 1024);

/// What was remembered of the portal under another way to write its address, as addresses once were: of several, that of
/// the dossier which came furthest.
fn former(folder: &Path, portal: &PortalAddress, call: &str, round: &RoundId) -> Option<Memory> {
    let named =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(".guichet-deposit-"));
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).filter(named);
    let read = |entry: fs::DirEntry| json::from_slice::<Memory>(&fs::read(entry.path()).ok()?, LIMITS).ok();
    entries
        .filter_map(read)
        .filter(|known| known.is_for(portal, call, round))
        .max_by_key(|known| (known.done.is_some(), known.dossier.is_some(), known.attempt.0))
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
    pub fn recall(folder: &Path, portal: &PortalAddress, call: &str, round: &RoundId) -> anyhow::Result<Self> {
        let url = portal.key();
        let path = file(folder, url, call, round);
        let known = match fs::read(&path) {
            Ok(text) => {
                let known: Self = json::from_slice(&text, LIMITS).with_context(|| {
                    format!("cannot understand {}: remove it to begin another dossier", path.display())
                })?;
                Some(known).filter(|known| known.is_for(portal, call, round))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => former(folder, portal, call, round),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Ok(match known {
            Some(known) => Self { url: url.into(), path, ..known },
            None => Self {
                url: url.into(),
                call: call.into(),
                round: round.clone(),
                attempt: AttemptId(Uuid::now_v7()),
                dossier: None,
                trying: None,
                done: None,
                path,
            },
        })
    }

    fn is_for(&self, portal: &PortalAddress, call: &str, round: &RoundId) -> bool {
        portal.is_origin_of(&self.url) && self.call == call && self.round == *round
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
    use crate::domain::text::Lang;

    fn recall(folder: &Path, url: &str) -> Memory {
        let portal = PortalAddress::parse(url, Lang::Fr).unwrap();
        Memory::recall(folder, &portal, "call", &RoundId("round".into())).unwrap()
    }

    #[test]
    fn one_portal_is_remembered_once_however_its_address_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let first = recall(folder.path(), "https://a.example");
        first.save().unwrap();
        for url in ["https://a.example/", "https://A.example:443/en", "https://a.example/en/"] {
            let again = recall(folder.path(), url);
            assert_eq!((again.attempt, again.path), (first.attempt, first.path.clone()), "{url}");
        }
    }

    /// Files were named after the text of the address, which was the portal's alone in most.
    #[test]
    fn what_was_remembered_under_the_text_of_an_address_is_found() {
        for text in ["https://a.example/", "https://a.example/en", "https://a.example/?x=1"] {
            let folder = tempfile::tempdir().unwrap();
            let mut old = recall(folder.path(), "https://a.example");
            (old.url, old.path) = (text.into(), file(folder.path(), text, "call", &RoundId("round".into())));
            old.save().unwrap();
            let found = recall(folder.path(), "https://a.example");
            assert_eq!(found.attempt, old.attempt, "{text}");
            found.save().unwrap();
            assert_eq!(recall(folder.path(), "https://a.example/en").attempt, old.attempt, "{text}");
            assert_ne!(recall(folder.path(), "https://b.example").attempt, old.attempt);
            assert_ne!(recall(folder.path(), "https://a.example:8443").attempt, old.attempt);
        }
    }

    #[test]
    fn of_several_the_one_that_was_deposited_carries_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = None;
        for (text, deposited) in [("https://a.example/en", true), ("https://a.example/?x=1", false)] {
            let mut old = recall(tempfile::tempdir().unwrap().path(), "https://a.example");
            (old.url, old.path) = (text.into(), file(folder.path(), text, "call", &RoundId("round".into())));
            old.begun(DossierId(Uuid::now_v7()));
            if deposited {
                old.deposit_attempt("a", None);
                old.deposited("2026-000001");
                kept = Some(old.attempt);
            }
            old.save().unwrap();
        }
        assert_eq!(Some(recall(folder.path(), "https://a.example").attempt), kept);
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

//! A dossier: a draft that changes, and deposited versions that never do.

mod changes;

pub use changes::{ChangeLog, LastChange};
pub mod status;

use super::{
    access::{Part, Stage},
    calendar::{Round, RoundId, RoundState},
    document::Document,
    evaluation::{DepositContext, Evaluation},
    ids::{AccountId, DossierId},
    piece::AttachedPiece,
    receipt::{ManifestInput, digest, manifest, part_digests},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The current state of a dossier.
#[derive(Clone, Debug)]
pub struct Dossier {
    pub id: DossierId,
    pub call: String,
    pub round: RoundId,
    /// The account that owns it.
    pub owner: AccountId,
    /// Answers as typed.
    pub draft: Document,
    /// Counts the changes of the draft and its pieces: the entity tag.
    pub revision: u64,
    /// The current deposited version, if there is one and it was not withdrawn.
    pub deposit: Option<Deposit>,
    /// The admission of the current deposit, if it was found admissible.
    pub admission: Option<Admission>,
    /// The number of versions ever deposited.
    pub versions: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// Last change of the draft or its pieces; never moves back.
    pub changed_at: Timestamp,
    /// Last change of each part and of each answer.
    pub changes: ChangeLog,
    /// When the deposit was withdrawn, if no new deposit followed.
    pub withdrawn_at: Option<Timestamp>,
    /// When the draft was deleted. What is left of it then has no content.
    pub deleted_at: Option<Timestamp>,
}

impl Dossier {
    /// A new dossier: a draft at revision 1, nothing deposited.
    #[must_use]
    pub fn new(
        id: DossierId,
        call: &str,
        round: &RoundId,
        owner: AccountId,
        draft: Document,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            call: call.to_owned(),
            round: round.clone(),
            owner,
            draft,
            revision: 1,
            deposit: None,
            admission: None,
            versions: 0,
            created_at,
            changed_at: created_at,
            changes: ChangeLog::default(),
            withdrawn_at: None,
            deleted_at: None,
        }
    }
}

/// The origin of a new dossier. One attempt creates one dossier from one origin: the same attempt with another origin
/// is another operation.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub call: &'a str,
    pub round: &'a RoundId,
    /// The dossier whose answers and pieces were carried over.
    pub source: Option<DossierId>,
    /// The initial answers.
    pub document: Option<&'a Document>,
}

impl Origin<'_> {
    /// SHA-256, hexadecimal.
    pub fn digest(&self) -> String {
        digest(&serde_json::json!([self.call, self.round, self.source, self.document]))
    }
}

/// The current deposited version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deposit {
    pub version: u32,
    pub receipt: String,
    /// When its request was complete.
    pub at: Timestamp,
    /// Revision of the draft that was deposited.
    pub revision: u64,
}

/// The decision that a deposit is complete and eligible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    pub at: Timestamp,
    /// The account that decided.
    pub by: AccountId,
}

/// The state of a dossier, shown first on its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// `brouillon`: nothing has been deposited.
    Draft,
    /// `depose`: a deposit is current.
    Deposited,
    /// `depose`, and the draft has changed since: the deposited version remains current.
    Changed,
    /// `retire`: withdrawn.
    Withdrawn,
}

/// A version that passed every rule and is to be deposited: its manifest has no statement and no signature yet.
#[derive(Clone, Debug)]
pub struct PreparedVersion {
    /// The version it will have.
    pub version: u32,
    pub manifest: serde_json::Value,
    /// Digests of its parts.
    pub part_digests: BTreeMap<String, String>,
    pub evaluation: Evaluation,
}

/// Why a deposit is refused; the draft is kept.
#[derive(Clone, Debug)]
pub enum DepositRefusal {
    /// Rules that block; contains all findings.
    Findings(Box<Evaluation>),
    /// The same content is already deposited under this receipt.
    Unchanged(String),
}

impl Dossier {
    pub fn state(&self) -> State {
        match &self.deposit {
            Some(deposit) if deposit.revision == self.revision => State::Deposited,
            Some(_) => State::Changed,
            None if self.withdrawn_at.is_some() => State::Withdrawn,
            None => State::Draft,
        }
    }

    /// The stage, as far as rights depend on it.
    pub fn stage(&self) -> Stage {
        match self.state() {
            State::Draft => Stage::Draft,
            State::Withdrawn => Stage::Withdrawn,
            State::Deposited | State::Changed if self.admission.is_some() => Stage::Admissible,
            State::Deposited | State::Changed => Stage::Deposited,
        }
    }

    /// Whether it was ever deposited. Such a dossier is kept, withdrawn or not: its receipts are links of the chain, and
    /// prove to both sides what was received and when.
    #[must_use]
    pub fn was_deposited(&self) -> bool {
        self.versions > 0
    }

    /// Whether the current deposit can be evaluated: while its round is open, the applicant may still replace it.
    #[must_use]
    pub fn can_be_admitted(&self, round: &Round, now: Timestamp) -> bool {
        self.deposit.is_some() && decides_admission(round, now)
    }

    /// Records a change of parts of the draft or of its pieces.
    pub fn change(&mut self, parts: impl IntoIterator<Item = Part>, at: Timestamp) {
        self.revision += 1;
        // A request that was complete earlier may be written later.
        self.changed_at = self.changed_at.max(at);
        for part in parts {
            self.changes.note(&part, LastChange { revision: self.revision, at, by: None });
        }
    }

    /// Records a change of answers, by their paths, and of the sections that they are in.
    pub fn change_answers(&mut self, paths: &BTreeSet<String>, by: AccountId, at: Timestamp) {
        let sections: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('.').next()).collect();
        self.change(sections.into_iter().map(|section| Part::Section(section.to_owned())), at);
        for path in paths {
            self.changes.note_answer(path, LastChange { revision: self.revision, at, by: Some(by) });
        }
    }

    /// Evaluates the draft as a deposit and prepares the manifest of its next version, for a depositor, in the portal at an
    /// address.
    ///
    /// # Errors
    /// [`DepositRefusal`] with every blocking finding at once.
    pub fn prepare_version(
        &self,
        context: &DepositContext<'_>,
        depositor: AccountId,
        portal: &str,
    ) -> Result<PreparedVersion, DepositRefusal> {
        let DepositContext { call, round, pieces, received_at, .. } = *context;
        if let Some(deposit) = self.deposit.as_ref().filter(|deposit| deposit.revision == self.revision) {
            return Err(DepositRefusal::Unchanged(deposit.receipt.clone()));
        }
        let evaluation = context.evaluate(&self.draft);
        if evaluation.blocking_count() > 0 {
            return Err(DepositRefusal::Findings(Box::new(evaluation)));
        }
        let version = self.versions + 1;
        let requested_pieces: Vec<AttachedPiece> =
            pieces.iter().filter(|piece| call.piece(&piece.code).is_some()).cloned().collect();
        let manifest = manifest(&ManifestInput {
            portal,
            call,
            round,
            dossier: self.id,
            version,
            depositor,
            evaluation: &evaluation,
            pieces: &requested_pieces,
            received_at,
        });
        Ok(PreparedVersion { version, part_digests: part_digests(&manifest), manifest, evaluation })
    }
}

/// Whether deposits of a round can be found admissible: once it has closed.
#[must_use]
pub fn decides_admission(round: &Round, now: Timestamp) -> bool {
    round.state(now) == RoundState::Closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{CALL, at};
    use uuid::Uuid;

    #[test]
    fn what_stands_is_admissible_once_its_round_has_closed_and_somebody_has_found_it_so() {
        let opened = at("2024-07-01T10:00:00+02:00");
        let round = CALL.round(&RoundId("2024".into())).unwrap();
        let mut dossier = Dossier {
            id: DossierId(Uuid::from_u128(1)),
            call: CALL.id.clone(),
            round: round.id.clone(),
            owner: AccountId(Uuid::from_u128(2)),
            draft: Document::default(),
            revision: 2,
            deposit: None,
            admission: None,
            versions: 0,
            created_at: opened,
            changed_at: opened,
            changes: ChangeLog::default(),
            withdrawn_at: None,
            deleted_at: None,
        };
        let (last, closed) = (at("2024-07-31T23:59:59.999+02:00"), at("2024-08-01T00:00:00+02:00"));
        assert!(!dossier.can_be_admitted(round, closed), "nothing stands");
        dossier.deposit = Some(Deposit { version: 1, receipt: "2024-000001".into(), at: opened, revision: 1 });
        assert!(!dossier.can_be_admitted(round, last) && dossier.can_be_admitted(round, closed));
        let announced = CALL.round(&RoundId("2025".into())).unwrap();
        assert!(!dossier.can_be_admitted(announced, closed), "a round without dates has not closed");
        assert_eq!(dossier.stage(), Stage::Deposited);
        dossier.admission = Some(Admission { at: closed, by: AccountId(Uuid::from_u128(3)) });
        assert_eq!(dossier.stage(), Stage::Admissible, "a draft that has changed since changes nothing");
        dossier.deposit = None;
        dossier.withdrawn_at = Some(closed);
        assert_eq!(dossier.stage(), Stage::Withdrawn);
    }

    #[test]
    fn a_change_of_answers_is_one_of_their_sections_and_has_an_author() {
        let (opened, later) = (at("2024-07-01T10:00:00+02:00"), at("2024-07-02T10:00:00+02:00"));
        let [owner, guest] = [1, 2].map(|number| AccountId(Uuid::from_u128(number)));
        let id = DossierId(Uuid::from_u128(3));
        let mut dossier = Dossier::new(id, &CALL.id, &RoundId("2024".into()), owner, Document::default(), opened);
        let both = ["budget.persons", "project.title"].map(str::to_owned);
        dossier.change_answers(&BTreeSet::from(both), owner, opened);
        dossier.change_answers(&BTreeSet::from(["project.title".to_owned()]), guest, later);
        assert_eq!((dossier.revision, dossier.changed_at), (3, later));
        let author = |path| dossier.changes.of_answer(path).map(|change| (change.by, change.at, change.revision));
        assert_eq!(author("project.title"), Some((Some(guest), later, 3)));
        assert_eq!(author("budget.persons"), Some((Some(owner), opened, 2)));
        assert_eq!(dossier.changes.since(2, opened), [Part::Section("project".into())]);
    }
}

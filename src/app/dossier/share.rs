//! A reader's rights on a dossier. Pages use them for display; the policy decides about actions.

use crate::app::DossierAccess;
use crate::domain::{
    access::{Grant, GrantedAction, Part},
    dossier::{
        Dossier,
        status::{DepositStatus, PossibleAction},
    },
    evaluation::Evaluation,
    piece::AttachedPiece,
};
use jiff::Timestamp;

/// A reader's rights on one dossier.
#[derive(Clone, Debug)]
pub struct Share {
    /// The reader owns the dossier.
    pub owned: bool,
    grants: Vec<Grant>,
    owner_notes: Vec<String>,
}

impl Share {
    pub(in crate::app) fn of(access: &DossierAccess<'_>) -> Self {
        Self {
            owned: access.owned(),
            grants: access.relations().grants.clone(),
            owner_notes: access.owner_notes().to_vec(),
        }
    }

    /// The owner's rights: everything.
    #[must_use]
    pub fn owner() -> Self {
        Self { owned: true, grants: Vec::new(), owner_notes: Vec::new() }
    }

    fn has(&self, holds: impl Fn(&Grant) -> bool) -> bool {
        self.owned || self.grants.iter().any(holds)
    }

    /// The owner's notes to the reader.
    pub fn owner_notes(&self) -> &[String] {
        &self.owner_notes
    }

    /// Whether all of it may be read.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.has(|grant| grant.part == Part::Whole || grant.verb == GrantedAction::Deposit)
    }

    /// Whether it may be deposited.
    #[must_use]
    pub fn deposits(&self) -> bool {
        self.has(|grant| grant.verb == GrantedAction::Deposit)
    }

    /// Whether a part may be read.
    #[must_use]
    pub fn reads(&self, part: &Part) -> bool {
        self.whole() || self.has(|grant| grant.part == *part)
    }

    /// Whether a part may be changed.
    #[must_use]
    pub fn writes(&self, part: &Part) -> bool {
        self.has(|grant| grant.verb == GrantedAction::Write && (grant.part == *part || grant.part == Part::Whole))
    }

    /// Whether a section may be read.
    #[must_use]
    pub fn section(&self, id: &str) -> bool {
        self.reads(&Part::Section(id.to_owned()))
    }

    /// When the first of a guest's rights expires.
    pub fn until(&self) -> Option<Timestamp> {
        if self.owned { None } else { self.grants.iter().map(|grant| grant.until).min() }
    }

    /// What the reader may do with the dossier.
    #[must_use]
    pub fn possible_actions(&self, status: &DepositStatus) -> Vec<PossibleAction> {
        let given = |step: &PossibleAction| match step {
            PossibleAction::Edit => self.has(|grant| grant.verb == GrantedAction::Write),
            PossibleAction::Deposit | PossibleAction::Replace => self.deposits(),
            PossibleAction::Withdraw | PossibleAction::CarryOver => self.owned,
        };
        status.possible_actions().into_iter().filter(given).collect()
    }

    /// Removes from a dossier everything that was not shared, so that it cannot be shown by mistake.
    pub(in crate::app) fn prune(&self, dossier: &mut Dossier, pieces: &mut Vec<AttachedPiece>) {
        if !self.whole() {
            dossier.draft.0.retain(|section, _| self.section(section));
            pieces.retain(|piece| self.reads(&Part::Piece(piece.code.clone())));
        }
    }

    /// Removes from an evaluation everything about parts that were not shared.
    pub(in crate::app) fn prune_findings(&self, evaluation: &mut Evaluation) {
        if !self.whole() {
            evaluation.findings.retain(|finding| match finding.path.strip_prefix("pieces.") {
                Some(code) => self.reads(&Part::Piece(code.to_owned())),
                None => self.section(finding.section()),
            });
            evaluation.document.0.retain(|section, _| self.section(section));
        }
    }
}

//! Rows that cannot be read without a permit.

use super::rules::RuleId;
use crate::domain::{
    access::{DossierTarget, Part, Relations, Stage},
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;

/// The policy's permission for one action on one target. Only the policy creates permits.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    dossier: Option<DossierId>,
    /// The rule that allowed it.
    pub rule: RuleId,
}

impl Permit {
    pub(super) fn new(dossier: Option<DossierId>, rule: RuleId) -> Self {
        Self { dossier, rule }
    }
}

/// What the policy needs to know of a row before it may be read.
pub trait Protected {
    /// The dossier that it belongs to.
    fn dossier(&self) -> DossierId;
    /// Owner of the dossier.
    fn owner(&self) -> AccountId;
    /// Stage of the dossier.
    fn stage(&self) -> Stage;
    /// When the dossier was deleted.
    fn deleted_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A row as the store returns it: its content is inaccessible until the policy has allowed access to its dossier.
#[derive(Debug)]
pub struct Guarded<T> {
    row: T,
    owner_closed: bool,
}

impl<T: Protected> Guarded<T> {
    /// Guards a row.
    pub fn new(row: T) -> Self {
        Self { row, owner_closed: false }
    }

    /// The same row, with whether the account of its owner is closed.
    #[must_use]
    pub fn with_owner_closed(self, owner_closed: bool) -> Self {
        Self { owner_closed, ..self }
    }

    pub fn dossier(&self) -> DossierId {
        self.row.dossier()
    }

    pub fn owner(&self) -> AccountId {
        self.row.owner()
    }

    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.row.deleted_at()
    }

    /// Whether the account of the owner is known to be closed, which a row tells that was read for a change.
    pub fn owner_closed(&self) -> bool {
        self.owner_closed
    }

    /// The dossier as a target for the policy.
    pub fn target(&self, relations: Relations) -> DossierTarget {
        let Self { row, .. } = self;
        DossierTarget { id: row.dossier(), owner: row.owner(), stage: row.stage(), part: Part::Overview, relations }
    }

    /// Returns the row, or `None` if the permit is for another dossier.
    pub fn open(self, permit: &Permit) -> Option<T> {
        (permit.dossier == Some(self.row.dossier())).then_some(self.row)
    }
}

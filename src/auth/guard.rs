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
pub struct Guarded<T>(T);

impl<T: Protected> Guarded<T> {
    /// Guards a row.
    pub fn new(row: T) -> Self {
        Self(row)
    }

    pub fn dossier(&self) -> DossierId {
        self.0.dossier()
    }

    pub fn owner(&self) -> AccountId {
        self.0.owner()
    }

    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.0.deleted_at()
    }

    /// The dossier as a target for the policy.
    pub fn target(&self, relations: Relations) -> DossierTarget {
        let Self(row) = self;
        DossierTarget { id: row.dossier(), owner: row.owner(), stage: row.stage(), part: Part::Overview, relations }
    }

    /// Returns the row, or `None` if the permit is for another dossier.
    pub fn open(self, permit: &Permit) -> Option<T> {
        (permit.dossier == Some(self.0.dossier())).then_some(self.0)
    }
}

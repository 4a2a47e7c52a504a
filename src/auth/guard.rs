//! Rows that nobody sees without a permit.

use super::rules::RuleId;
use crate::domain::{
    access::{About, Part, Relations, Stage},
    ids::{AccountId, DossierId},
};

/// The policy's yes to one action on one target. Only the policy makes them.
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

/// What the policy needs to know of a row before anybody may see it.
pub trait Protected {
    /// Which dossier it belongs to.
    fn dossier(&self) -> DossierId;
    /// Whose that is.
    fn owner(&self) -> AccountId;
    /// How far it is.
    fn stage(&self) -> Stage;
}

/// A row as the store hands it out: closed until the policy has said yes about its dossier.
#[derive(Debug)]
pub struct Guarded<T>(T);

impl<T: Protected> Guarded<T> {
    /// Closes a row.
    pub fn new(row: T) -> Self {
        Self(row)
    }

    /// Which dossier.
    pub fn dossier(&self) -> DossierId {
        self.0.dossier()
    }

    pub fn owner(&self) -> AccountId {
        self.0.owner()
    }

    /// The dossier as something to ask the policy about.
    pub fn about(&self, relations: Relations) -> About {
        let Self(row) = self;
        About { id: row.dossier(), owner: row.owner(), stage: row.stage(), part: Part::Overview, relations }
    }

    /// Opens it; nothing when the permit is for another dossier.
    pub fn open(self, permit: &Permit) -> Option<T> {
        (permit.dossier == Some(self.0.dossier())).then_some(self.0)
    }
}

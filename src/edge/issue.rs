//! Objects that are not in the desired state.

use crate::edge::{object::ObjectRef, report::SyncStatus};

/// An object that is not in the desired state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub object: ObjectRef,
    /// `Pending` when the next reconciliation may repair it.
    pub status: SyncStatus,
    pub reason: String,
}

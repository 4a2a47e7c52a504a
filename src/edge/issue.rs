//! Objects that are not in the desired state.

use crate::edge::{object::Object, report::Condition};

/// An object that is not in the desired state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub object: Object,
    /// `Pending` when the next reconciliation may repair it.
    pub condition: Condition,
    pub reason: String,
}

//! What is not as it should be.

use crate::edge::{object::Object, report::Condition};

/// An object that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The object.
    pub object: Object,
    /// Pending: the next round may mend it.
    pub condition: Condition,
    /// The reason.
    pub reason: String,
}

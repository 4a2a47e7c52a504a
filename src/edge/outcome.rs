//! The outcome of one reconciliation.

use crate::edge::{issue::Issue, report::SyncStatus, verify::Observation};
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

/// What one reconciliation found and did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The executed steps, in order, as text: the commands themselves contain keys, and many are large.
    pub steps: Vec<String>,
    /// Objects that are not in the desired state.
    pub issues: Vec<Issue>,
    /// Sōzu's workers and certificates at the end.
    pub observation: Observation,
    /// Processes that Sōzu sends requests to now.
    pub serving_processes: BTreeSet<Uuid>,
    /// Processes that were removed from Sōzu.
    pub removed: BTreeSet<Uuid>,
    /// Whether something else had changed Sōzu since the last reconciliation, and commands repaired it.
    pub drift_repaired: bool,
    /// Duration of the reconciliation.
    pub took: Duration,
}

impl Outcome {
    /// Whether Sōzu is verified to be in the desired state, as far as that is possible.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.issues.iter().all(|issue| issue.status != SyncStatus::Pending)
    }
}

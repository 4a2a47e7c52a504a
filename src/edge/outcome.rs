//! What one round found and did.

use crate::edge::{issue::Issue, report::Condition, verify::Observation};
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

/// What one round found and did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The steps that were taken, in order, in words: the orders themselves hold keys, and many are large.
    pub steps: Vec<String>,
    /// What is not as it should be.
    pub issues: Vec<Issue>,
    /// Sōzu's workers and certificates as seen at the end.
    pub observation: Observation,
    /// Ids of the processes that Sōzu sends requests to now.
    pub serving: BTreeSet<Uuid>,
    /// Ids of the processes that it was told to send no more requests to.
    pub removed: BTreeSet<Uuid>,
    /// Whether Sōzu was found in another state than the last round left it in, and was given orders for it.
    pub found_changed: bool,
    /// From the first question to the last answer.
    pub took: Duration,
}

impl Outcome {
    /// Whether Sōzu is seen to be just as it should, as far as that is possible at all.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.issues.iter().all(|issue| issue.condition != Condition::Pending)
    }
}

//! When Sōzu has to be reconciled, and when a cheap check is enough.

use crate::edge::spec::EdgeSpec;
use std::time::{Duration, Instant};

/// Longest time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// Longest time between two reconciliations.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(10);
/// Time that Sōzu gets after commands, before its events count as drift and its state is saved.
const SETTLE_TIME: Duration = Duration::from_millis(500);

/// What the decision depends on.
#[derive(Default)]
pub(super) struct Triggers {
    /// The desired state of the last reconciliation, if it was applied whole.
    pub applied: Option<EdgeSpec>,
    /// Whether the last reconciliation verified it.
    pub verified: bool,
    /// Whether an event suggests that something else changed Sōzu.
    pub drift_suspected: bool,
    /// The last reconciliation.
    pub reconciled_at: Option<Instant>,
    /// The last check or reconciliation.
    pub checked_at: Option<Instant>,
    /// The last time that Sōzu was sent commands or saved its state.
    pub commanded_at: Option<Instant>,
}

impl Triggers {
    pub fn needs_reconcile(&self, spec: &EdgeSpec, pending_probes: bool) -> bool {
        let changed = self.applied.as_ref() != Some(spec);
        // What cannot be verified is tried again, after a pause.
        let unfinished = !self.verified || pending_probes;
        let retries = unfinished && is_older(self.reconciled_at, SETTLE_TIME);
        changed || self.is_stale() || is_older(self.checked_at, CHECK_INTERVAL) || self.drift_suspected || retries
    }

    /// Whether a full reconciliation is overdue.
    pub fn is_stale(&self) -> bool {
        is_older(self.reconciled_at, RECONCILE_INTERVAL)
    }

    /// Whether it is enough to check that the last state is still in force.
    pub fn check_is_enough(&self, spec: &EdgeSpec, pending_probes: bool) -> bool {
        let unchanged = self.applied.as_ref() == Some(spec);
        unchanged && !self.is_stale() && self.verified && !self.drift_suspected && !pending_probes
    }

    /// An event said that something changed. The edge's own commands cause events too, and were verified after them.
    pub fn on_change(&mut self) {
        self.drift_suspected |= is_older(self.commanded_at, SETTLE_TIME);
    }

    /// Whether Sōzu was sent no commands for a while.
    pub fn has_settled(&self) -> bool {
        self.commanded_at.is_none_or(|at| at.elapsed() >= SETTLE_TIME)
    }
}

/// Whether something never happened, or longer ago than this.
pub(super) fn is_older(at: Option<Instant>, age: Duration) -> bool {
    at.is_none_or(|at| at.elapsed() > age)
}

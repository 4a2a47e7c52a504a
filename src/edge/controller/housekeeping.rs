//! What is done from time to time beside the reconciliation: Sōzu's state is saved, its metrics are read, a report is
//! published.

use super::{Controller, triggers::is_older};
use std::time::{Duration, Instant};

/// Time between two readings of Sōzu's metrics.
const TRAFFIC_INTERVAL: Duration = Duration::from_secs(5);

/// What is due, and since when.
#[derive(Default)]
pub(super) struct Housekeeping {
    pub unsaved: bool,
    pub traffic_read_at: Option<Instant>,
    pub published_at: Option<Instant>,
}

impl Controller {
    /// Saves the verified state for Sōzu's next start.
    pub(super) async fn save_state(&mut self) {
        if self.housekeeping.unsaved && self.triggers.verified && self.triggers.has_settled() {
            let saved = self.reconciler.sozu().save_state().await;
            self.housekeeping.unsaved = saved.is_err();
            self.triggers.commanded_at = Some(Instant::now());
            self.status.state_saved(saved.err().map(|error| format!("{:#}", anyhow::Error::from(error))));
        }
    }

    pub(super) async fn read_traffic(&mut self) {
        if self.main_pid.is_some() && is_older(self.housekeeping.traffic_read_at, TRAFFIC_INTERVAL) {
            self.housekeeping.traffic_read_at = Some(Instant::now());
            match self.reconciler.sozu().traffic().await {
                Ok(traffic) => self.status.traffic(&traffic),
                Err(error) => tracing::debug!("{:#}", anyhow::Error::from(error)),
            }
        }
    }

    pub(super) fn publish(&mut self) {
        self.housekeeping.published_at = Some(Instant::now());
        let paused = self.conflict_detector.in_conflict();
        self.status.paused_by_conflict(paused);
        let mut source_issues = self.certificates.issues();
        source_issues.extend_from_slice(self.answers.issues());
        let inventory = self.wake.inventory.borrow().clone();
        let (loaded, converged) = (self.certificates.current(), self.triggers.verified && !paused);
        self.status.publish(&inventory, loaded, &source_issues, self.lease.role(), converged);
    }
}

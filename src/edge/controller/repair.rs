//! Repairs: how often is too often, and workers that keep another state.

use super::Controller;
use crate::edge::outcome::Outcome;
use std::time::{Duration, Instant};

/// So many repairs within a minute mean that somebody else gives orders too…
const MAX_REPAIRS_PER_MINUTE: usize = 8;
/// …and we stop for so long.
pub(super) const CONFLICT_PAUSE: Duration = Duration::from_secs(60);
/// Rounds after which a worker that disagrees is started anew.
const STUBBORN: u32 = 2;

impl Controller {
    pub(super) fn record_repair(&mut self, now: Instant) {
        self.repairs.retain(|at| now.duration_since(*at) < Duration::from_secs(60));
        self.repairs.push_back(now);
        if self.repairs.len() >= MAX_REPAIRS_PER_MINUTE {
            tracing::error!(
                "somebody else gives orders to this Sōzu: standing back for {} s",
                CONFLICT_PAUSE.as_secs()
            );
            self.paused_by_conflict = Some(now);
            self.repairs.clear();
        }
    }

    /// A worker that keeps another state than the main process is built again from the main process' state.
    pub(super) async fn mend_workers(&mut self, outcome: &Outcome) {
        let disagreeing = &outcome.observation.disagreeing;
        self.stubborn.retain(|id, _| disagreeing.contains(id));
        for id in disagreeing {
            let times = self.stubborn.entry(*id).or_default();
            *times += 1;
            if *times < STUBBORN {
                continue;
            }
            tracing::warn!(worker = id, "this worker keeps another state: it is replaced");
            *times = 0;
            if let Err(error) = self.reconciler.sozu().upgrade_worker(*id).await {
                tracing::warn!(worker = id, "{:#}", anyhow::Error::from(error).context("it cannot be replaced"));
            }
        }
    }
}

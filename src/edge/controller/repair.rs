//! Repairs: how often is too often, and workers that keep another state.

use super::Controller;
use crate::edge::outcome::Outcome;
use std::time::{Duration, Instant};

/// So many repairs within a minute mean that somebody else gives orders too…
const MAX_REPAIRS_PER_MINUTE: usize = 8;
/// …and we stop for so long.
pub(super) const CONFLICT_PAUSE: Duration = Duration::from_secs(60);
/// Rounds after which a worker that disagrees is started anew.
const MAX_DIVERGED_ROUNDS: u32 = 2;

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
    pub(super) async fn replace_diverged_workers(&mut self, outcome: &Outcome) {
        let diverged = &outcome.observation.diverged;
        self.diverged.retain(|id, _| diverged.contains(id));
        for id in diverged {
            let times = self.diverged.entry(*id).or_default();
            *times += 1;
            if *times < MAX_DIVERGED_ROUNDS {
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

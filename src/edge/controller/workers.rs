//! Workers whose state differs from that of Sōzu's main process.

use super::Controller;
use crate::edge::outcome::Outcome;

/// Reconciliations after which a diverged worker is replaced.
const MAX_DIVERGED_ROUNDS: u32 = 2;

impl Controller {
    /// Replaces workers that have diverged: the new ones are built from the main process' state.
    pub(super) async fn replace_diverged_workers(&mut self, outcome: &Outcome) {
        let diverged = &outcome.observation.diverged;
        self.diverged.retain(|id, _| diverged.contains(id));
        for id in diverged {
            let rounds = self.diverged.entry(*id).or_default();
            *rounds += 1;
            if *rounds < MAX_DIVERGED_ROUNDS {
                continue;
            }
            tracing::warn!(worker = id, "this worker keeps another state: it is replaced");
            *rounds = 0;
            if let Err(error) = self.reconciler.sozu().upgrade_worker(*id).await {
                tracing::warn!(worker = id, "{:#}", anyhow::Error::from(error).context("it cannot be replaced"));
            }
        }
    }
}

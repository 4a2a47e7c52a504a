//! Workers whose state differs from that of Sōzu's main process.

use super::Controller;
use crate::edge::outcome::Outcome;

/// Reconciliations after which a diverged worker is replaced.
const MAX_DIVERGED_RECONCILIATIONS: u32 = 2;

impl Controller {
    /// Replaces workers that have diverged: the new ones are built from the main process' state.
    pub(super) async fn replace_diverged_workers(&mut self, outcome: &Outcome) {
        let diverged = &outcome.observation.diverged;
        self.diverged.retain(|id, _| diverged.contains(id));
        for id in diverged {
            let reconciliations = self.diverged.entry(*id).or_default();
            *reconciliations += 1;
            if *reconciliations < MAX_DIVERGED_RECONCILIATIONS {
                continue;
            }
            tracing::warn!(worker = id, "the state of this worker diverged: it is replaced");
            *reconciliations = 0;
            if let Err(error) = self.reconciler.sozu().upgrade_worker(*id).await {
                tracing::warn!(worker = id, "{:#}", anyhow::Error::from(error).context("it cannot be replaced"));
            }
        }
    }
}

//! Exponential backoff for steps that Sōzu refused. A refusal does not delay other objects.

use crate::edge::{object::ObjectRef, plan::Phase};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// Delay after the first refusal; it doubles with each further one.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(1);
/// Short enough that what the operator repaired is applied without a restart of the edge.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Retry {
    reason: String,
    refusals: u32,
    at: Instant,
}

/// Refused steps by object, and what they block.
#[derive(Debug, Default)]
pub struct Backoff {
    retries: BTreeMap<ObjectRef, Retry>,
    /// Objects of the current reconciliation's plan; the others are no longer desired.
    seen: BTreeSet<ObjectRef>,
    /// Phases that must not remove anything in this reconciliation, because the successor was refused.
    blocked: BTreeSet<Phase>,
}

impl Backoff {
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.retries.is_empty()
    }

    /// The reason of the last refusal, while its delay lasts. Then the removal of what the object should replace is
    /// blocked too.
    pub fn pending_reason(&mut self, object: &ObjectRef, phase: Phase) -> Option<String> {
        let retry = self.retries.get(object)?;
        self.seen.insert(object.clone());
        let reason = (Instant::now() < retry.at).then(|| retry.reason.clone())?;
        self.block_removals(phase);
        Some(reason)
    }

    fn block_removals(&mut self, phase: Phase) {
        let blocked: &[Phase] = match phase {
            Phase::Backend => &[Phase::RemoveBackend],
            Phase::Certificate => &[Phase::RemoveCertificate],
            // Routes and certificates of the old listener have to stay until the new one serves.
            Phase::Listener | Phase::Activate => {
                &[Phase::RemoveFrontend, Phase::RemoveCertificate, Phase::Deactivate, Phase::RemoveListener]
            }
            _ => &[],
        };
        self.blocked.extend(blocked);
    }

    /// Records a refusal, and blocks the removal of what the object should replace.
    pub fn record_refusal(&mut self, object: &ObjectRef, phase: Phase, reason: &str) {
        let refusals = self.retries.get(object).map_or(0, |retry| retry.refusals);
        let pause = MIN_RETRY_DELAY.saturating_mul(1 << refusals.min(9)).min(MAX_RETRY_DELAY);
        let retry = Retry { reason: reason.into(), refusals: refusals + 1, at: Instant::now() + pause };
        self.seen.insert(object.clone());
        self.retries.insert(object.clone(), retry);
        self.block_removals(phase);
    }

    /// Records that an object was accepted.
    pub fn clear(&mut self, object: &ObjectRef) {
        self.retries.remove(object);
    }

    /// Whether steps of a phase have to wait, because the successor was refused in this reconciliation.
    #[must_use]
    pub fn is_blocked(&self, phase: Phase) -> bool {
        self.blocked.contains(&phase)
    }

    /// Ends a reconciliation: forgets objects that were not in its plan.
    pub fn end_reconciliation(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        self.retries.retain(|object, _| seen.contains(object));
        self.blocked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use crate::edge::{
        object::{ObjectRef, Protocol},
        plan::Phase,
    };

    #[test]
    fn a_refused_process_keeps_the_old_ones_in_place_and_is_not_sent_again_at_once() {
        let mut backoff = Backoff::default();
        let process = |number| ObjectRef::Process(uuid::Uuid::from_u128(number));
        backoff.record_refusal(&process(1), Phase::Backend, "no");
        assert!(backoff.is_blocked(Phase::RemoveBackend) && !backoff.is_blocked(Phase::RemoveCertificate));
        backoff.end_reconciliation();
        assert!(!backoff.is_blocked(Phase::RemoveBackend));
        assert_eq!(backoff.pending_reason(&process(1), Phase::Backend).as_deref(), Some("no"));
        assert!(backoff.is_blocked(Phase::RemoveBackend), "in the next reconciliations too");
        assert_eq!(backoff.pending_reason(&process(2), Phase::Backend), None);
    }

    #[test]
    fn a_listener_that_cannot_be_bound_keeps_the_old_one_with_all_that_hangs_on_it() {
        let mut backoff = Backoff::default();
        let listener = ObjectRef::Listener(Protocol::Https, std::net::SocketAddr::from(([127, 0, 0, 1], 443)).into());
        backoff.record_refusal(&listener, Phase::Activate, "no");
        for phase in [Phase::RemoveFrontend, Phase::RemoveCertificate, Phase::Deactivate, Phase::RemoveListener] {
            assert!(backoff.is_blocked(phase), "{phase:?}");
        }
        assert!(!backoff.is_blocked(Phase::RemoveBackend));
    }

    #[test]
    fn what_nobody_wants_any_more_is_forgotten() {
        let mut backoff = Backoff::default();
        backoff.record_refusal(&ObjectRef::Host("a".into()), Phase::Frontend, "no");
        backoff.end_reconciliation();
        assert!(!backoff.is_empty());
        backoff.end_reconciliation();
        assert!(backoff.is_empty());
    }
}

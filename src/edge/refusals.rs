//! What Sōzu refused: it is tried again after a pause that grows, and holds nobody else up.

use crate::edge::{object::Object, plan::Phase};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// First pause; it doubles with every refusal.
const FIRST: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Refusal {
    reason: String,
    times: u32,
    again: Instant,
}

/// The refusals so far, by object.
#[derive(Debug, Default)]
pub struct Refusals {
    objects: BTreeMap<Object, Refusal>,
    /// Objects met in this round: the others are not wanted any more.
    met: BTreeSet<Object>,
    /// What must not be taken away in this round, since its successor was refused.
    kept: BTreeSet<Phase>,
}

impl Refusals {
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The reason of an earlier refusal, as long as its pause lasts; until then, what it should replace stays too.
    pub fn known(&mut self, object: &Object, phase: Phase) -> Option<String> {
        let refusal = self.objects.get(object)?;
        self.met.insert(object.clone());
        let reason = (Instant::now() < refusal.again).then(|| refusal.reason.clone())?;
        self.keep(phase);
        Some(reason)
    }

    fn keep(&mut self, phase: Phase) {
        let kept: &[Phase] = match phase {
            Phase::Backend => &[Phase::RemoveBackend],
            Phase::Certificate => &[Phase::RemoveCertificate],
            // Whatever hangs on the old listener serves until the new one does.
            Phase::Listener | Phase::Activate => {
                &[Phase::RemoveFrontend, Phase::RemoveCertificate, Phase::Deactivate, Phase::RemoveListener]
            }
            _ => &[],
        };
        self.kept.extend(kept);
    }

    /// Notes a refusal.
    pub fn refused(&mut self, object: &Object, phase: Phase, reason: &str) {
        let times = self.objects.get(object).map_or(0, |refusal| refusal.times);
        let pause = FIRST.saturating_mul(1 << times.min(9)).min(LONGEST);
        let refusal = Refusal { reason: reason.into(), times: times + 1, again: Instant::now() + pause };
        self.met.insert(object.clone());
        self.objects.insert(object.clone(), refusal);
        self.keep(phase);
    }

    /// Notes that an object was accepted after all.
    pub fn cured(&mut self, object: &Object) {
        self.objects.remove(object);
    }

    /// Whether steps of a phase have to wait, since what should take the place was refused in this round.
    #[must_use]
    pub fn hold_back(&self, phase: Phase) -> bool {
        self.kept.contains(&phase)
    }

    /// Ends a round: forgets what nobody wanted in it.
    pub fn forget_cured(&mut self) {
        let met = std::mem::take(&mut self.met);
        self.objects.retain(|object, _| met.contains(object));
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Refusals;
    use crate::edge::{
        object::{Object, Protocol},
        plan::Phase,
    };

    #[test]
    fn a_refused_process_keeps_the_old_ones_in_place_and_is_not_sent_again_at_once() {
        let mut refusals = Refusals::default();
        let process = |number| Object::Process(uuid::Uuid::from_u128(number));
        refusals.refused(&process(1), Phase::Backend, "no");
        assert!(refusals.hold_back(Phase::RemoveBackend) && !refusals.hold_back(Phase::RemoveCertificate));
        refusals.forget_cured();
        assert!(!refusals.hold_back(Phase::RemoveBackend));
        assert_eq!(refusals.known(&process(1), Phase::Backend).as_deref(), Some("no"));
        assert!(refusals.hold_back(Phase::RemoveBackend), "in the next rounds too");
        assert_eq!(refusals.known(&process(2), Phase::Backend), None);
    }

    #[test]
    fn a_listener_that_cannot_be_bound_keeps_the_old_one_with_all_that_hangs_on_it() {
        let mut refusals = Refusals::default();
        let listener = Object::Listener(Protocol::Https, std::net::SocketAddr::from(([127, 0, 0, 1], 443)).into());
        refusals.refused(&listener, Phase::Activate, "no");
        for phase in [Phase::RemoveFrontend, Phase::RemoveCertificate, Phase::Deactivate, Phase::RemoveListener] {
            assert!(refusals.hold_back(phase), "{phase:?}");
        }
        assert!(!refusals.hold_back(Phase::RemoveBackend));
    }

    #[test]
    fn what_nobody_wants_any_more_is_forgotten() {
        let mut refusals = Refusals::default();
        refusals.refused(&Object::Host("a".into()), Phase::Frontend, "no");
        refusals.forget_cured();
        assert!(!refusals.is_empty());
        refusals.forget_cured();
        assert!(refusals.is_empty());
    }
}

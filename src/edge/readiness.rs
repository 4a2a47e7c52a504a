//! Which of the portal's processes may be given requests, from what each of them answers on `/ready`.

use std::collections::{BTreeMap, BTreeSet};

/// Polls that a serving process may miss before it is taken out.
const PATIENCE: u32 = 3;

/// What is known of the processes so far.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    serving: BTreeSet<String>,
    missed: BTreeMap<String, u32>,
}

impl Readiness {
    /// Takes processes for serving that Sōzu already sends requests to, so that a restart of the edge removes none.
    pub fn adopt(&mut self, ids: impl IntoIterator<Item = String>) {
        self.serving.extend(ids);
    }

    /// The processes that requests should go to.
    #[must_use]
    pub fn serving(&self) -> &BTreeSet<String> {
        &self.serving
    }

    /// Whether some process of the last poll was not ready.
    #[must_use]
    pub fn anyone_missing(&self) -> bool {
        !self.missed.is_empty()
    }

    /// Notes one poll of all processes; true when the set of serving ones has changed.
    ///
    /// A process is added at once, and taken out after three misses, as long as a ready one remains.
    pub fn heard(&mut self, poll: &[(String, bool)]) -> bool {
        let before = self.serving.clone();
        for (id, ready) in poll {
            if *ready {
                self.missed.remove(id);
                self.serving.insert(id.clone());
            } else {
                *self.missed.entry(id.clone()).or_default() += 1;
            }
        }
        let missed = &self.missed;
        if self.serving.iter().any(|id| !missed.contains_key(id)) {
            self.serving.retain(|id| missed.get(id).is_none_or(|count| *count < PATIENCE));
        }
        self.serving != before
    }
}

#[cfg(test)]
mod tests {
    use super::Readiness;

    fn poll(readiness: &mut Readiness, a: bool, b: bool) -> Vec<String> {
        readiness.heard(&[("a".into(), a), ("b".into(), b)]);
        readiness.serving().iter().cloned().collect()
    }

    #[test]
    fn a_process_enters_at_once_and_leaves_after_three_misses() {
        let mut readiness = Readiness::default();
        assert!(poll(&mut readiness, false, false).is_empty());
        assert_eq!(poll(&mut readiness, true, false), ["a"]);
        assert!(readiness.anyone_missing());
        assert_eq!(poll(&mut readiness, true, true), ["a", "b"]);
        assert_eq!(poll(&mut readiness, true, false), ["a", "b"]);
        assert_eq!(poll(&mut readiness, true, false), ["a", "b"]);
        assert_eq!(poll(&mut readiness, true, false), ["a"]);
        assert_eq!(poll(&mut readiness, true, true), ["a", "b"]);
        assert!(!readiness.anyone_missing());
    }

    #[test]
    fn the_last_ones_stay_until_another_is_ready() {
        let mut readiness = Readiness::default();
        readiness.adopt(["a".to_owned(), "b".to_owned()]);
        for _ in 0..5 {
            assert_eq!(poll(&mut readiness, false, false), ["a", "b"]);
        }
        assert_eq!(poll(&mut readiness, false, true), ["b"]);
    }
}

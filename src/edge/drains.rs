//! Processes that get no more requests: their idle connections are closed, and they are let go when every worker of
//! Sōzu says that it has none left, or when the deadline has passed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Requests under way that take longer are the process' own business.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Drain {
    since: Instant,
    heard: usize,
}

/// The processes that are draining, by id.
#[derive(Debug, Default)]
pub struct Drains(BTreeMap<String, Drain>);

impl Drains {
    /// A process was taken out.
    pub fn begin(&mut self, id: &str) {
        self.0.insert(id.into(), Drain { since: Instant::now(), heard: 0 });
    }

    /// A process was put in again, or never left.
    pub fn cancel(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// A worker has no more connections to a process. The event does not tell which worker, so they are counted.
    pub fn heard(&mut self, id: &str) {
        if let Some(drain) = self.0.get_mut(id) {
            drain.heard += 1;
        }
    }

    /// Whether it is draining still.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Takes those that are done, with whether they ended in time and how long it took.
    pub fn done(&mut self, workers: usize) -> Vec<(String, bool, Duration)> {
        let ended = |drain: &Drain| drain.heard >= workers.max(1) || drain.since.elapsed() >= DEADLINE;
        let done: Vec<String> = self.0.iter().filter(|(_, drain)| ended(drain)).map(|(id, _)| id.clone()).collect();
        done.into_iter()
            .filter_map(|id| {
                let drain = self.0.remove(&id)?;
                Some((id, drain.heard >= workers.max(1), drain.since.elapsed()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Drains;

    #[test]
    fn a_process_is_let_go_when_every_worker_has_said_so() {
        let mut drains = Drains::default();
        drains.begin("a");
        drains.heard("a");
        drains.heard("b");
        assert!(drains.done(2).is_empty());
        drains.heard("a");
        let done = drains.done(2);
        assert!(matches!(&done[..], [(id, true, _)] if id == "a"), "{done:?}");
        assert!(!drains.contains("a"));
    }
}

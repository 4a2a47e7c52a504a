//! Processes that get no more requests. Their sessions are closed, and they are released when no worker of Sōzu has one
//! left, or after a time-out.
//!
//! Sōzu reports by an event that a removed process has no connections, but only when every client that it ever served
//! has gone too: under load with keep-alive connections that may never come. So the closing of sessions is repeated
//! until it finds none. The event counts as well, once every worker has sent it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The process itself has to end requests that take longer.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Drain {
    since: Instant,
    drained_workers: usize,
    empty: bool,
}

/// The processes that are draining, by id.
#[derive(Debug, Default)]
pub struct Drains(BTreeMap<Uuid, Drain>);

impl Drains {
    /// A process was removed from Sōzu.
    pub fn begin(&mut self, id: Uuid) {
        self.0.entry(id).or_insert(Drain { since: Instant::now(), drained_workers: 0, empty: false });
    }

    /// A process is in Sōzu again, or still.
    pub fn cancel(&mut self, id: Uuid) {
        self.0.remove(&id);
    }

    /// A worker has no more connections to a process. The event does not name the worker, so events are counted.
    pub fn worker_drained(&mut self, id: Uuid) {
        if let Some(drain) = self.0.get_mut(&id) {
            drain.drained_workers += 1;
        }
    }

    /// No worker has a session with a process any more.
    pub fn sessions_closed(&mut self, id: Uuid) {
        if let Some(drain) = self.0.get_mut(&id) {
            drain.empty = true;
        }
    }

    #[must_use]
    pub fn contains(&self, id: Uuid) -> bool {
        self.0.contains_key(&id)
    }

    pub fn ids(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// Takes the finished drains: process, whether it finished before the time-out, and how long it took.
    pub fn take_finished(&mut self, workers: usize) -> Vec<(Uuid, bool, Duration)> {
        let in_time = |drain: &Drain| drain.empty || drain.drained_workers >= workers.max(1);
        let ended = |drain: &Drain| in_time(drain) || drain.since.elapsed() >= DRAIN_TIMEOUT;
        let done: Vec<Uuid> = self.0.iter().filter(|(_, drain)| ended(drain)).map(|(id, _)| *id).collect();
        let take = |id: Uuid| self.0.remove(&id).map(|drain| (id, in_time(&drain), drain.since.elapsed()));
        done.into_iter().filter_map(take).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Drains;
    use uuid::Uuid;

    #[test]
    fn a_process_is_let_go_when_every_worker_has_said_so_or_none_has_a_session() {
        let (mut drains, a, b) = (Drains::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        drains.begin(a);
        drains.begin(b);
        drains.worker_drained(a);
        assert!(drains.take_finished(2).is_empty());
        drains.worker_drained(a);
        assert!(matches!(&drains.take_finished(2)[..], [(id, true, _)] if *id == a));
        assert!(!drains.contains(a));
        drains.sessions_closed(b);
        assert!(matches!(&drains.take_finished(2)[..], [(id, true, _)] if *id == b));
    }
}

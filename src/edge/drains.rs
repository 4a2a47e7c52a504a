//! Processes that get no more requests: their sessions are closed, and they are let go when no worker of Sōzu has one
//! left, or when the deadline has passed.
//!
//! Sōzu tells by an event that a removed process has no connections, but only when every client that was ever served
//! by it has gone too: under load with kept connections that may never come. So the closing of sessions is repeated
//! until it finds none; the event, when it comes from every worker, is as good.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Requests under way that take longer are the process' own business.
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
    /// A process was taken out.
    pub fn begin(&mut self, id: Uuid) {
        self.0.entry(id).or_insert(Drain { since: Instant::now(), drained_workers: 0, empty: false });
    }

    /// A process was put in again, or never left.
    pub fn cancel(&mut self, id: Uuid) {
        self.0.remove(&id);
    }

    /// A worker has no more connections to a process. The event does not tell which worker, so they are counted.
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

    /// Whether it is draining still.
    #[must_use]
    pub fn contains(&self, id: Uuid) -> bool {
        self.0.contains_key(&id)
    }

    /// All that drain.
    #[must_use]
    pub fn ids(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// Takes those that are done, with whether they ended in time and how long it took.
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

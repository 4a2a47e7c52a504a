//! Probes from outside: one real request over TLS to each host that is new or has another certificate than before, and
//! to the others in turn.

use crate::edge::{
    issue::Issue,
    object::ObjectRef,
    outcome::Outcome,
    probe::{self, ProbeError},
    report::SyncStatus,
    verify::ExpectedState,
};
use futures_util::{StreamExt, stream::iter};
use std::{collections::BTreeSet, net::SocketAddr};

/// Changed hosts per reconciliation; the others stay in the queue.
const MAX_CHANGED_PROBES: usize = 64;
/// Few at once: in a burst of connections Sōzu sometimes leaves one waiting until the next arrives.
const MAX_CONCURRENT_PROBES: usize = 8;
const MAX_UNCHANGED_PROBES: usize = 2;

/// The hosts that have to be probed.
#[derive(Debug, Default)]
pub struct ProbeQueue {
    /// Not probed successfully since they changed.
    pending: BTreeSet<String>,
    /// Position of the unchanged hosts' turn.
    cursor: usize,
}

impl ProbeQueue {
    /// Whether a changed host was not probed successfully yet.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds the hosts whose expectation has changed, and drops those that are gone.
    pub fn enqueue_changed(&mut self, before: Option<&ExpectedState>, expected: &ExpectedState) {
        self.pending.retain(|host| expected.hosts.contains_key(host));
        let known = |host: &String| before.and_then(|before| before.hosts.get(host));
        let changed = expected.hosts.iter().filter(|(host, fingerprint)| known(host) != Some(fingerprint));
        self.pending.extend(changed.map(|(host, _)| host.clone()));
    }

    /// Probes the next hosts; failures become issues. Does nothing when the outcome has pending issues already.
    pub async fn run(&mut self, expected: &ExpectedState, https: SocketAddr, outcome: &mut Outcome) {
        if !outcome.verified() {
            return;
        }
        let probes = self.next(expected).into_iter().filter_map(|host| Some((expected.hosts.get(&host)?, host)));
        let probes = probes.map(async |(fingerprint, host)| {
            let issue = match probe::check_host(&host, https, fingerprint).await {
                // Without a process, 503 is the expected answer.
                Err(ProbeError::Status { status: 503, .. }) if !expected.has_backends => None,
                Err(issue) => Some(format!("{:#}", anyhow::Error::from(issue))),
                Ok(()) => None,
            };
            (host, issue)
        });
        let results: Vec<_> = iter(probes).buffer_unordered(MAX_CONCURRENT_PROBES).collect().await;
        for (host, issue) in results {
            match issue {
                None => drop(self.pending.remove(&host)),
                Some(reason) => {
                    let object = ObjectRef::Host(host.clone());
                    self.pending.insert(host);
                    outcome.issues.push(Issue { object, status: SyncStatus::Pending, reason });
                }
            }
        }
    }

    fn next(&mut self, expected: &ExpectedState) -> BTreeSet<String> {
        let mut hosts: BTreeSet<String> = self.pending.iter().take(MAX_CHANGED_PROBES).cloned().collect();
        let known = expected.hosts.len();
        for _ in 0..MAX_UNCHANGED_PROBES.min(known) {
            self.cursor = (self.cursor + 1) % known;
            hosts.extend(expected.hosts.keys().nth(self.cursor).cloned());
        }
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::{ExpectedState, ProbeQueue};

    fn expected(hosts: &[(&str, &str)]) -> ExpectedState {
        let hosts = hosts.iter().map(|(host, fingerprint)| ((*host).to_owned(), (*fingerprint).to_owned())).collect();
        ExpectedState { hosts, ..ExpectedState::default() }
    }

    #[test]
    fn new_hosts_and_those_with_another_certificate_are_probed_until_they_go() {
        let mut queue = ProbeQueue::default();
        let first = expected(&[("a", "1"), ("b", "1")]);
        queue.enqueue_changed(None, &first);
        assert_eq!(queue.next(&first).len(), 2);
        queue.pending.clear();
        let second = expected(&[("a", "1"), ("b", "2"), ("c", "2")]);
        queue.enqueue_changed(Some(&first), &second);
        assert_eq!(queue.pending.iter().collect::<Vec<_>>(), ["b", "c"]);
        queue.enqueue_changed(Some(&second), &first);
        assert_eq!(queue.pending.iter().collect::<Vec<_>>(), ["b"], "b has the first certificate again, c is gone");
    }
}

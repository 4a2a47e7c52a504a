//! Looks from outside: one real request over TLS to each host that is new or has another certificate than before, and to
//! the others in turn.

use crate::edge::{
    finding::Finding,
    object::Object,
    outcome::Outcome,
    probe::{self, ProbeError},
    report::Standing,
    verify::Wanted,
};
use futures_util::{StreamExt, stream::iter};
use std::{collections::BTreeSet, net::SocketAddr};

/// Changed hosts that one round looks at; the rest follow in the next rounds.
const CHANGED: usize = 64;
/// Looks under way at the same time: in a burst of connections Sōzu now and then leaves one waiting for the next.
const AT_ONCE: usize = 8;
/// Unchanged hosts that one round looks at.
const IN_TURN: usize = 2;

/// Which hosts have been looked at.
#[derive(Debug, Default)]
pub struct Looks {
    /// Not seen to be served well since they changed.
    owed: BTreeSet<String>,
    /// Where the looks in turn go on.
    turn: usize,
}

impl Looks {
    /// Whether a changed host has not been seen yet.
    #[must_use]
    pub fn owed(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Notes what differs from what was wanted before.
    pub fn owe(&mut self, before: Option<&Wanted>, wanted: &Wanted) {
        self.owed.retain(|host| wanted.hosts.contains_key(host));
        let known = |host: &String| before.and_then(|before| before.hosts.get(host));
        let changed = wanted.hosts.iter().filter(|(host, fingerprint)| known(host) != Some(fingerprint));
        self.owed.extend(changed.map(|(host, _)| host.clone()));
    }

    /// Looks, unless what Sōzu says of itself is bad enough already; what does not fit becomes a finding.
    pub async fn take(&mut self, wanted: &Wanted, https: SocketAddr, outcome: &mut Outcome) {
        if !outcome.verified() {
            return;
        }
        let looks = self.next(wanted).into_iter().filter_map(|host| Some((wanted.hosts.get(&host)?, host)));
        let looks = looks.map(async |(fingerprint, host)| {
            let fault = match probe::serves(&host, https, fingerprint).await {
                // Without a process, 503 is the right answer.
                Err(ProbeError::Status { status: 503, .. }) if !wanted.serving => None,
                Err(fault) => Some(format!("{:#}", anyhow::Error::from(fault))),
                Ok(()) => None,
            };
            (host, fault)
        });
        let seen: Vec<_> = iter(looks).buffer_unordered(AT_ONCE).collect().await;
        for (host, fault) in seen {
            match fault {
                None => drop(self.owed.remove(&host)),
                Some(reason) => {
                    let object = Object::Host(host.clone());
                    self.owed.insert(host);
                    outcome.findings.push(Finding { object, standing: Standing::Pending, reason });
                }
            }
        }
    }

    fn next(&mut self, wanted: &Wanted) -> BTreeSet<String> {
        let mut hosts: BTreeSet<String> = self.owed.iter().take(CHANGED).cloned().collect();
        let known = wanted.hosts.len();
        for _ in 0..IN_TURN.min(known) {
            self.turn = (self.turn + 1) % known;
            hosts.extend(wanted.hosts.keys().nth(self.turn).cloned());
        }
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::{Looks, Wanted};

    fn wanted(hosts: &[(&str, &str)]) -> Wanted {
        let hosts = hosts.iter().map(|(host, fingerprint)| ((*host).to_owned(), (*fingerprint).to_owned())).collect();
        Wanted { hosts, ..Wanted::default() }
    }

    #[test]
    fn a_look_is_owed_to_new_hosts_and_to_those_with_another_certificate_until_they_go() {
        let mut looks = Looks::default();
        let first = wanted(&[("a", "1"), ("b", "1")]);
        looks.owe(None, &first);
        assert_eq!(looks.next(&first).len(), 2);
        looks.owed.clear();
        let second = wanted(&[("a", "1"), ("b", "2"), ("c", "2")]);
        looks.owe(Some(&first), &second);
        assert_eq!(looks.owed.iter().collect::<Vec<_>>(), ["b", "c"]);
        looks.owe(Some(&second), &first);
        assert_eq!(looks.owed.iter().collect::<Vec<_>>(), ["b"], "b has the first certificate again, c is gone");
    }
}

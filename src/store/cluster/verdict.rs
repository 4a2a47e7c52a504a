//! Decides which server leads, from the status of all servers.

use super::Sight;
use crate::config::Durability;

/// The result of polling all servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leadership {
    /// One server leads.
    Leads {
        /// Index of the server.
        node: usize,
        /// Whether its writes are as durable as the configuration requires; otherwise it is used for reading only.
        durable: bool,
    },
    /// No server accepts writes.
    Nobody,
    /// Several servers accept writes, and the real leader cannot be determined. A write to either could be lost.
    Several,
}

/// Decides which server leads. A retired leader that resumes still accepts writes, but no replica follows it any more.
/// So among several writable servers, the leader is the only one that replicates.
#[must_use]
pub fn decide(sights: &[Option<Sight>], durability: Durability) -> Leadership {
    let writable = || sights.iter().enumerate().filter_map(|(node, sight)| Some((node, sight.as_ref()?)));
    let writable: Vec<_> = writable().filter(|(_, sight)| !sight.read_only).collect();
    let replicating: Vec<_> = writable.iter().filter(|(_, sight)| sight.replicates()).collect();
    match (&writable[..], &replicating[..]) {
        ([], _) => Leadership::Nobody,
        ([(node, sight)], _) => {
            Leadership::Leads { node: *node, durable: durability != Durability::Strict || sight.replicates() }
        }
        (_, [(node, _)]) if durability == Durability::Strict => Leadership::Leads { node: *node, durable: true },
        _ => Leadership::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::{Leadership, decide};
    use crate::{config::Durability, store::cluster::Sight};
    use proptest::prelude::*;

    fn replica() -> Option<Sight> {
        Some(Sight { read_only: true, after_sync: true, ..Sight::default() })
    }

    fn leader(confirming: u32) -> Option<Sight> {
        Some(Sight { semi_sync: true, after_sync: true, confirming, ..Sight::default() })
    }

    #[test]
    fn the_only_server_that_takes_writes_leads() {
        let sights = [replica(), leader(2), None];
        assert_eq!(decide(&sights, Durability::Strict), Leadership::Leads { node: 1, durable: true });
        assert_eq!(decide(&[replica(), None], Durability::Strict), Leadership::Nobody);
    }

    #[test]
    fn a_leader_that_nobody_confirms_is_read_and_not_written_unless_that_is_accepted() {
        let sights = [replica(), leader(0)];
        assert_eq!(decide(&sights, Durability::Strict), Leadership::Leads { node: 1, durable: false });
        assert_eq!(decide(&sights, Durability::Available), Leadership::Leads { node: 1, durable: true });
        let early = Some(Sight { after_sync: false, ..leader(2).unwrap() });
        assert_eq!(decide(&[early], Durability::Strict), Leadership::Leads { node: 0, durable: false });
    }

    #[test]
    fn a_retired_leader_that_wakes_up_is_not_taken_for_the_leader() {
        let sights = [leader(0), leader(1), replica()];
        assert_eq!(decide(&sights, Durability::Strict), Leadership::Leads { node: 1, durable: true });
        assert_eq!(
            decide(&sights, Durability::Available),
            Leadership::Several,
            "nothing but replication tells them apart"
        );
        assert_eq!(decide(&[leader(1), leader(1)], Durability::Strict), Leadership::Several);
    }

    fn sight() -> impl Strategy<Value = Option<Sight>> {
        let any = (any::<bool>(), any::<bool>(), 0..3_u32, any::<bool>());
        prop::option::of(any.prop_map(|(read_only, semi_sync, confirming, after_sync)| Sight {
            read_only,
            semi_sync,
            confirming,
            after_sync,
            ..Sight::default()
        }))
    }

    proptest! {
        #[test]
        fn what_leads_takes_writes_and_in_strict_mode_replicates_alone(sights in prop::collection::vec(sight(), 0..5)) {
            for durability in [Durability::Strict, Durability::Available, Durability::Plain] {
                if let Leadership::Leads { node, durable } = decide(&sights, durability) {
                    let chosen = sights[node].as_ref().unwrap();
                    prop_assert!(!chosen.read_only);
                    if durability == Durability::Strict && durable {
                        prop_assert!(chosen.replicates());
                        let others = sights.iter().flatten().filter(|one| !one.read_only && one.replicates());
                        prop_assert_eq!(others.count(), 1);
                    }
                }
            }
        }
    }
}

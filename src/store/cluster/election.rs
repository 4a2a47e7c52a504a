//! Decides which server leads, from the status of all servers.

use super::ServerStatus;
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
pub fn elect(statuses: &[Option<ServerStatus>], durability: Durability) -> Leadership {
    let writable = || statuses.iter().enumerate().filter_map(|(node, status)| Some((node, status.as_ref()?)));
    let writable: Vec<_> = writable().filter(|(_, status)| !status.read_only).collect();
    let replicating: Vec<_> = writable.iter().filter(|(_, status)| status.replicates()).collect();
    match (&writable[..], &replicating[..]) {
        ([], _) => Leadership::Nobody,
        ([(node, status)], _) => {
            Leadership::Leads { node: *node, durable: durability != Durability::Strict || status.replicates() }
        }
        (_, [(node, _)]) if durability == Durability::Strict => Leadership::Leads { node: *node, durable: true },
        _ => Leadership::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::{Leadership, elect};
    use crate::{config::Durability, store::cluster::ServerStatus};
    use proptest::prelude::*;

    fn replica() -> Option<ServerStatus> {
        Some(ServerStatus { read_only: true, after_sync: true, ..ServerStatus::default() })
    }

    fn leader(confirming: u32) -> Option<ServerStatus> {
        Some(ServerStatus { semi_sync: true, after_sync: true, confirming, ..ServerStatus::default() })
    }

    #[test]
    fn the_only_server_that_takes_writes_leads() {
        let statuses = [replica(), leader(2), None];
        assert_eq!(elect(&statuses, Durability::Strict), Leadership::Leads { node: 1, durable: true });
        assert_eq!(elect(&[replica(), None], Durability::Strict), Leadership::Nobody);
    }

    #[test]
    fn a_leader_that_nobody_confirms_is_read_and_not_written_unless_that_is_accepted() {
        let statuses = [replica(), leader(0)];
        assert_eq!(elect(&statuses, Durability::Strict), Leadership::Leads { node: 1, durable: false });
        assert_eq!(elect(&statuses, Durability::Available), Leadership::Leads { node: 1, durable: true });
        let early = Some(ServerStatus { after_sync: false, ..leader(2).unwrap() });
        assert_eq!(elect(&[early], Durability::Strict), Leadership::Leads { node: 0, durable: false });
    }

    #[test]
    fn a_retired_leader_that_wakes_up_is_not_taken_for_the_leader() {
        let statuses = [leader(0), leader(1), replica()];
        assert_eq!(elect(&statuses, Durability::Strict), Leadership::Leads { node: 1, durable: true });
        assert_eq!(
            elect(&statuses, Durability::Available),
            Leadership::Several,
            "nothing but replication tells them apart"
        );
        assert_eq!(elect(&[leader(1), leader(1)], Durability::Strict), Leadership::Several);
    }

    fn status() -> impl Strategy<Value = Option<ServerStatus>> {
        let any = (any::<bool>(), any::<bool>(), 0..3_u32, any::<bool>());
        prop::option::of(any.prop_map(|(read_only, semi_sync, confirming, after_sync)| ServerStatus {
            read_only,
            semi_sync,
            confirming,
            after_sync,
            ..ServerStatus::default()
        }))
    }

    proptest! {
        #[test]
        fn what_leads_takes_writes_and_in_strict_mode_replicates_alone(statuses in prop::collection::vec(status(), 0..5)) {
            for durability in [Durability::Strict, Durability::Available, Durability::Plain] {
                if let Leadership::Leads { node, durable } = elect(&statuses, durability) {
                    let chosen = statuses[node].as_ref().unwrap();
                    prop_assert!(!chosen.read_only);
                    if durability == Durability::Strict && durable {
                        prop_assert!(chosen.replicates());
                        let others = statuses.iter().flatten().filter(|one| !one.read_only && one.replicates());
                        prop_assert_eq!(others.count(), 1);
                    }
                }
            }
        }
    }
}

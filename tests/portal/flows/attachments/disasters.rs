//! One of three nodes is killed, frozen, cut off or replaced by an empty one, under uploads and deposits.

use super::{PROGRAMS, Portal, rounds};
use crate::harness::{garage::NODES, uploaders::Uploaders};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_cut_off_or_frozen_loses_and_refuses_nothing() {
    let mut portal = Portal::start().await;
    for round in 0..rounds() {
        // The first is the one that the portal prefers.
        let [killed, cut_off, frozen] = [0, 1, 2].map(|turn| (round + turn) % NODES);
        let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
        portal.garage.kill(killed);
        uploaders.until_more(PROGRAMS).await;
        portal.garage.run_again(&[killed]).await;
        let ledger = portal.settle("a node killed", uploaders).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
        portal.garage.cut_off(cut_off);
        uploaders.until_more(PROGRAMS).await;
        portal.garage.reconnect(cut_off).await;
        let ledger = portal.settle("a node cut off", uploaders).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        // The others wait for what it does not answer, until they ask the third.
        let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
        portal.garage.signal(frozen, "-STOP");
        uploaders.until_attached(PROGRAMS).await;
        portal.garage.signal(frozen, "-CONT");
        let ledger = portal.settle("a node frozen", uploaders).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_node_in_the_place_of_a_lost_one_gets_everything() {
    let mut portal = Portal::start().await;
    for round in 0..rounds() {
        let [replaced, killed] = [2, 1].map(|turn| (round + turn) % NODES);
        let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
        portal.garage.replace(replaced).await;
        let told = portal.garage.apply().await.unwrap();
        assert!(told.contains("stores no more") && told.contains("is in force"), "{told}");
        uploaders.until_more(PROGRAMS).await;
        portal.garage.until_filled(replaced).await;
        assert_eq!(portal.garage.apply().await.unwrap(), "The nodes are as the plan says.\n");
        // What the new node has is needed now.
        portal.garage.kill(killed);
        uploaders.until_more(PROGRAMS).await;
        let ledger = portal.settle("a node replaced by an empty one, another killed", uploaders).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
        portal.garage.run_again(&[killed]).await;
    }
}

//! One of three nodes is killed, frozen, cut off or replaced by an empty one, under uploads and deposits.

use super::{PROGRAMS, portal, rounds, settle};
use crate::harness::{garage::NODES, uploaders::Uploaders};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_cut_off_or_frozen_loses_and_refuses_nothing() {
    let (mut garage, at) = portal().await;
    for round in 0..rounds() {
        // The first is the one that the portal prefers.
        let [killed, cut_off, frozen] = [0, 1, 2].map(|turn| (round + turn) % NODES);
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.kill(killed);
        uploaders.until_more(PROGRAMS).await;
        garage.run(killed).await;
        garage.until_joined().await;
        let ledger = settle("a node killed", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.cut_off(cut_off);
        uploaders.until_more(PROGRAMS).await;
        garage.reconnect(cut_off).await;
        let ledger = settle("a node cut off", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        // The others wait for what it does not answer, until they ask the third.
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.signal(frozen, "-STOP");
        uploaders.until_attached(PROGRAMS).await;
        garage.signal(frozen, "-CONT");
        let ledger = settle("a node frozen", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_node_in_the_place_of_a_lost_one_gets_everything() {
    let (mut garage, at) = portal().await;
    for round in 0..rounds() {
        let [replaced, killed] = [2, 1].map(|turn| (round + turn) % NODES);
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.replace(replaced).await;
        let told = garage.apply().await.unwrap();
        assert!(told.contains("stores no more") && told.contains("is in force"), "{told}");
        uploaders.until_more(PROGRAMS).await;
        garage.until_filled(replaced).await;
        assert_eq!(garage.apply().await.unwrap(), "The nodes are as the plan says.\n");
        // What the new node has is needed now.
        garage.kill(killed);
        uploaders.until_more(PROGRAMS).await;
        let ledger = settle("a node replaced by an empty one, another killed", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
        garage.run(killed).await;
        garage.until_joined().await;
    }
}

//! One of three nodes is killed, frozen, cut off or replaced by an empty one, under uploads and deposits.

use super::{PROGRAMS, portal, rounds, settle};
use crate::harness::uploaders::Uploaders;

/// The node that is struck: never the first, which the portal speaks to.
fn struck(round: usize) -> usize {
    1 + round % 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_frozen_or_cut_off_loses_and_refuses_nothing() {
    let (mut garage, at) = portal().await;
    for round in 0..rounds() {
        let node = struck(round);
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.kill(node);
        uploaders.until_more(PROGRAMS).await;
        garage.run(node).await;
        garage.until_joined().await;
        let ledger = settle("a node killed", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.cut_off(node);
        uploaders.until_more(PROGRAMS).await;
        garage.reconnect(node).await;
        let ledger = settle("a node cut off", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);

        // The others wait for what it does not answer, until they ask the third.
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        garage.signal(node, "-STOP");
        uploaders.until_attached(PROGRAMS).await;
        garage.signal(node, "-CONT");
        let ledger = settle("a node frozen", uploaders, at, &garage).await;
        assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_node_in_the_place_of_a_lost_one_gets_everything() {
    let (mut garage, at) = portal().await;
    for round in 0..rounds() {
        let node = struck(round);
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        uploaders.until_more(PROGRAMS).await;
        garage.replace(node).await;
        let told = garage.apply().await.unwrap();
        assert!(told.contains("stores no more") && told.contains("is in force"), "{told}");
        assert_eq!(garage.apply().await.unwrap(), "The nodes are as the plan says.\n");
        uploaders.until_more(PROGRAMS).await;
        let ledger = uploaders.stop().await;
        garage.until_filled(node).await;
        // What the new node has is needed now.
        let other = struck(round + 1);
        garage.kill(other);
        let mut uploaders = Uploaders::start(at, PROGRAMS).await;
        let before = super::account(at, &ledger).await;
        assert!(before.missing.is_empty() && before.wrong.is_empty(), "{before:#?}\n{}", garage.logs());
        uploaders.until_more(PROGRAMS).await;
        garage.run(other).await;
        garage.until_joined().await;
        settle("a node replaced by an empty one, another killed", uploaders, at, &garage).await;
    }
}

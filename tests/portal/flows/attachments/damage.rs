//! A byte on a node's disk becomes another: nobody gets it, it is told, and it is healed.

use super::{PROGRAMS, Portal};
use crate::harness::{garage::Node, installation::wait_for_async, uploaders::Uploaders};
use std::{fs, path::PathBuf};

/// Changes a byte in the middle of the longest block of a node, and returns its place and what it was.
fn flip(node: &Node) -> (PathBuf, Vec<u8>) {
    let bytes = |path: &PathBuf| path.metadata().map_or(0, |meta| meta.len());
    let (_, path) = node.blocks().into_iter().max_by_key(|(_, path)| bytes(path)).expect("it has blocks");
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&path, bad).unwrap();
    (path, good)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_is_told_and_healed_and_reaches_nobody() {
    let portal = Portal::start().await;
    let garage = &portal.garage;
    let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
    uploaders.until_more(PROGRAMS).await;
    let ledger = uploaders.stop().await;
    garage.until_filled(1).await;
    garage.until_well().await;
    let told = portal.promise(1).await.unwrap();
    assert!(told.contains("3 nodes store"), "{told}");

    let read = flip(&garage.nodes[0]);
    portal.expect_whole("a flipped byte on a node", &ledger).await;
    // Nobody reads from here on, so that the scrub is what finds it.
    let flipped = [read, flip(&garage.nodes[1])];
    let told = portal.at.command(&["garage", "scrub"]).await;
    assert!(told.contains("reads all that it holds"), "{told}");
    garage
        .until("the damage to be found", |survey| {
            survey.nodes.iter().filter_map(|node| node.scrubbed.as_ref()).any(|scrubbed| scrubbed.corrupt_blocks > 0)
        })
        .await;
    for (path, good) in flipped {
        wait_for_async("a block to be healed", async || {
            tokio::task::yield_now().await;
            fs::read(&path).is_ok_and(|now| now == good)
        })
        .await;
    }
    let told = portal.promise(1).await.unwrap_err();
    assert!(told.contains("corrupt blocks") && told.contains("zone-2"), "{told}");
    garage.until_well().await;
    let known = ["promise", "attachments", "--reserve-mib", "1", "--known-corrupt-blocks", "2"];
    let told = portal.at.command(&known).await;
    assert!(told.contains("3 nodes store"), "{told}");
}

//! A byte on a node's disk becomes another: nobody gets it, it is told, and it is healed.

use super::{PROGRAMS, account, portal};
use crate::harness::{garage::Garage, installation::wait_for_async, uploaders::Uploaders};
use std::{fs, path::PathBuf};

/// Changes a byte in the middle of a block, and returns its place and what it was.
fn flip(garage: &Garage, node: usize) -> (PathBuf, Vec<u8>) {
    let (_, path) =
        garage.nodes[node].blocks().into_iter().max_by_key(|(_, path)| path.metadata().unwrap().len()).unwrap();
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&path, bad).unwrap();
    (path, good)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_is_told_and_healed_and_reaches_nobody() {
    let (garage, at) = portal().await;
    let mut uploaders = Uploaders::start(at, PROGRAMS).await;
    uploaders.until_more(PROGRAMS).await;
    let ledger = uploaders.stop().await;
    garage.until_filled(1).await;
    let told = at.command(&["promise", "attachments", "--reserve-mib", "1"]).await;
    assert!(told.contains("3 nodes store"), "{told}");

    // The first node finds its own when it is read, the second when it looks through everything.
    let (read_path, read_good) = flip(&garage, 0);
    let (scrubbed_path, scrubbed_good) = flip(&garage, 1);
    let found = account(at, &ledger).await;
    assert!(found.missing.is_empty() && found.wrong.is_empty(), "{found:#?}\n{}", garage.logs());
    assert!(found.unverified.is_empty(), "{found:#?}");
    let told = at.command(&["garage", "scrub"]).await;
    assert!(told.contains("reads all that it holds"), "{told}");
    garage
        .until("the damage to be found", |survey| {
            survey.nodes.iter().filter_map(|node| node.scrubbed.as_ref()).any(|scrubbed| scrubbed.corrupt_blocks > 0)
        })
        .await;
    for (path, good) in [(read_path, read_good), (scrubbed_path, scrubbed_good)] {
        wait_for_async("a block to be healed", async || {
            tokio::task::yield_now().await;
            fs::read(&path).is_ok_and(|now| now == good)
        })
        .await;
    }
    let told = at.try_command(&["promise", "attachments", "--reserve-mib", "1"]).await.unwrap_err();
    assert!(told.contains("corrupt blocks") && told.contains("zone-2"), "{told}");
    let known = ["promise", "attachments", "--reserve-mib", "1", "--known-corrupt-blocks", "2"];
    let told = at.command(&known).await;
    assert!(told.contains("3 nodes store"), "{told}");
}

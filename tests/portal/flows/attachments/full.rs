//! The disk of a node is full: the others go on, and the operator is told. The disks of all are full: uploads are refused,
//! and everything can be read.

use super::{PROGRAMS, Portal};
use crate::harness::{
    garage::{Disk, Garage},
    uploaders::Uploaders,
};

/// MiB of the small disk: some for the index, and little for attachments.
const DISK_MIB: u32 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_one_node_refuses_nothing_and_is_told() {
    let garage = Garage::start_on(&[Disk::Shared, Disk::Shared, Disk::Small(DISK_MIB)]).await;
    let portal = Portal::on(garage).await;
    let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
    // More than the disk has, whatever the index takes.
    let bytes_each = 1_500_000;
    uploaders.until_more((DISK_MIB as usize * 1_100_000).div_ceil(bytes_each)).await;
    portal
        .garage
        .until("the full disk to be seen", |survey| {
            survey.nodes.iter().any(|node| node.room_mib().is_some_and(|mib| mib < 2) || !node.up)
        })
        .await;
    uploaders.until_more(PROGRAMS).await;
    let told = portal.promise(4).await.unwrap_err();
    assert!(told.contains("MiB are left") || told.contains("does not answer"), "{told}");
    let ledger = portal.settle("the disk of a node full", uploaders).await;
    assert_eq!(ledger.refused(), 0, "{:?}", ledger.refusals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disks_of_all_nodes_refuse_uploads_and_lose_nothing() {
    let garage = Garage::start_on(&[Disk::Small(DISK_MIB); 3]).await;
    let portal = Portal::on(garage).await;
    let mut uploaders = Uploaders::start(portal.at, PROGRAMS).await;
    uploaders.until("refusals", |ledger| ledger.refusals.contains_key("507 full")).await;
    let ledger = uploaders.abandon().await;
    portal.expect_whole("the disks of all nodes full", &ledger).await;
}

//! A portal on three servers of which some break: not one acknowledged deposit is lost, and none is doubled.

mod disasters;
mod follow;

use crate::harness::{
    Installation,
    cluster::{Cluster, Replication},
    depositors::{Account, Depositors},
};
use guichet::config::Host;

/// Programs that deposit at the same time.
const PROGRAMS: usize = 6;

fn host(cluster: &Cluster) -> Host {
    Host { name: "127.0.0.1".into(), port: cluster.nodes[cluster.leader].port }
}

/// A portal on a fresh cluster.
async fn portal(replication: Replication, durability: &str) -> (Cluster, &'static Installation) {
    let cluster = Cluster::start(replication).await;
    let at = cluster.installation(durability);
    (cluster, at)
}

/// Ends the work, and holds what was acknowledged against what the leader has.
async fn settle(depositors: Depositors, at: &Installation, cluster: &Cluster) -> Account {
    let ledger = depositors.stop().await;
    let account = ledger.account(at, &host(cluster)).await;
    eprintln!("{account:?}, refusals {:?}", ledger.refusals);
    account
}

#[track_caller]
fn expect_nothing_lost(account: &Account) {
    assert_eq!((account.missing, account.duplicates), (0, 0), "{account:?}");
    assert!(account.chain.is_empty(), "{account:?}");
}

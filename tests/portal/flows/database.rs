//! A portal on three servers of which some break: not one acknowledged deposit is lost, and none is doubled.

mod disasters;
mod follow;
mod proxy;

use crate::harness::{
    Installation,
    cluster::{Cluster, Replication},
    depositors::{Account, Depositors},
};
use guichet::testing::config::Host;
use std::time::Duration;

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

/// Notes a line of the table that `make drill` prints, where it asks for one.
fn record(scenario: &str, account: &Account, gap: Option<Duration>) {
    let Some(file) = std::env::var_os("GUICHET_DRILL") else { return };
    let gap = gap.map_or("–".into(), |gap| format!("{} ms", gap.as_millis()));
    let Account { acknowledged, missing, duplicates, chain } = account;
    let chain = if chain.is_empty() { "intact" } else { "broken" };
    let line = format!("| {scenario} | {acknowledged} | {missing} | {duplicates} | {chain} | {gap} |\n");
    let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
    std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
}

#[track_caller]
fn expect_nothing_lost(account: &Account) {
    assert_eq!((account.missing, account.duplicates), (0, 0), "{account:?}");
    assert!(account.chain.is_empty(), "{account:?}");
}

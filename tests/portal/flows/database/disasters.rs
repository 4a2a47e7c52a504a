//! Servers are killed, frozen, cut off and handed over under deposits.

use super::{PROGRAMS, expect_nothing_lost, portal, record, settle};
use crate::harness::{
    Installation,
    cluster::{Cluster, NODES, Replication},
    depositors::Depositors,
};
use std::time::{Duration, Instant};

/// Rounds of each disaster. `GUICHET_DRILL_ROUNDS` asks for more: the rounds differ in when they strike.
fn rounds() -> usize {
    std::env::var("GUICHET_DRILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// How many more deposits there are before a disaster strikes: another number in every round, the same in every run with
/// the same `GUICHET_DRILL_SEED`.
fn before(round: usize) -> usize {
    let seed: u64 = std::env::var("GUICHET_DRILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mixed = (seed * 1_000 + round as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    5 + usize::try_from((mixed >> 33) % 30).unwrap()
}

/// A server that was unavailable comes back; one that has diverged would have to be made anew.
async fn back(cluster: &mut Cluster, number: usize) {
    assert!(cluster.rejoin(number).await, "server {number} has diverged");
    cluster.until_replicated().await;
}

/// From the promotion to the first receipt after it.
fn gap(depositors: &Depositors, promoted: Instant) -> Duration {
    depositors.first_after(promoted).map_or(Duration::MAX, |first| first - promoted)
}

/// Lets deposits go on after a promotion, and expects that none was lost and that the first one did not take long.
async fn aftermath(scenario: &str, depositors: Depositors, at: &Installation, cluster: &Cluster, promoted: Instant) {
    depositors.until_more(2 * PROGRAMS).await;
    let gap = gap(&depositors, promoted);
    eprintln!("{scenario}: first receipt {gap:?} after the promotion");
    let account = settle(depositors, at, cluster).await;
    record(scenario, &account, Some(gap));
    expect_nothing_lost(&account);
    assert!(gap < Duration::from_secs(1), "{gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_leader_loses_no_acknowledged_deposit() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    for round in 0..rounds() {
        let depositors = Depositors::start(at, PROGRAMS).await;
        depositors.until_more(before(round)).await;
        let killed = cluster.leader;
        cluster.kill(killed);
        cluster.fail_over().await;
        aftermath("leader killed", depositors, at, &cluster, Instant::now()).await;
        back(&mut cluster, killed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_leader_that_wakes_up_acknowledges_nothing() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    for round in 0..rounds() {
        let depositors = Depositors::start(at, PROGRAMS).await;
        depositors.until_more(before(round)).await;
        let frozen = cluster.leader;
        cluster.signal(frozen, "-STOP");
        cluster.fail_over().await;
        let promoted = Instant::now();
        depositors.until_more(PROGRAMS).await;
        cluster.signal(frozen, "-CONT");
        aftermath("leader frozen, replaced, woken up", depositors, at, &cluster, promoted).await;
        // It waits for confirmations that never come: only its end frees it.
        cluster.kill(frozen);
        back(&mut cluster, frozen).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_without_replicas_acknowledges_nothing_and_its_end_loses_nothing() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    for round in 0..rounds() {
        let depositors = Depositors::start(at, PROGRAMS).await;
        depositors.until_more(before(round)).await;
        let leader = cluster.leader;
        let others: Vec<usize> = (0..NODES).filter(|number| *number != leader).collect();
        for other in &others {
            cluster.nodes[*other].order("stop slave io_thread").await.unwrap();
        }
        let (cut, acknowledged) = (Instant::now(), depositors.so_far());
        while cut.elapsed() < Duration::from_secs(4) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let meanwhile = depositors.so_far() - acknowledged;
        assert!(meanwhile <= PROGRAMS, "{meanwhile} receipts that no second server had");
        cluster.kill(leader);
        cluster.fail_over().await;
        aftermath("replicas cut off, then leader killed", depositors, at, &cluster, Instant::now()).await;
        back(&mut cluster, leader).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_under_deposits_loses_nothing() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    let depositors = Depositors::start(at, PROGRAMS).await;
    let mut longest = Duration::ZERO;
    for round in 0..rounds().max(3) {
        depositors.until_more(before(round)).await;
        cluster.switch_over().await;
        let switched = Instant::now();
        depositors.until_more(PROGRAMS).await;
        longest = longest.max(gap(&depositors, switched));
    }
    let account = settle(depositors, at, &cluster).await;
    record(&format!("{} switchovers", rounds().max(3)), &account, Some(longest));
    expect_nothing_lost(&account);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_servers_killed_at_once_come_back_with_every_acknowledged_deposit() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    for round in 0..rounds() {
        let depositors = Depositors::start(at, PROGRAMS).await;
        depositors.until_more(before(round)).await;
        for number in 0..NODES {
            cluster.kill(number);
        }
        cluster.rise().await;
        aftermath("all three killed", depositors, at, &cluster, Instant::now()).await;
    }
}

/// Transactions that one server alone gets: many more than ever commit at once.
const STRAYS: usize = 40;

/// A server that was written to while it was nobody's leader is refused by replication, and the portal is not misled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_diverged_does_not_rejoin_and_harms_nobody() {
    let (mut cluster, at) = portal(Replication::Recommended, "strict").await;
    for round in 0..rounds() {
        let depositors = Depositors::start(at, PROGRAMS).await;
        depositors.until_more(before(round)).await;
        let killed = cluster.leader;
        cluster.kill(killed);
        cluster.fail_over().await;
        depositors.until_more(PROGRAMS).await;
        cluster.run(killed).await;
        // Recovery may have cut off transactions that the others have, as many as were under way at once; the first
        // strays get their numbers, and only one beyond them is known to nobody else.
        let stray = format!(
            "set global read_only = 0; create table guichet.stray_{round} (n int); {}",
            format!("insert into guichet.stray_{round} values (1);").repeat(STRAYS)
        );
        cluster.nodes[killed].order(&stray).await.unwrap();
        depositors.until_more(PROGRAMS).await;
        cluster.kill(killed);
        assert!(!cluster.rejoin(killed).await, "it has what nobody else has");
        depositors.until_more(PROGRAMS).await;
        let account = settle(depositors, at, &cluster).await;
        record("a diverged server comes back", &account, None);
        expect_nothing_lost(&account);
        cluster.reseed(killed).await;
        cluster.until_replicated().await;
    }
}

/// The control: with MariaDB's default, the same disaster does lose receipts that were acknowledged, and the account
/// shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_confirmation_acknowledged_deposits_are_lost() {
    let (mut cluster, at) = portal(Replication::Asynchronous, "available").await;
    let depositors = Depositors::start(at, PROGRAMS).await;
    let leader = cluster.leader;
    for other in (0..NODES).filter(|number| *number != leader) {
        cluster.nodes[other].order("stop slave io_thread").await.unwrap();
    }
    depositors.until_more(20).await;
    cluster.kill(leader);
    cluster.fail_over().await;
    // What the lost leader had handed out is handed out again: only the account tells.
    let ledger = depositors.abandon().await;
    let account = ledger.account(at, &super::host(&cluster)).await;
    eprintln!("control, asynchronous: {account:?}");
    record("control: the same without confirmation", &account, None);
    assert!(account.missing >= 15, "{account:?}");
}

//! A portal under deposits while the real replication-manager hands over and fails over: not one acknowledged deposit is
//! lost.

use super::suite::{address, healthy, until};
use crate::harness::{
    depositors::Depositors,
    repman::{Real, Subject},
};
use guichet::testing::adapters::repman::{ServerRole, Verified};
use std::time::{Duration, Instant};

/// Programs that deposit at the same time.
const PROGRAMS: usize = 6;

/// Longest time without a receipt since an instant.
fn silence(depositors: &Depositors, since: Instant) -> Duration {
    let (mut last, mut longest) = (since, Duration::ZERO);
    while let Some(next) = depositors.first_after(last) {
        longest = longest.max(next - last);
        last = next;
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs REPMAN_BIN, which names a replication-manager"]
async fn deposits_go_on_under_the_real_replication_manager() {
    let real = Real::start().await;
    let at = real.cluster.installation("strict");
    let mut subject = Subject::Real(Box::new(real));
    let client = subject.client();
    let depositors = Depositors::start(at, PROGRAMS).await;

    let ordered = Instant::now();
    let outcome = client.switchover(None).await.unwrap();
    let Verified::Done(handover) = outcome else { panic!("{outcome:?}") };
    depositors.until_more(2 * PROGRAMS).await;
    eprintln!("switchover under deposits: {:?}, longest silence {:?}", handover, silence(&depositors, ordered));

    let leader = handover.to;
    let killed = Instant::now();
    subject.kill(&leader);
    let topology = until(&client, "automatic failover under deposits", |now| {
        now.leading().is_some_and(|new| address(new) != leader && new.role == ServerRole::Leader)
    })
    .await;
    depositors.until_more(2 * PROGRAMS).await;
    eprintln!("automatic failover under deposits: longest silence {:?}", silence(&depositors, killed));
    subject.revive(&leader).await;
    until(&client, "rejoin of the old leader under deposits", healthy).await;
    depositors.until_more(2 * PROGRAMS).await;

    let ledger = depositors.stop().await;
    let account = ledger.account(at, &address(topology.leading().unwrap())).await;
    eprintln!("{account:?}, refusals {:?}", ledger.refusals);
    assert_eq!((account.missing, account.duplicates), (0, 0), "{account:?}");
    assert!(account.chain.is_empty(), "{account:?}");
    let Subject::Real(real) = &subject else { unreachable!() };
    real.identical().await;
}

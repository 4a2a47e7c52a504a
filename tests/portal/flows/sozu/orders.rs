//! Orders one by one and many at once, and who may give them.

use super::{add_backend, add_cluster, add_route, expect_same, orders, remove_backend};
use crate::harness::sozu::{Rig, WORKERS, free, spec};
use guichet::testing::edge::sozu::{LoadResult, Sozu, SozuError, version_of};
use sozu_command_lib::state::ConfigState;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The state of the main process, once every worker is seen to agree with it.
async fn agreed(sozu: &Sozu) -> ConfigState {
    let state = sozu.observe().await.unwrap();
    let wanted: std::collections::BTreeMap<String, u64> =
        state.hash_state().into_iter().map(|(cluster, hash)| (cluster.to_string(), hash)).collect();
    let hashes = sozu.hashes().await.unwrap();
    assert_eq!(hashes.len(), 1 + WORKERS);
    assert!(hashes.values().all(|has| *has == wanted), "{hashes:?}");
    state
}

#[tokio::test]
async fn many_orders_at_once_come_to_the_same_as_one_by_one() {
    let hosts: Vec<String> = (0..40).map(|number| format!("s{number}.sites.test")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let spec = spec(&hosts, &[("one", free()), ("two", free())]);
    let orders = orders(&spec);

    let rig = Rig::start().await;
    let sozu = rig.sozu();
    for order in &orders {
        sozu.call(order.clone()).await.unwrap();
    }
    let (called, shown) = (agreed(&sozu).await, sozu.served_certificates().await.unwrap());
    assert!(shown.values().all(|served| served.len() == 1), "{shown:?}");
    drop((sozu, rig));

    let rig = Rig::start().await;
    let sozu = rig.sozu();
    let loaded = sozu.load(&orders).await.unwrap();
    assert_eq!(loaded, LoadResult { ok: orders.len() * WORKERS, errors: 0 });
    expect_same(&called, &agreed(&sozu).await);
    assert_eq!(sozu.served_certificates().await.unwrap(), shown);
    assert_eq!(std::fs::read_dir(rig.state_dir()).unwrap().count(), 0, "the orders hold keys, and are gone");
}

#[tokio::test]
async fn refused_orders_in_a_batch_are_counted_and_hold_up_no_other() {
    let rig = Rig::start().await;
    let sozu = rig.sozu();
    let nowhere = free();
    // The main process itself refuses the second and third, each worker the fourth.
    let orders = [
        add_cluster("first"),
        add_backend("nobody", "lost", nowhere),
        remove_backend("first", "never-there", nowhere),
        add_route("first", nowhere, "unheard.example"),
        add_cluster("last"),
    ];
    let loaded = sozu.load(&orders).await.unwrap();
    assert_eq!(loaded, LoadResult { ok: 2 * WORKERS, errors: 2 + WORKERS });
    let state = agreed(&sozu).await;
    assert_eq!(state.clusters.keys().map(|id| &**id).collect::<Vec<_>>(), ["first", "last"]);
    assert!(state.http_fronts.is_empty(), "what no worker took is not kept either");

    let loaded = sozu.load(&[add_cluster("alone"), add_backend("nobody", "lost", nowhere)]).await.unwrap();
    assert_eq!(loaded, LoadResult { ok: WORKERS, errors: 1 }, "though Sōzu calls this a success");
}

#[tokio::test]
async fn a_refusal_says_why_and_the_connection_goes_on() {
    let rig = Rig::start().await;
    let sozu = rig.sozu();
    let refused = sozu.call(add_backend("nobody", "lost", free())).await.unwrap_err();
    assert!(refused.is_refusal(), "{refused:?}");
    assert!(matches!(&refused, SozuError::Refused { message, .. } if message.contains("does not exist")), "{refused}");
    assert_eq!(sozu.workers().await.unwrap().len(), WORKERS);
}

#[tokio::test]
async fn without_the_lease_no_order_leaves_and_questions_stay_free() {
    let rig = Rig::start().await;
    let sozu = rig.sozu();
    sozu.call(add_cluster("before")).await.unwrap();
    let before = agreed(&sozu).await;
    let open = Arc::new(AtomicBool::new(false));
    let guard = open.clone();
    sozu.set_command_guard(Arc::new(move || guard.load(Ordering::Relaxed)));

    let orders = [add_cluster("after")];
    let refused = sozu.call(orders[0].clone()).await.unwrap_err();
    assert!(matches!(refused, SozuError::NotLeader { .. }), "{refused:?}");
    let refused = sozu.load(&orders).await.unwrap_err();
    assert!(matches!(refused, SozuError::NotLeader { .. }), "{refused:?}");
    let worker = sozu.workers().await.unwrap()[0].id;
    let refused = sozu.upgrade_worker(worker).await.unwrap_err();
    assert!(matches!(refused, SozuError::NotLeader { .. }), "{refused:?}");
    let refused = sozu.close_sessions("before", "any").await.unwrap_err();
    assert!(matches!(refused, SozuError::NotLeader { .. }), "{refused:?}");
    expect_same(&before, &agreed(&rig.sozu()).await);
    assert_eq!(std::fs::read_dir(rig.state_dir()).unwrap().count(), 0);

    open.store(true, Ordering::Relaxed);
    sozu.call(orders[0].clone()).await.unwrap();
    assert_eq!(agreed(&sozu).await.clusters.len(), 2);
}

#[tokio::test]
async fn the_program_that_answers_is_the_one_whose_protocol_is_spoken() {
    let rig = Rig::start().await;
    let peer = version_of(&rig.socket).await.unwrap();
    assert_eq!(peer.pid, rig.pid());
    assert_eq!(peer.version.as_deref(), Some("2.3.3"));
    assert_eq!(guichet::testing::edge::sozu::SUPPORTED_SOZU_VERSION, "2.3.3");
    let nobody = version_of(&rig.path().join("nobody.sock")).await.unwrap_err();
    assert!(matches!(nobody, SozuError::Unreachable { .. }), "{nobody:?}");
}

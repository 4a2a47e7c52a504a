//! How the portal finds and leaves servers.

use super::{PROGRAMS, expect_nothing_lost, host, portal, settle};
use crate::harness::{
    Actor,
    cluster::{Cluster, NODES, Replication},
    depositors::Depositors,
    installation::wait_for_async,
    sample,
};
use guichet::testing::{
    config::{Config, Database, Durability},
    store::{Freshness, Store, StoreError},
};
use std::time::{Duration, Instant};

fn config(cluster: &Cluster, durability: Durability) -> Database {
    let text = std::fs::read_to_string(cluster.section("strict")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let database: Database = table["database"].clone().try_into().unwrap();
    Database { durability: Some(durability), ..database }
}

/// Place of the server that leads, as the store sees it.
fn leader(store: &Store) -> Option<usize> {
    store.servers().1.map(|leading| leading.node)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_leader_is_seen_within_a_fifth_of_a_second() {
    let mut cluster = Cluster::start(Replication::Recommended).await;
    let store = Store::open(&config(&cluster, Durability::Strict)).unwrap();
    wait_for_async("the leader to be found", async || {
        tokio::task::yield_now().await;
        leader(&store) == Some(0)
    })
    .await;
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        cluster.switch_over().await;
        let began = Instant::now();
        wait_for_async("the next leader to be found", async || {
            tokio::task::yield_now().await;
            leader(&store) == Some(cluster.leader) && store.servers().1.is_some_and(|leading| leading.durable)
        })
        .await;
        slowest = slowest.max(began.elapsed());
    }
    eprintln!("a change of leader was seen after {slowest:?} at most");
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_second_server_pages_are_read_and_nothing_is_acknowledged() {
    let (cluster, at) = portal(Replication::Recommended, "strict").await;
    let mut ada = Actor::at(at);
    ada.sign_in("seule@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let attempt = ada.get(&format!("/dossiers/{id}")).await.expect(200).hidden("attempt");
    for number in (0..NODES).filter(|number| *number != cluster.leader) {
        cluster.nodes[number].order("stop slave").await.unwrap();
    }
    let path = format!("/dossiers/{id}/deposits");
    wait_for_async("the portal to notice", async || {
        // A commit that waits for its confirmation may wait for longer than Sōzu does: that is no answer.
        let request = ada.form(&path, &[("attempt", &attempt)]);
        let Ok(answer) = ada.send(request).await else { return false };
        answer.status == 503 && answer.body.contains("second serveur")
    })
    .await;
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    for number in (0..NODES).filter(|number| *number != cluster.leader) {
        cluster.nodes[number].order("start slave").await.unwrap();
    }
    let mut receipt = String::new();
    wait_for_async("the deposit to be taken", async || {
        let answer = ada.post(&path, &[("attempt", &attempt)]).await;
        receipt = answer.location().to_owned();
        answer.status == 303
    })
    .await;
    let receipt = ada.get(&format!("{receipt}.json")).await.expect(200).json();
    assert_eq!(receipt["statement"]["version"], 1, "the same attempt counts once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_that_may_lag_goes_to_a_replica_that_does_not_lag_too_much() {
    let (cluster, at) = portal(Replication::Recommended, "strict").await;
    let database = Config::read(&at.folder.join("guichet-1.toml")).unwrap().database;
    let store = Store::open(&Database { max_lag_seconds: 3, ..database }).unwrap();
    let server = async |freshness| {
        let mut db = store.read(freshness).await.unwrap();
        sqlx::query_scalar::<_, i64>("select cast(@@server_id as signed)").fetch_one(&mut *db).await.unwrap()
    };
    let leads = i64::try_from(cluster.leader).unwrap() + 1;
    wait_for_async("a replica to be read", async || server(Freshness::MayLag).await != leads).await;
    assert_eq!(server(Freshness::OwnWrites).await, leads);
    for number in (0..NODES).filter(|number| *number != cluster.leader) {
        cluster.nodes[number].order("stop slave sql_thread").await.unwrap();
    }
    wait_for_async("slow replicas to be left", async || server(Freshness::MayLag).await == leads).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_take_writes_get_none_unless_one_is_confirmed() {
    let cluster = Cluster::start(Replication::Recommended).await;
    let strict = Store::open(&config(&cluster, Durability::Strict)).unwrap();
    let available = Store::open(&config(&cluster, Durability::Available)).unwrap();
    for store in [&strict, &available] {
        wait_for_async("the leader", async || store.begin().await.is_ok()).await;
    }
    cluster.nodes[1].order("set global read_only = 0").await.unwrap();
    wait_for_async("the second one to be seen", async || matches!(available.begin().await, Err(StoreError::NoLeader)))
        .await;
    assert_eq!(leader(&strict), Some(0), "replication tells which is the real one");
    assert!(strict.begin().await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lock_waits_and_full_servers_are_told_clearly_and_lose_nothing() {
    let (cluster, at) = portal(Replication::Recommended, "strict").await;
    let depositors = Depositors::start(at, PROGRAMS).await;
    let leader = &cluster.nodes[cluster.leader];
    // In one go: a full server takes no further order.
    let trouble = "set global max_connections = 10; do sleep(2); set global max_connections = 300;
                   flush tables with read lock; do sleep(2); unlock tables";
    let (done, ()) = tokio::join!(leader.order(trouble), depositors.until_more(2 * PROGRAMS));
    done.unwrap();
    expect_nothing_lost(&settle(depositors, at, &cluster).await);
    assert_eq!(host(&cluster).port, leader.port);
}

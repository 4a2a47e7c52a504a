//! One address with account and password, as SlapOS publishes it, behind which the leader moves.

use super::{expect_nothing_lost, settle};
use crate::harness::{
    Installation, certificate::Certificate, cluster::Cluster, depositors::Depositors, tcp_proxy::TcpProxy,
};
use guichet::testing::{
    config::{Database, Durability},
    store::{Store, StoreError},
};
use std::{fs, path::Path};

/// The section of an installation that knows the address and nothing else.
fn section(folder: &Path, proxy: &TcpProxy, authority: &Path) -> std::path::PathBuf {
    let (url, file) = (folder.join("url"), folder.join("database.toml"));
    fs::write(&url, format!("mysql://guichet:secret@{}/guichet\n", proxy.address)).unwrap();
    fs::write(&file, format!("[database]\nurl_file = {url:?}\nca_file = {authority:?}\n")).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_behind_a_proxy_is_examined_over_tls_and_followed() {
    let (mut cluster, authority) = Cluster::start_secured().await;
    cluster.nodes[0].order("alter user guichet@'127.0.0.1' require ssl").await.unwrap();
    let mut proxy = TcpProxy::start(cluster.nodes[0].port).await;
    let folder = tempfile::tempdir().unwrap();
    let file = section(folder.path(), &proxy, &authority);
    let at = Installation::start_with(None, &["--database", file.to_str().unwrap()]).for_this_test();
    let depositors = Depositors::start(at, 4).await;
    depositors.until_more(8).await;

    cluster.switch_over().await;
    proxy.lead_to(cluster.nodes[cluster.leader].port).await;
    depositors.until_more(8).await;
    expect_nothing_lost(&settle(depositors, at, &cluster).await);

    // MariaDB's own programs take the same way.
    let sets = folder.path().join("sets");
    at.command(&["admin", "backup", "--to", sets.to_str().unwrap()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_in_front_of_a_replica_or_with_another_authority_is_refused() {
    let (cluster, authority) = Cluster::start_secured().await;
    let mut proxy = TcpProxy::start(cluster.nodes[0].port).await;
    let folder = tempfile::tempdir().unwrap();
    let of = |authority: &Path| Database {
        url_file: Some(folder.path().join("url")),
        ca_file: Some(authority.into()),
        durability: Some(Durability::Strict),
        ..Database::default()
    };
    section(folder.path(), &proxy, &authority);
    let store = Store::open(&of(&authority)).unwrap();
    store.write().await.unwrap();
    store.close().await;

    let stranger = tempfile::tempdir().unwrap();
    let stranger = Certificate::make(stranger.path());
    let other = folder.path().join("other.pem");
    fs::copy(&stranger.pem, &other).unwrap();
    let store = Store::open(&of(&other)).unwrap();
    let refused = store.write().await.map(|_| ()).unwrap_err();
    let silence = store.servers().0.remove(0).1.poll_error.unwrap_or_default();
    store.close().await;
    assert!(matches!(refused, StoreError::NoLeader), "{refused:?}");
    assert!(silence.to_lowercase().contains("certificate"), "{silence}");

    proxy.lead_to(cluster.nodes[2].port).await;
    let store = Store::open(&of(&authority)).unwrap();
    let refused = store.write().await.map(|_| ()).unwrap_err();
    store.close().await;
    assert!(matches!(refused, StoreError::NoLeader), "{refused:?}");
}

//! What Sōzu tells by itself.

use super::{add_backend, add_cluster, add_route, listen, remove_backend};
use crate::harness::{
    installation::wait_for_async,
    sozu::{Rig, WORKERS, id, process},
};
use guichet::testing::edge::sozu::{Events, Sozu, SozuEvent};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::UnboundedReceiver,
    time::timeout,
};

/// Sōzu takes a subscription without saying so: it stands once something is heard.
async fn subscribed(sozu: &Sozu, heard: &mut UnboundedReceiver<SozuEvent>) {
    wait_for_async("the subscription to stand", async || {
        sozu.call(add_cluster("heard")).await.unwrap();
        tokio::task::yield_now().await;
        std::iter::from_fn(|| heard.try_recv().ok()).any(|one| matches!(one, SozuEvent::Changed { .. }))
    })
    .await;
}

async fn drained(heard: &mut UnboundedReceiver<SozuEvent>) -> String {
    let wait = async {
        loop {
            if let SozuEvent::Drained { backend } = heard.recv().await.expect("the thread still listens") {
                return backend;
            }
        }
    };
    timeout(Duration::from_secs(30), wait).await.expect("a worker says that it has no more connections")
}

#[tokio::test]
async fn each_worker_tells_once_that_a_removed_process_has_no_more_connections() {
    let rig = Rig::start().await;
    let sozu = rig.sozu();
    let (address, _) = process().await;
    let listener = listen(&sozu, BTreeMap::new()).await;
    sozu.call(add_cluster("c")).await.unwrap();
    sozu.call(add_backend("c", "guichet-one", address)).await.unwrap();
    sozu.call(add_route("c", listener, "c.example")).await.unwrap();
    let (_events, mut heard) = Events::start(&rig.socket);
    subscribed(&sozu, &mut heard).await;

    let mut browser = TcpStream::connect(listener).await.unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\nHost: c.example\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    browser.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    sozu.call(remove_backend("c", "guichet-one", address)).await.unwrap();
    for _ in 1..WORKERS {
        assert_eq!(drained(&mut heard).await, "guichet-one");
    }
    let more = std::iter::from_fn(|| heard.try_recv().ok()).any(|one| matches!(one, SozuEvent::Drained { .. }));
    assert!(!more, "the worker that the browser is connected to still has its connection");
    assert_eq!(sozu.close_sessions("c", "guichet-one").await.unwrap(), 1);
    assert_eq!(drained(&mut heard).await, "guichet-one");
    browser.read_to_end(&mut Vec::new()).await.ok();
    assert_eq!(sozu.close_sessions("c", "guichet-one").await.unwrap(), 0);
}

#[tokio::test]
async fn the_end_of_sozu_is_heard() {
    let rig = Rig::start().await;
    let (_events, mut heard) = Events::start(&rig.socket);
    subscribed(&rig.sozu(), &mut heard).await;
    drop(rig);
    let lost = async { while heard.recv().await.expect("the thread still listens") != SozuEvent::Lost {} };
    timeout(Duration::from_secs(30), lost).await.expect("the connection is told to be lost");
}

#[tokio::test]
async fn the_requests_and_errors_of_a_process_are_counted_over_all_workers() {
    use guichet::testing::edge::{probe::check_host, reconciler::Reconciler, render::backend_id};
    use std::sync::atomic::Ordering;
    let rig = Rig::start().await;
    let (address, status) = process().await;
    let spec = crate::harness::sozu::spec(&["a.sites.test"], &[("one", address)]);
    let mut reconciler = Reconciler::new(rig.sozu(), super::SAFETY_LIMITS);
    assert!(reconciler.reconcile(&spec).await.unwrap().verified());
    let (https, fingerprint) = (spec.listeners.https, &spec.certificates[0].fingerprint);
    let backend = backend_id(id("one"));
    let seen = async || reconciler.sozu().traffic().await.unwrap().remove(&backend).unwrap_or_default();
    let before = seen().await;
    for _ in 0..20 {
        check_host("a.sites.test", https, fingerprint).await.unwrap();
    }
    wait_for_async("20 requests", async || seen().await.requests == before.requests + 20).await;
    assert_eq!(seen().await.errors, before.errors);
    status.store(500, Ordering::Relaxed);
    for _ in 0..3 {
        check_host("a.sites.test", https, fingerprint).await.unwrap_err();
    }
    wait_for_async("3 errors", async || seen().await.errors == before.errors + 3).await;
    assert_eq!(seen().await.requests, before.requests + 23);
}

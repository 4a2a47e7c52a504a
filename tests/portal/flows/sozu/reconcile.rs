//! An object that cannot be had does not hold up the others.

use super::SAFETY_LIMITS;
use crate::harness::{
    installation::wait_for_async,
    sozu::{Rig, free, id, process, spec},
};
use guichet::testing::{
    config::Listen,
    edge::{
        plan::SafetyLimits, probe::check_host, reconciler::Reconciler, render::backend_id, report::SyncStatus,
        sozu::Sozu,
    },
};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[tokio::test]
async fn a_refused_listener_and_a_host_without_certificate_hold_up_nothing_else() {
    let rig = Rig::start().await;
    let (address, _) = process().await;
    let mut spec = spec(&["a.sites.test", "uncovered.example"], &[("one", address)]);
    // An address that no machine has (RFC 5737).
    spec.listeners.http = "192.0.2.1:8080".parse().unwrap();
    let mut reconciler = Reconciler::new(rig.sozu(), SAFETY_LIMITS);
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    let reason = |object: &str| {
        let mut rejected = outcome.issues.iter().filter(|issue| issue.status == SyncStatus::Rejected);
        rejected.find(|issue| issue.object.to_string().contains(object)).map(|issue| issue.reason.clone())
    };
    let refused = reason("HTTP listener").unwrap_or_else(|| panic!("{:?}", outcome.issues));
    assert!(refused.starts_with("Sōzu refused"), "in its own words: {refused}");
    assert!(reason("uncovered.example").is_some(), "{:?}", outcome.issues);
    check_host("a.sites.test", spec.listeners.https, &spec.certificates[0].fingerprint).await.unwrap();

    spec.listeners.http = free();
    wait_for_async("the listener to be bound", async || {
        let outcome = reconciler.reconcile(&spec).await.unwrap();
        outcome.issues.iter().all(|issue| issue.object.to_string().contains("uncovered.example"))
    })
    .await;
    assert!(std::net::TcpStream::connect(spec.listeners.http).is_ok());
    assert!(reconciler.still_converged().await.unwrap());
}

#[tokio::test]
async fn a_host_keeps_its_https_while_its_certificate_cannot_be_read() {
    let rig = Rig::start().await;
    let (address, _) = process().await;
    let mut spec = spec(&["a.sites.test"], &[("one", address)]);
    let mut reconciler = Reconciler::new(rig.sozu(), SafetyLimits { max_removal_percent: 0 });
    assert!(reconciler.reconcile(&spec).await.unwrap().verified());
    let shown = spec.certificates[0].fingerprint.clone();
    // What an edge desires that was started again while the file was missing.
    spec.certificates.clear();
    let mut reconciler = Reconciler::new(rig.sozu(), SafetyLimits { max_removal_percent: 0 });
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    assert!(outcome.steps.is_empty(), "{:?}", outcome.steps);
    let told = outcome.issues.iter().any(|issue| issue.reason.contains("what Sōzu shows for it stays"));
    assert!(told, "{:?}", outcome.issues);
    check_host("a.sites.test", spec.listeners.https, &shown).await.unwrap();
    // A host that is not wanted any more is another matter: the guard holds it, the operator lets it go.
    spec.sites = [("portal".to_owned(), ["b.sites.test".to_owned()].into())].into();
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    assert!(outcome.issues.iter().any(|issue| issue.status == SyncStatus::NeedsOperator), "{outcome:?}");
    check_host("a.sites.test", spec.listeners.https, &shown).await.unwrap();
    reconciler.set_safety_limits(super::SAFETY_LIMITS);
    reconciler.reconcile(&spec).await.unwrap();
    assert!(reconciler.sozu().observe().await.unwrap().https_fronts.is_empty());
}

#[tokio::test]
async fn a_listener_moves_only_when_the_new_address_can_be_had() {
    let rig = Rig::start().await;
    let (address, _) = process().await;
    let mut spec = spec(&["a.sites.test"], &[("one", address)]);
    let mut reconciler = Reconciler::new(rig.sozu(), SAFETY_LIMITS);
    assert!(reconciler.reconcile(&spec).await.unwrap().verified());
    let (old, shown) = (spec.listeners.https, spec.certificates[0].fingerprint.clone());
    let occupant = TcpListener::bind("127.0.0.1:0").unwrap();
    spec.listeners.https = occupant.local_addr().unwrap();
    for _ in 0..2 {
        let outcome = reconciler.reconcile(&spec).await.unwrap();
        let refused = outcome.issues.iter().any(|one| one.reason.contains("another program listens"));
        assert!(refused, "{:?}", outcome.issues);
        check_host("a.sites.test", old, &shown).await.unwrap();
    }
    drop(occupant);
    wait_for_async("the listener to move", async || {
        reconciler.reconcile(&spec).await.unwrap();
        check_host("a.sites.test", spec.listeners.https, &shown).await.is_ok()
    })
    .await;
    wait_for_async("the old one to go", async || {
        reconciler.reconcile(&spec).await.unwrap();
        std::net::TcpStream::connect(old).is_err()
    })
    .await;
}

#[tokio::test]
async fn a_change_by_other_hands_is_reported_even_when_the_desired_state_changes_too() {
    let rig = Rig::start().await;
    let ((one, _), (two, _)) = (process().await, process().await);
    let mut spec = spec(&["a.sites.test"], &[("one", one), ("two", two)]);
    let mut reconciler = Reconciler::new(rig.sozu(), SAFETY_LIMITS);
    assert!(reconciler.reconcile(&spec).await.unwrap().verified());
    assert!(!reconciler.reconcile(&spec).await.unwrap().drift_repaired, "nobody has touched it");
    let order = super::remove_backend("guichet-portal", &backend_id(id("two")), two);
    rig.sozu().call(order).await.unwrap();
    spec.sites.values_mut().next().unwrap().insert("b.sites.test".to_owned());
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    assert!(outcome.drift_repaired && outcome.verified(), "{outcome:?}");
    assert!(outcome.steps.iter().any(|step| step.contains(&backend_id(id("two")))), "{:?}", outcome.steps);
}

/// A way to Sōzu that breaks, while it is armed, at the first message with this text in it.
fn brittle(to: &Path, at: &Path, text: String) -> Arc<AtomicBool> {
    let armed = Arc::new(AtomicBool::new(false));
    let (listener, to, told) = (UnixListener::bind(at).unwrap(), to.to_owned(), armed.clone());
    std::thread::spawn(move || {
        for from in listener.incoming() {
            let (from, sozu) = (from.unwrap(), UnixStream::connect(&to).unwrap());
            let (back, answers) = (from.try_clone().unwrap(), sozu.try_clone().unwrap());
            let (armed, text) = (told.clone(), text.clone());
            std::thread::spawn(move || {
                pass(from, sozu, |sent| {
                    armed.load(Ordering::Relaxed) && sent.windows(text.len()).any(|part| part == text.as_bytes())
                })
            });
            std::thread::spawn(move || pass(answers, back, |_| false));
        }
    });
    armed
}

fn pass(mut from: UnixStream, mut to: UnixStream, breaks: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if breaks(&buffer[..read]) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    for side in [from, to] {
        side.shutdown(Shutdown::Both).ok();
    }
}

#[tokio::test]
async fn a_reconciliation_that_broke_off_is_not_reported_as_a_change_by_other_hands() {
    let rig = Rig::start().await;
    let ((one, _), (two, _)) = (process().await, process().await);
    let way = rig.path().join("way.sock");
    let armed = brittle(&rig.socket, &way, backend_id(id("two")));
    let mut spec = spec(&["a.sites.test"], &[]);
    let mut reconciler = Reconciler::new(Sozu::start(&way, &rig.state_dir()).unwrap(), SAFETY_LIMITS);
    assert!(reconciler.reconcile(&spec).await.unwrap().issues.is_empty());
    spec.processes = [(id("one"), Listen::Tcp(one)), (id("two"), Listen::Tcp(two))].into();
    armed.store(true, Ordering::Relaxed);
    reconciler.reconcile(&spec).await.unwrap_err();
    let half = rig.sozu().observe().await.unwrap();
    assert_eq!(half.backends["guichet-portal"].len(), 1, "half of the orders were carried out");
    armed.store(false, Ordering::Relaxed);
    let outcome = reconciler.reconcile(&spec).await.unwrap();
    assert!(outcome.verified() && !outcome.steps.is_empty() && !outcome.drift_repaired, "{outcome:?}");
}

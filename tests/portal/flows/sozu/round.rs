//! An object that cannot be had does not hold up the others.

use super::GUARDS;
use crate::harness::{
    installation::wait_for_async,
    sozu::{Rig, process, spec},
};
use guichet::edge::{probe::serves, report::Standing, round::Round};
use std::net::TcpListener;

#[tokio::test]
async fn a_refused_listener_and_a_host_without_certificate_hold_up_nothing_else() {
    let rig = Rig::start().await;
    let (address, _) = process().await;
    let mut spec = spec(&["a.sites.test", "uncovered.example"], &[("one", address)]);
    let occupant = TcpListener::bind("127.0.0.1:0").unwrap();
    spec.listeners.http = occupant.local_addr().unwrap();
    let mut round = Round::new(rig.sozu(), GUARDS);
    let outcome = round.round(&spec).await.unwrap();
    let reason = |object: &str| {
        let mut rejected = outcome.findings.iter().filter(|finding| finding.standing == Standing::Rejected);
        rejected.find(|finding| finding.object.contains(object)).map(|finding| finding.reason.clone())
    };
    let refused = reason("HTTP listener").unwrap_or_else(|| panic!("{:?}", outcome.findings));
    assert!(refused.starts_with("Sōzu refused"), "in its own words: {refused}");
    assert!(reason("uncovered.example").is_some(), "{:?}", outcome.findings);
    serves("a.sites.test", spec.listeners.https, &spec.certificates[0].fingerprint).await.unwrap();

    drop(occupant);
    wait_for_async("the listener to be bound", async || {
        let outcome = round.round(&spec).await.unwrap();
        outcome.findings.iter().all(|finding| finding.object.contains("uncovered.example"))
    })
    .await;
    assert!(std::net::TcpStream::connect(spec.listeners.http).is_ok());
    assert!(round.still_holds().await.unwrap());
}

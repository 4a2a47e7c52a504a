//! Certificates, listeners and sites change under load, and no request is lost.

use crate::{
    flows::breakdown::own,
    harness::{
        Installation,
        load::{Load, Manner},
    },
};
use guichet::testing::{
    config::Config,
    store::{Freshness, Store, site},
};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use std::{collections::BTreeSet, fs, path::Path};

const CONNECTIONS: [(Manner, usize); 3] = [(Manner::Kept, 2), (Manner::Fresh, 6), (Manner::Post, 2)];

/// A certificate of the installation's own authority.
fn issue(at: &Installation, names: &[&str], certificate: &Path, key: &Path) -> String {
    let authority_key = fs::read_to_string(at.folder.join("tls/ca-key.pem")).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Guichet demonstration, this machine only");
    let issuer = Issuer::new(authority, KeyPair::from_pem(&authority_key).unwrap());
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let fresh = KeyPair::generate().unwrap();
    let issued = CertificateParams::new(names).unwrap().signed_by(&fresh, &issuer).unwrap();
    // Key and certificate are two files, and never go together for a moment: nothing of that may be served.
    fs::write(key, fresh.serialize_pem()).unwrap();
    fs::write(certificate, issued.pem()).unwrap();
    hex::encode(ring::digest::digest(&ring::digest::SHA256, issued.der()))
}

async fn sixty_renewals(at: &'static Installation) {
    let load = Load::start(at, &CONNECTIONS).await;
    let mut known: BTreeSet<String> =
        at.edge().await.certificates.into_iter().map(|certificate| certificate.fingerprint).collect();
    let (certificate, key) = (at.folder.join("tls/site.pem"), at.folder.join("tls/site-key.pem"));
    for _ in 0..60 {
        let fingerprint = issue(at, &["localhost", "guichet.localhost"], &certificate, &key);
        at.edge_until("the renewed certificate to be served", |report| {
            report.converged && report.certificates.iter().any(|one| one.fingerprint == fingerprint && one.served)
        })
        .await;
        known.insert(fingerprint);
    }
    let tally = load.stop().await;
    assert!(tally.certificates.is_subset(&known), "a certificate that nobody configured was shown");
    assert!(tally.certificates.len() > 20, "{}", tally.certificates.len());
    tally.expect_no_failure("60 renewals");
}

async fn fifty_listener_changes(at: &'static Installation) {
    let load = Load::start(at, &CONNECTIONS).await;
    for number in 0..50_i64 {
        let plans = at.edge().await.last_plan.unwrap().at;
        at.change_edge(|edge| {
            let limits = edge["limits"].as_table_mut().unwrap();
            limits.insert("front_timeout_seconds".into(), (61 + number % 2).into());
        });
        let report = at
            .edge_until("the listeners to be patched", |report| {
                report.converged && report.last_plan.as_ref().is_some_and(|plan| plan.at != plans)
            })
            .await;
        let steps = report.last_plan.unwrap().steps;
        assert!(steps.len() == 2 && steps.iter().all(|step| step.starts_with("patch ")), "{steps:?}");
    }
    load.stop().await.expect_no_failure("50 listener changes");
}

async fn two_hundred_sites(at: &'static Installation) {
    let (certificate, key) = (at.folder.join("tls/sites.pem"), at.folder.join("tls/sites-key.pem"));
    issue(at, &["*.sites.localhost"], &certificate, &key);
    at.change_edge(|edge| {
        let files = [("certificate", &certificate), ("private_key", &key)];
        let files = files.map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned().into()));
        edge["certificates"].as_array_mut().unwrap().push(toml::Value::Table(files.into_iter().collect()));
        edge.insert("max_removal_percent".into(), 100.into());
    });
    let store = Store::open(&Config::read(&at.folder.join("guichet-1.toml")).unwrap().database).unwrap();
    let hosts: Vec<String> = (0..200).map(|number| format!("s{number}.sites.localhost")).collect();
    let load = Load::start(at, &CONNECTIONS).await;
    let mut db = store.begin().await.unwrap();
    for host in &hosts {
        site::put(&mut db, host, "petit-pas", site::HostSource::Operator).await.unwrap();
    }
    db.commit().await.unwrap();
    let report = at.edge_until("200 sites more", |report| report.converged && report.sites.len() == 202).await;
    eprintln!("200 sites added in {} µs", report.last_plan.unwrap().took_us);
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    for host in &hosts {
        assert!(site::remove(&mut db, host).await.unwrap());
    }
    let report = at.edge_until("200 sites less", |report| report.converged && report.sites.len() == 2).await;
    eprintln!("… and the last of them removed in {} µs", report.last_plan.unwrap().took_us);
    load.stop().await.expect_no_failure("200 sites added and removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_patches_and_sites_lose_no_request() {
    let at = own();
    sixty_renewals(at).await;
    fifty_listener_changes(at).await;
    two_hundred_sites(at).await;
    let log = fs::read_to_string(at.folder.join("log/edge.log")).unwrap();
    assert!(!log.contains("PRIVATE"), "no key in the log");
}

#[tokio::test]
async fn what_cannot_be_served_is_told_and_holds_up_nothing_else() {
    let at = own();
    at.change_edge(|edge| {
        edge["hosts"].as_array_mut().unwrap().extend(["nowhere.example".into(), "*.bad".into()]);
    });
    let report = at.edge_until("the new hosts to be judged", |report| report.issues.len() == 2).await;
    assert!(report.converged, "what can be served is: {report:#?}");
    assert!(report.issues.iter().any(|issue| issue.object == "host nowhere.example"), "{:?}", report.issues);
    // A configuration that cannot be read changes nothing.
    at.change_edge(|edge| drop(edge.insert("hosts".into(), "not a list".into())));
    let report = at.edge_until("the alarm", |report| report.alarms.iter().any(|a| a.contains("not applied"))).await;
    assert!(report.converged && report.sites.len() == 4);
}

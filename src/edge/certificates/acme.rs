//! Certificates from an ACME authority (RFC 8555) by the challenge HTTP-01: one for each host that no file covers.
//!
//! The authority requests `http://<host>/.well-known/acme-challenge/<token>`. While a host is under validation, a
//! temporary route of Sōzu leads that path to the edge's responder. The authority is asked to validate only when the
//! route was verified on every worker.

mod order;
mod renewal;
mod responder;

use super::{CertificatesError, LoadedCertificate};
use crate::{
    config,
    edge::{certificate::SiteCertificate, spec::Challenges},
    private_file::replace_private,
};
use jiff::Timestamp;
use order::Authority;
use renewal::{RetryTimer, renewal_due};
use responder::Responder;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

/// The source of these certificates, in reports.
pub const SOURCE: &str = "acme";
/// Time between two checks for renewals that are due.
const RENEWAL_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// State that the task shares with the edge.
#[derive(Default)]
struct SharedState {
    certificates: BTreeMap<String, SiteCertificate>,
    issues: BTreeMap<String, String>,
}

/// A client of one authority; its task ends with it.
pub struct Acme {
    config: config::Acme,
    shared: Arc<Mutex<SharedState>>,
    changed: Arc<Notify>,
    hosts: watch::Sender<BTreeSet<String>>,
    challenged: watch::Receiver<BTreeSet<String>>,
    verified_routes: watch::Sender<BTreeSet<String>>,
    _tasks: JoinSet<()>,
}

fn lock(shared: &Mutex<SharedState>) -> MutexGuard<'_, SharedState> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Acme {
    /// Loads the stored certificates, and starts to answer challenges and to renew.
    pub fn start(config: &config::Acme, state_dir: &Path) -> Result<Self, CertificatesError> {
        let folder = state_dir.join("acme");
        let failed = |source| CertificatesError::File { path: folder.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let shared = Arc::new(Mutex::new(SharedState { certificates: load_stored(&folder), issues: BTreeMap::new() }));
        let changed = Arc::new(Notify::new());
        let (hosts, needed) = watch::channel(BTreeSet::new());
        let (challenge, challenged) = watch::channel(BTreeSet::new());
        let (verified_routes, routes) = watch::channel(BTreeSet::new());
        let responder = Responder::default();
        let mut tasks = JoinSet::new();
        let listener = responder::bind(config.responder_listen)
            .map_err(|source| CertificatesError::Responder(config.responder_listen, source))?;
        tasks.spawn(responder.clone().serve(listener));
        let task = RenewalTask {
            authority: Authority::new(config, &folder),
            folder,
            shared: shared.clone(),
            changed: changed.clone(),
            hosts: needed,
            challenge,
            routes,
            responder,
            retries: BTreeMap::new(),
        };
        tasks.spawn(task.run());
        Ok(Self { config: config.clone(), shared, changed, hosts, challenged, verified_routes, _tasks: tasks })
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &config::Acme {
        &self.config
    }

    /// The certificates of the hosts that need one.
    #[must_use]
    pub fn current(&self) -> Vec<LoadedCertificate> {
        let shared = lock(&self.shared);
        let needed = self.hosts.borrow();
        let loaded =
            shared.certificates.iter().filter(|(host, _)| needed.contains(*host)).map(|(host, certificate)| {
                LoadedCertificate {
                    certificate: certificate.clone(),
                    source: SOURCE.into(),
                    issue: shared.issues.get(host).cloned(),
                }
            });
        loaded.collect()
    }

    /// Failures, as host and reason.
    pub fn issues(&self) -> Vec<(String, String)> {
        let issues = lock(&self.shared).issues.clone();
        issues.into_iter().map(|(host, reason)| (format!("certificate of {host}"), reason)).collect()
    }

    /// Resolves when a certificate or an issue may have changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Sets the hosts that need a certificate.
    pub fn set_hosts(&self, hosts: BTreeSet<String>) {
        self.hosts.send_if_modified(|known| std::mem::replace(known, hosts.clone()) != hosts);
    }

    /// The address of the responder, and the hosts under validation now.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        Challenges { responder: self.config.responder_listen, hosts: self.challenged.borrow().clone() }
    }

    /// Sets the hosts whose route was verified.
    pub fn confirm_routes(&self, hosts: &BTreeSet<String>) {
        self.verified_routes.send_if_modified(|known| std::mem::replace(known, hosts.clone()) != *hosts);
    }
}

struct RenewalTask {
    authority: Authority,
    folder: PathBuf,
    shared: Arc<Mutex<SharedState>>,
    changed: Arc<Notify>,
    hosts: watch::Receiver<BTreeSet<String>>,
    challenge: watch::Sender<BTreeSet<String>>,
    routes: watch::Receiver<BTreeSet<String>>,
    responder: Responder,
    retries: BTreeMap<String, RetryTimer>,
}

impl RenewalTask {
    /// Renews one host after the other until the task is dropped.
    async fn run(mut self) {
        loop {
            if let Some(host) = self.next() {
                self.renew(&host).await;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(RENEWAL_CHECK_INTERVAL) => {}
                changed = self.hosts.changed() => if changed.is_err() { return },
            }
        }
    }

    fn next(&mut self) -> Option<String> {
        let now = Timestamp::now().as_second();
        let hosts = self.hosts.borrow_and_update().clone();
        self.retries.retain(|host, _| hosts.contains(host));
        let shared = lock(&self.shared);
        let due = |host: &&String| {
            let known = shared.certificates.get(*host);
            known.is_none_or(|known| renewal_due(known.not_before, known.not_after, now))
                && self.retries.get(*host).is_none_or(RetryTimer::has_elapsed)
        };
        hosts.iter().find(due).cloned()
    }

    async fn renew(&mut self, host: &str) {
        let issued =
            order::issue(&mut self.authority, host, &self.responder, &self.challenge, &mut self.routes, &self.changed);
        let outcome = match issued.await {
            Ok((chain, key)) => self.store(host, chain, key),
            Err(error) => Err(error),
        };
        self.responder.forget();
        self.challenge.send_replace(BTreeSet::new());
        match outcome {
            Ok(certificate) => {
                tracing::info!(host, fingerprint = certificate.fingerprint, "certificate issued");
                self.retries.remove(host);
                let mut shared = lock(&self.shared);
                shared.issues.remove(host);
                shared.certificates.insert(host.into(), certificate);
            }
            Err(error) => {
                let pause = self.retries.entry(host.into()).or_default().record_failure();
                let reason = format!("not issued, tried again in {} s: {error:#}", pause.as_secs());
                tracing::warn!(host, "{reason}");
                lock(&self.shared).issues.insert(host.into(), reason);
            }
        }
        self.changed.notify_one();
    }

    fn store(&self, host: &str, chain: String, key: String) -> anyhow::Result<SiteCertificate> {
        let certificate = SiteCertificate::parse(chain.clone(), key.clone()).map_err(anyhow::Error::msg)?;
        anyhow::ensure!(certificate.covers(host), "the authority issued a certificate for other names");
        replace_private(&self.folder.join(format!("{host}.key")), key.as_bytes())?;
        replace_private(&self.folder.join(format!("{host}.pem")), chain.as_bytes())?;
        Ok(certificate)
    }
}

/// Certificates issued earlier. The parts of a half-written pair do not match: it is left out, and issued again.
fn load_stored(folder: &Path) -> BTreeMap<String, SiteCertificate> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let path = entry.path();
            let host = path.file_name()?.to_str()?.strip_suffix(".pem")?.to_owned();
            Some((host, SiteCertificate::read(&path, &path.with_extension("key")).ok()?))
        })
        .filter(|(host, certificate)| certificate.covers(host))
        .collect()
}

//! `guichet edge`: keeps Sōzu in the state that the configuration and the portal's processes call for.
//!
//! The core is pure: [`compile::compile`] turns the wish into a state, [`plan::plan`] finds the orders between two
//! states. Around it, one loop observes, plans, gives the orders one by one, and verifies. Nothing is remembered about
//! Sōzu from one round to the next, so a Sōzu that was restarted empty, or changed behind our back, is put right like
//! any other.

pub mod answers;
pub mod certificate;
pub mod compile;
pub mod plan;
pub mod probe;
pub mod readiness;
pub mod sozu;
pub mod spec;

use crate::config::{Config, Edge};
use anyhow::Context;
use certificate::SiteCertificate;
use futures_util::future::join_all;
use plan::{Step, attainable, plan};
use readiness::Readiness;
use sozu::{Sozu, SozuError};
use sozu_command_lib::state::ConfigState;
use spec::EdgeSpec;
use std::{
    collections::BTreeSet,
    future::Future,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, Instant},
};

/// Pause between polls while all is well.
const CALM: Duration = Duration::from_millis(500);
/// Pause between polls while a process is not ready, or Sōzu not as it should be.
const HURRY: Duration = Duration::from_millis(200);
/// Longest time between two looks at Sōzu's state.
const PERIOD: Duration = Duration::from_secs(2);
/// Longest time between two looks from outside.
const OUTSIDE_PERIOD: Duration = Duration::from_secs(60);
/// A certificate with fewer days left than this is warned of.
const EXPIRY_MARGIN: i64 = 14;

/// Keeps Sōzu as it should be until `shutdown` resolves; Sōzu and what it serves stay as they are then.
///
/// # Errors
/// When the configuration has no `[edge]`, or its state folder cannot be made private. Whatever fails later is logged
/// once and tried again.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let mut keeper = Keeper::new(config)?;
    let keep = async {
        loop {
            let pause = keeper.turn().await?;
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = shutdown => Ok(()),
        broken = keep => broken,
    }
}

struct Keeper {
    config: Config,
    edge: Edge,
    sozu: Sozu,
    readiness: Readiness,
    /// Last certificate that could be read: a bad file must not take down a good site.
    certificate: Option<SiteCertificate>,
    /// Whether Sōzu was asked yet which processes it serves.
    adopted: bool,
    /// Which Sōzu the last whole round was held with, and when.
    last_round: Option<(Generation, Instant)>,
    /// When the sites were last seen from outside.
    looked: Option<Instant>,
    /// What was complained of in the last round, so that each complaint is logged once.
    complaints: BTreeSet<String>,
}

/// Tells one start of Sōzu from the next: device, inode and change time of its command socket.
type Generation = Option<(u64, u64, i64, i64)>;

fn generation(socket: &Path) -> Generation {
    let metadata = std::fs::metadata(socket).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

impl Keeper {
    fn new(config: Config) -> anyhow::Result<Self> {
        let edge = config.edge.clone().context("the configuration has no [edge] section")?;
        let sozu = Sozu::start(&edge.sozu_socket, &edge.state_dir)?;
        Ok(Self {
            config,
            edge,
            sozu,
            readiness: Readiness::default(),
            certificate: None,
            adopted: false,
            last_round: None,
            looked: None,
            complaints: BTreeSet::new(),
        })
    }

    /// Polls the processes, brings Sōzu up to date when there is a reason to, and says how long to pause.
    async fn turn(&mut self) -> anyhow::Result<Duration> {
        let polls = self.edge.backends.iter().map(async |backend| {
            let ready = probe::ready(backend.ops_address).await;
            (backend.id.clone(), ready)
        });
        let changed = self.readiness.heard(&join_all(polls).await);
        let current = generation(&self.edge.sozu_socket);
        let fresh = self.last_round.is_some_and(|(seen, at)| seen == current && at.elapsed() < PERIOD);
        if changed || !fresh {
            self.last_round = None;
            match self.converge().await {
                Ok(complaints) => {
                    self.last_round = Some((current, Instant::now()));
                    self.complain(complaints);
                }
                Err(error) if matches!(error.downcast_ref(), Some(SozuError::Gone)) => return Err(error),
                Err(error) => self.complain(BTreeSet::from([format!("{error:#}")])),
            }
        }
        let calm = self.last_round.is_some() && !self.readiness.anyone_missing();
        Ok(if calm { CALM } else { HURRY })
    }

    /// One round: observe, plan, apply, verify. Returns what is wrong and does not stop the rest.
    async fn converge(&mut self) -> anyhow::Result<BTreeSet<String>> {
        let mut complaints = BTreeSet::new();
        let actual = self.sozu.observe().await?;
        self.adopt(&actual);
        let certificate = self.certificate(&mut complaints)?;
        let fingerprint = certificate.fingerprint.clone();
        let spec = EdgeSpec::of_portal(&self.config, certificate, self.readiness.serving())
            .context("the configuration has no [edge] section")?;
        let desired = compile::compile(&spec)?;
        let steps = plan(&actual, &desired);
        let acted = self.apply(steps, &mut complaints).await?;
        if complaints.is_empty() {
            self.verify(&attainable(&actual, &desired), &fingerprint, acted, &mut complaints).await?;
        }
        Ok(complaints)
    }

    fn adopt(&mut self, actual: &ConfigState) {
        if !std::mem::replace(&mut self.adopted, true) {
            let served: BTreeSet<_> = actual
                .backends
                .values()
                .flatten()
                .map(|backend| (backend.backend_id.clone(), backend.address))
                .collect();
            let known = self.edge.backends.iter();
            let known = known.filter(|backend| served.contains(&(compile::backend_id(&backend.id), backend.address)));
            self.readiness.adopt(known.map(|backend| backend.id.clone()));
        }
    }

    fn certificate(&mut self, complaints: &mut BTreeSet<String>) -> anyhow::Result<SiteCertificate> {
        match SiteCertificate::read(&self.edge.certificate, &self.edge.private_key) {
            Ok(certificate) => self.adopt_certificate(certificate),
            Err(error) if self.certificate.is_none() => return Err(error.into()),
            Err(error) => {
                complaints.insert(format!("the previous certificate stays: {:#}", anyhow::Error::from(error)));
            }
        }
        self.certificate.clone().context("no certificate")
    }

    fn adopt_certificate(&mut self, certificate: SiteCertificate) {
        if self.certificate.as_ref() != Some(&certificate) {
            let days = (certificate.expires - jiff::Timestamp::now().as_second()) / 86_400;
            let fingerprint = certificate.fingerprint.as_str();
            if days < EXPIRY_MARGIN {
                tracing::warn!(days, fingerprint, "the certificate is about to expire, or has expired");
            } else {
                tracing::info!(days, fingerprint, "certificate read");
            }
            self.certificate = Some(certificate);
        }
    }

    /// Gives the orders one by one; after a refusal, nothing more is taken away in this round.
    async fn apply(&self, steps: Vec<Step>, complaints: &mut BTreeSet<String>) -> Result<bool, SozuError> {
        let mut acted = false;
        for step in steps {
            match step {
                Step::Order { phase, .. } if phase.removes() && !complaints.is_empty() => {}
                Step::Order { label, request, .. } => {
                    acted = true;
                    match self.sozu.call(*request).await {
                        Ok(_) => tracing::info!("{label}"),
                        Err(error) if error.is_refusal() => {
                            complaints.insert(format!("{label}: {error}"));
                        }
                        Err(error) => return Err(error),
                    }
                }
                Step::NeedsOperator { .. } => {
                    complaints.insert(step.to_string());
                }
            }
        }
        Ok(acted)
    }

    /// Compares main process and workers with what was wanted; after changes, and now and then, looks from outside.
    async fn verify(
        &mut self,
        wanted: &ConfigState,
        fingerprint: &str,
        acted: bool,
        complaints: &mut BTreeSet<String>,
    ) -> Result<(), SozuError> {
        let hashes = wanted.hash_state();
        for (process, seen) in self.sozu.hashes().await? {
            if let Some((cluster, _)) = hashes.iter().find(|(id, hash)| seen.get(id.as_ref()) != Some(*hash)) {
                complaints.insert(format!("Sōzu's {process} process has another idea of {cluster}"));
            }
        }
        // The hashes leave certificates and listeners out.
        let due = acted || self.looked.is_none_or(|at| at.elapsed() >= OUTSIDE_PERIOD);
        if !due {
            return Ok(());
        }
        for host in &self.edge.hosts {
            for (worker, seen) in self.sozu.fingerprints(host).await? {
                if !seen.iter().any(|one| one == fingerprint) {
                    complaints.insert(format!("Sōzu's worker {worker} has another certificate for {host}"));
                }
            }
        }
        let serving = wanted.backends.values().any(|backends| !backends.is_empty());
        if serving && complaints.is_empty() {
            let looks = self.edge.hosts.iter().map(|host| probe::serves(host, self.edge.https_listen, fingerprint));
            let faults = join_all(looks).await.into_iter().filter_map(Result::err);
            complaints.extend(faults.map(|fault| format!("{:#}", anyhow::Error::from(fault))));
        }
        self.looked = complaints.is_empty().then(Instant::now);
        Ok(())
    }

    fn complain(&mut self, complaints: BTreeSet<String>) {
        for complaint in complaints.difference(&self.complaints) {
            tracing::warn!("{complaint}");
        }
        if complaints.is_empty() && !self.complaints.is_empty() {
            tracing::info!("Sōzu is as it should be again");
        }
        self.complaints = complaints;
    }
}

//! Whether every process of Sōzu has the expected state.
//!
//! The hashes leave out listeners, certificates and routes without a cluster. The second plan, the certificates that
//! the workers list, and the probes cover those.

use crate::edge::{
    issue::Issue,
    object::ObjectRef,
    render,
    report::SyncStatus,
    sozu::{Sozu, SozuError},
};
use sozu_command_lib::{
    proto::command::{RunState, WorkerInfo},
    state::ConfigState,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

/// What is checked of a desired state, so that the state itself need not stay in memory.
#[derive(Debug, Default)]
pub struct ExpectedState {
    pub(super) hashes: BTreeMap<String, u64>,
    /// Listener, name and fingerprint of every certificate.
    pub(super) certificates: BTreeSet<(SocketAddr, String, String)>,
    /// Fingerprint by host with an HTTPS route.
    pub hosts: BTreeMap<String, String>,
    /// Whether the portal has any process; without one, 503 is the expected answer.
    pub has_backends: bool,
}

impl ExpectedState {
    /// What is checked when a state is desired.
    #[must_use]
    pub fn from_state(state: &ConfigState) -> Self {
        let names = state.certificates.iter().flat_map(|(address, certificates)| {
            certificates.iter().flat_map(move |(fingerprint, certificate)| {
                let fingerprint = fingerprint.to_string();
                certificate.names.iter().map(move |name| (*address, name.clone(), fingerprint.clone()))
            })
        });
        let certificates = render::CertificateIndex::from_state(state);
        let hosts = state.https_fronts.values().filter_map(|frontend| {
            let fingerprint = certificates.for_host(&frontend.hostname)?;
            Some((frontend.hostname.clone(), fingerprint.clone()))
        });
        Self {
            hashes: state.hash_state().into_iter().map(|(cluster, hash)| (cluster.to_string(), hash)).collect(),
            certificates: names.collect(),
            hosts: hosts.collect(),
            has_backends: state.backends.get(render::PORTAL_CLUSTER).is_some_and(|backends| !backends.is_empty()),
        }
    }
}

impl ExpectedState {
    /// Whether a state has all clusters as expected.
    #[must_use]
    pub fn is_met_by(&self, state: &ConfigState) -> bool {
        let found = state.hash_state();
        self.hashes.iter().all(|(cluster, hash)| found.get(cluster.as_str()) == Some(hash))
    }
}

/// Sōzu's workers as they were last observed.
#[derive(Debug, Default)]
pub struct Observation {
    /// All workers that Sōzu lists.
    pub workers: Vec<WorkerInfo>,
    /// Numbers of running workers whose state differs from the expected one.
    pub diverged: BTreeSet<u32>,
    /// Fingerprints that every running worker serves.
    pub certificates: BTreeSet<String>,
}

impl Observation {
    /// Workers that accept requests.
    pub fn running(&self) -> impl Iterator<Item = &WorkerInfo> {
        self.workers.iter().filter(|worker| worker.run_state() == RunState::Running)
    }
}

/// Compares the main process and the running workers with the expected state; differences become issues.
pub async fn verify(sozu: &Sozu, expected: &ExpectedState, issues: &mut Vec<Issue>) -> Result<Observation, SozuError> {
    let mut observation = Observation { workers: sozu.workers().await?, ..Observation::default() };
    let running: BTreeSet<u32> = observation.running().map(|worker| worker.id).collect();
    let mut pending = |object: ObjectRef, reason: &str| {
        issues.push(Issue { object, status: SyncStatus::Pending, reason: reason.into() });
    };
    let hashes = sozu.hashes().await?;
    let agrees = |process: &str| {
        hashes
            .get(process)
            .is_some_and(|has| expected.hashes.iter().all(|(cluster, hash)| has.get(cluster) == Some(hash)))
    };
    if !agrees("main") {
        pending(ObjectRef::MainProcess, "Sōzu's main process has another state than it was given");
    }
    for id in running.iter().filter(|id| !agrees(&id.to_string())) {
        pending(ObjectRef::Worker(*id), "this worker of Sōzu has another state than the main process was given");
        observation.diverged.insert(*id);
    }
    let served = sozu.served_certificates().await?;
    let mut everywhere: Option<BTreeSet<String>> = None;
    for (id, served) in running.iter().filter_map(|id| Some((id, served.get(&id.to_string())?))) {
        for (_, name, fingerprint) in expected.certificates.difference(served) {
            let object = ObjectRef::ServedCertificate { fingerprint: fingerprint.clone(), name: name.clone() };
            pending(object, &format!("worker {id} does not serve it"));
            observation.diverged.insert(*id);
        }
        let fingerprints: BTreeSet<String> = served.iter().map(|(_, _, fingerprint)| fingerprint.clone()).collect();
        everywhere = Some(match everywhere {
            None => fingerprints,
            Some(others) => others.intersection(&fingerprints).cloned().collect(),
        });
    }
    observation.certificates = everywhere.unwrap_or_default();
    Ok(observation)
}

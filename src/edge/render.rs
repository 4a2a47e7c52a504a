//! Renders the desired state into Sōzu's own state. What Sōzu would accept and serve wrongly is rejected with the
//! reason.
//!
//! All processes are backends of one cluster, and every host is a route to it: replacing a process then takes two
//! commands, and not two for every site.

mod certificates;
mod listeners;

use crate::{
    config::Listen,
    domain::host::is_host_name,
    edge::{
        object::ObjectRef,
        spec::{Challenges, EdgeSpec},
    },
};
pub use certificates::CertificateIndex;
use sozu_command_lib::{
    proto::command::{
        AddBackend, Cluster, Header, HeaderPosition, LoadBalancingAlgorithms, LoadBalancingParams, PathRule,
        RequestHttpFrontend, RulePosition, request::RequestType,
    },
    state::ConfigState,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
};
use uuid::Uuid;

pub(super) use listeners::{LISTENER_STICKY_NAME, activation};

/// Prefix of the ids of all our clusters and backends. Objects without it are not ours, and are not changed.
pub const OBJECT_PREFIX: &str = "guichet-";
/// The cluster of the portal's processes.
pub const PORTAL_CLUSTER: &str = "guichet-portal";
/// The cluster that answers ACME challenges.
pub const ACME_CLUSTER: &str = "guichet-acme";
/// Prefix of an empty cluster whose id ends with the epoch of the lease: other edges find the fencing token there.
const EPOCH_PREFIX: &str = "guichet-epoch-";
/// Path that ACME authorities request (RFC 8555, section 8.3).
const CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";
/// The header that marks a request as Sōzu's.
pub const MARKER_HEADER: &str = "X-Guichet-Edge";

/// Why a spec as a whole cannot be rendered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// An empty spec would remove every site.
    #[error("there is no site to serve")]
    NoSite,
    /// Both listeners on one address.
    #[error("both listeners use {0}")]
    SameListener(SocketAddr),
    /// Sōzu's own rules refuse a listener or a cluster.
    #[error("Sōzu's rules refuse {object}: {reason}")]
    Refused {
        /// What is refused.
        object: ObjectRef,
        /// Why.
        reason: String,
    },
}

/// A state of Sōzu, and what was rejected.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    pub state: ConfigState,
    /// The rejected objects.
    pub rejected: Vec<Rejection>,
}

/// An object that is left out of the state, and does not affect the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub object: ObjectRef,
    /// Why, and what to do.
    pub reason: String,
}

impl Rendered {
    fn reject(&mut self, object: ObjectRef, reason: impl Into<String>) {
        self.rejected.push(Rejection { object, reason: reason.into() });
    }

    fn add(&mut self, object: ObjectRef, command: RequestType) -> Result<(), RenderError> {
        self.state.dispatch(&command.into()).map_err(|error| RenderError::Refused { object, reason: error.to_string() })
    }

    fn add_or_reject(&mut self, object: ObjectRef, command: RequestType) {
        if let Err(error) = self.state.dispatch(&command.into()) {
            self.reject(object, error.to_string());
        }
    }
}

/// Name of a process among Sōzu's backends.
pub fn backend_id(process: Uuid) -> String {
    format!("{OBJECT_PREFIX}{process}")
}

/// The process of one of Sōzu's backends; nothing when it is not a process of the portal.
#[must_use]
pub fn process_of(backend: &str) -> Option<Uuid> {
    backend.strip_prefix(OBJECT_PREFIX)?.parse().ok()
}

/// The highest epoch in a state; 0 when there is none.
pub fn epoch_of(state: &ConfigState) -> u64 {
    state.clusters.keys().filter_map(|id| id.strip_prefix(EPOCH_PREFIX)?.parse().ok()).max().unwrap_or(0)
}

/// Computes the desired state of Sōzu.
pub fn render(spec: &EdgeSpec) -> Result<Rendered, RenderError> {
    if spec.sites.values().all(BTreeSet::is_empty) {
        return Err(RenderError::NoSite);
    }
    if spec.listeners.http == spec.listeners.https {
        return Err(RenderError::SameListener(spec.listeners.http));
    }
    let mut rendered = Rendered::default();
    listeners::add(&spec.listeners, &mut rendered)?;
    certificates::add(spec, &mut rendered);
    add_clusters(spec, &mut rendered)?;
    add_processes(spec, &mut rendered);
    add_hosts(spec, &mut rendered);
    if let Some(challenges) = &spec.challenges {
        add_challenges(spec, challenges, &mut rendered);
    }
    Ok(rendered)
}

fn add_clusters(spec: &EdgeSpec, rendered: &mut Rendered) -> Result<(), RenderError> {
    let listeners = &spec.listeners;
    let workers = u64::from(listeners.workers.max(1));
    let limit = listeners.limits.max_connections_per_address;
    let portal = Cluster {
        // Only the HTTP listener redirects, so every request that reaches the portal came over HTTPS.
        https_redirect: true,
        https_redirect_port: (listeners.public_port != 443).then(|| listeners.public_port.into()),
        // Each worker counts its own connections only.
        max_connections_per_ip: (limit > 0).then(|| limit.div_ceil(workers)),
        ..cluster(PORTAL_CLUSTER)
    };
    let acme = spec.challenges.is_some().then(|| cluster(ACME_CLUSTER));
    let epoch = (spec.epoch > 0).then(|| cluster(&format!("{EPOCH_PREFIX}{}", spec.epoch)));
    for cluster in [Some(portal), acme, epoch].into_iter().flatten() {
        rendered.add(ObjectRef::Cluster(cluster.cluster_id.clone()), RequestType::AddCluster(cluster))?;
    }
    Ok(())
}

fn cluster(id: &str) -> Cluster {
    Cluster { cluster_id: id.into(), load_balancing: LoadBalancingAlgorithms::RoundRobin.into(), ..Cluster::default() }
}

fn add_processes(spec: &EdgeSpec, rendered: &mut Rendered) {
    let (mut addresses, mut assigned) = (BTreeSet::new(), BTreeSet::new());
    for (id, listen) in &spec.processes {
        if !addresses.insert(listen) {
            rendered.reject(ObjectRef::Process(*id), format!("another process takes requests at {listen} too"));
            continue;
        }
        let (address, unix_path) = match listen {
            Listen::Tcp(address) => (*address, None),
            Listen::Unix(path) => (assign_address(*id, &mut assigned), Some(path.to_string_lossy().into_owned())),
        };
        let backend = AddBackend {
            cluster_id: PORTAL_CLUSTER.into(),
            backend_id: backend_id(*id),
            address: address.into(),
            load_balancing_parameters: Some(LoadBalancingParams::default()),
            unix_path,
            ..AddBackend::default()
        };
        rendered.add_or_reject(ObjectRef::Process(*id), RequestType::add_backend(backend));
    }
}

/// An address for a process on a unix socket: Sōzu identifies backends by address even then. It is computed from the
/// id, in a range that nothing listens on.
fn assign_address(id: Uuid, taken: &mut BTreeSet<SocketAddr>) -> SocketAddr {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.to_string().as_bytes());
    let mut number = digest.as_ref().iter().take(4).fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    loop {
        let [_, third, fourth, port] = number.to_be_bytes();
        let address = SocketAddr::from((Ipv4Addr::new(127, 255, third, fourth), 1024 + u16::from(port)));
        if taken.insert(address) {
            return address;
        }
        number = number.wrapping_add(1);
    }
}

fn add_hosts(spec: &EdgeSpec, rendered: &mut Rendered) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let listeners = &spec.listeners;
    let (headers, certificates) = (marker_headers(spec), CertificateIndex::from_state(&rendered.state));
    for (site, host) in spec.sites.iter().flat_map(|(site, hosts)| hosts.iter().map(move |host| (site, host))) {
        if !is_host_name(host) {
            rendered.reject(ObjectRef::Host(host.clone()), "this is not a plain lower-case host name");
            continue;
        }
        if let Some(owner) = owners.insert(host, site) {
            rendered.reject(
                ObjectRef::Host(host.clone()),
                format!("site {owner} has this host already, and {site} wants it too"),
            );
            continue;
        }
        let http = route(PORTAL_CLUSTER, listeners.http, host, "/");
        rendered.add_or_reject(ObjectRef::Host(host.clone()), RequestType::add_http_frontend(http));
        if certificates.for_host(host).is_none() {
            let reason = "no certificate that can be read covers it: what Sōzu shows for it stays, if it shows anything; \
                          add one, or an ACME authority";
            rendered.reject(ObjectRef::Host(host.clone()), reason);
            continue;
        }
        let https =
            RequestHttpFrontend { headers: headers.clone(), ..route(PORTAL_CLUSTER, listeners.https, host, "/") };
        rendered.add_or_reject(ObjectRef::Host(host.clone()), RequestType::add_https_frontend(https));
    }
}

fn add_challenges(spec: &EdgeSpec, challenges: &Challenges, rendered: &mut Rendered) {
    let responder = AddBackend {
        cluster_id: ACME_CLUSTER.into(),
        backend_id: format!("{OBJECT_PREFIX}acme-responder"),
        address: challenges.responder.into(),
        load_balancing_parameters: Some(LoadBalancingParams::default()),
        ..AddBackend::default()
    };
    rendered.add_or_reject(ObjectRef::AcmeResponder, RequestType::add_backend(responder));
    for host in challenges.hosts.iter().filter(|host| is_host_name(host)) {
        let challenge = route(ACME_CLUSTER, spec.listeners.http, host, CHALLENGE_PATH);
        rendered.add_or_reject(ObjectRef::Challenge(host.clone()), RequestType::add_http_frontend(challenge));
    }
}

/// The headers that delete a mark of the client and set ours. Setting alone would append.
fn marker_headers(spec: &EdgeSpec) -> Vec<Header> {
    let header =
        |val: &str| Header { position: HeaderPosition::Request.into(), key: MARKER_HEADER.into(), val: val.into() };
    vec![header(""), header(&spec.marker.0)]
}

/// A route for a whole host, or for a path that has no query: Sōzu matches paths together with the query.
fn route(cluster: &str, listener: SocketAddr, host: &str, path: &str) -> RequestHttpFrontend {
    RequestHttpFrontend {
        cluster_id: Some(cluster.into()),
        address: listener.into(),
        hostname: host.into(),
        path: PathRule::prefix(path),
        position: RulePosition::Tree.into(),
        ..RequestHttpFrontend::default()
    }
}

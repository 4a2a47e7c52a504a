//! The desired state of the proxy: listeners, certificates, sites, and the processes that serve them.

use crate::{
    config::{Limits, Listen},
    edge::certificate::SiteCertificate,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
};
use uuid::Uuid;

/// The whole desired state, without types of Sōzu.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeSpec {
    /// Epoch of the lease; 0 without one.
    pub epoch: u64,
    /// The two listeners.
    pub listeners: Listeners,
    /// Certificates of the HTTPS listener.
    pub certificates: Vec<SiteCertificate>,
    /// Host names by site; a site is the portal itself, or a call.
    pub sites: BTreeMap<String, BTreeSet<String>>,
    /// Listening address of each process, by its id. All processes serve all sites.
    pub processes: BTreeMap<Uuid, Listen>,
    /// The ACME challenges under way, if ACME is configured.
    pub challenges: Option<Challenges>,
    /// What Sōzu sets on every request, so that the portal distinguishes it from other clients on the machine.
    pub marker: Marker,
}

impl EdgeSpec {
    /// The host names of all sites.
    #[must_use]
    pub fn hosts(&self) -> BTreeSet<String> {
        self.sites.values().flatten().cloned().collect()
    }
}

/// The two listeners.
#[derive(Clone, Debug, PartialEq)]
pub struct Listeners {
    /// Listener that only redirects to HTTPS.
    pub http: SocketAddr,
    /// HTTPS listener.
    pub https: SocketAddr,
    /// Port of the public address, to which browsers are redirected.
    pub public_port: u16,
    /// `max-age` of HSTS, seconds.
    pub hsts_seconds: u32,
    /// Timeouts and limits.
    pub limits: Limits,
    /// Number of Sōzu's workers, by which a limit of connections is divided.
    pub workers: u32,
    /// Sōzu's own answers by status, with their heads.
    pub answers: BTreeMap<String, String>,
}

/// Hosts under validation by an ACME authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenges {
    /// Address of the edge's responder.
    pub responder: SocketAddr,
    pub hosts: BTreeSet<String>,
}

/// The value of the header `X-Guichet-Edge`; it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Marker(pub String);

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marker(…)")
    }
}

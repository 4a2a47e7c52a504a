//! What the proxy is to be, in our own words: listeners, certificates, sites, and the processes that serve them.

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

/// The whole desired proxy, without a trace of Sōzu's own types.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeSpec {
    /// Grows with every holder of the lease; 0 before a lease was ever held.
    pub epoch: u64,
    /// The two listeners.
    pub listeners: Listeners,
    /// Certificates of the HTTPS listener.
    pub certificates: Vec<SiteCertificate>,
    /// Host names by site; a site is the portal itself, or a call.
    pub sites: BTreeMap<String, BTreeSet<String>>,
    /// Where each process takes requests, by its id; all of them serve all sites.
    pub processes: BTreeMap<Uuid, Listen>,
    /// Where ACME challenges are answered, and for which hosts at the moment.
    pub challenges: Option<Challenges>,
    /// What Sōzu writes on every request, so that the portal knows it from others on the machine.
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
    /// Port of the public address, which browsers are redirected to.
    pub public_port: u16,
    /// How long browsers insist on HTTPS, seconds.
    pub hsts_seconds: u32,
    /// Timeouts and limits.
    pub limits: Limits,
    /// Workers of Sōzu, over which a limit of connections is spread.
    pub workers: u32,
    /// Sōzu's own answers by status, whole.
    pub answers: BTreeMap<String, String>,
}

/// Hosts under validation by an ACME authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenges {
    /// Where the edge answers.
    pub responder: SocketAddr,
    /// The hosts.
    pub hosts: BTreeSet<String>,
}

/// The value of the header `X-Guichet-Edge`, which never shows in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Marker(pub String);

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marker(…)")
    }
}

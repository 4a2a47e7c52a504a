//! The configuration section of the edge.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// The proxy in front of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Name of this Sōzu within the installation [default: machine and command socket].
    #[serde(default)]
    pub name: Option<String>,
    pub sozu_socket: PathBuf,
    /// Folder for saved states of Sōzu, the ACME account and certificates; created with mode 0700, because they contain
    /// private keys.
    pub state_dir: PathBuf,
    /// Address of the operator's page, status and metrics; never exposed by the proxy.
    pub ops_listen: SocketAddr,
    /// Host names accepted for that address, in addition to the address itself and `localhost`.
    #[serde(default)]
    pub ops_hosts: Vec<String>,
    /// Listener that only redirects to HTTPS.
    pub http_listen: SocketAddr,
    pub https_listen: SocketAddr,
    /// Host names of the portal's own site; calls may have additional ones.
    pub hosts: Vec<String>,
    /// Certificates in files of the operator.
    #[serde(default)]
    pub certificates: Vec<CertificateFiles>,
    /// Where to get certificates for the hosts that no file covers.
    #[serde(default)]
    pub acme: Option<Acme>,
    /// Folder of the edge's own certificate authority, which issues certificates for the hosts that nothing else
    /// covers.
    #[serde(default)]
    pub own_authority: Option<PathBuf>,
    #[serde(default)]
    pub limits: Limits,
    /// Folder of pages `<status>.html` that replace Sōzu's default error pages.
    #[serde(default)]
    pub answers_dir: Option<PathBuf>,
    /// Maximum share of the routes that one plan may remove, in percent; more requires the operator.
    #[serde(default = "default_removal_percent")]
    pub max_removal_percent: u8,
}

fn default_removal_percent() -> u8 {
    50
}

/// A certificate with its chain, and its private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// Certificate and chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub private_key: PathBuf,
}

/// An authority that issues certificates with ACME (RFC 8555), using the HTTP-01 challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    pub directory_url: String,
    /// Contact address for the authority.
    #[serde(default)]
    pub contact: Option<String>,
    /// Authority for the directory's own certificate, PEM [default: the public ones].
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Where the edge answers challenges; Sōzu forwards them there.
    pub responder_listen: SocketAddr,
}

/// Timeouts of both listeners, and limits of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long a client may be silent, in seconds, including during an upload; the portal itself ends an upload after
    /// thirty.
    pub front_timeout_seconds: u32,
    /// How long a process may be silent, in seconds, from the last byte of a request; the portal itself times out after
    /// fifty-five, with a page in the user's language.
    pub back_timeout_seconds: u32,
    /// Timeout for connecting to a process, in seconds.
    pub connect_timeout_seconds: u32,
    /// Timeout for the head of a request, in seconds.
    pub request_timeout_seconds: u32,
    /// Maximum number of connections from one address, over all workers; 0 for no limit.
    pub max_connections_per_address: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            front_timeout_seconds: 60,
            back_timeout_seconds: 60,
            connect_timeout_seconds: 3,
            request_timeout_seconds: 10,
            max_connections_per_address: 0,
        }
    }
}

//! The section of the edge.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// The proxy in front of the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// What this Sōzu is called among those of the installation [default: machine and command socket].
    #[serde(default)]
    pub name: Option<String>,
    /// Command socket of Sōzu.
    pub sozu_socket: PathBuf,
    /// Folder for states that Sōzu saves, ACME account and certificates; created with mode 0700, since they hold
    /// private keys.
    pub state_dir: PathBuf,
    /// Address of the operator's page, status and metrics; never forwarded by the proxy.
    pub ops_listen: SocketAddr,
    /// Names under which that is asked, beside its address and `localhost`.
    #[serde(default)]
    pub ops_hosts: Vec<String>,
    /// Listener that only redirects to HTTPS.
    pub http_listen: SocketAddr,
    /// HTTPS listener.
    pub https_listen: SocketAddr,
    /// Host names of the portal's own site; calls may have further ones.
    pub hosts: Vec<String>,
    /// Certificates in files of the operator's.
    #[serde(default)]
    pub certificates: Vec<CertificateFiles>,
    /// Where to get certificates for the hosts that no file covers.
    #[serde(default)]
    pub acme: Option<Acme>,
    /// Folder of an authority of the edge's own, whose certificates stand for the hosts that nothing else covers.
    #[serde(default)]
    pub own_authority: Option<PathBuf>,
    /// Timeouts and limits.
    #[serde(default)]
    pub limits: Limits,
    /// Folder of pages `<status>.html` that replace Sōzu's own answers.
    #[serde(default)]
    pub answers_dir: Option<PathBuf>,
    /// Share of the routes that one plan may remove, percent; more waits for the operator.
    #[serde(default = "default_removal_percent")]
    pub max_removal_percent: u8,
}

fn default_removal_percent() -> u8 {
    50
}

/// A certificate with its chain, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// Certificate and chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub private_key: PathBuf,
}

/// An authority that issues certificates by ACME (RFC 8555), by the challenge HTTP-01.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// Its directory.
    pub directory_url: String,
    /// Address that it may write to.
    #[serde(default)]
    pub contact: Option<String>,
    /// Authority that the directory's own certificate is checked against, PEM [default: the public ones].
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Where the edge answers challenges; Sōzu forwards them there.
    pub responder_listen: SocketAddr,
}

/// Timeouts of both listeners, and limits of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// A browser may be silent this long, seconds, an upload included; the portal itself ends one after thirty.
    pub front_timeout_seconds: u32,
    /// A process may be silent this long, seconds, from the last byte of a request on; the portal itself gives up after
    /// fifty-five, with a page in the reader's language.
    pub back_timeout_seconds: u32,
    /// Reaching a process may take this long, seconds.
    pub connect_timeout_seconds: u32,
    /// The head of a request may take this long, seconds.
    pub request_timeout_seconds: u32,
    /// Connections that one address may hold, over all workers; 0 for any number.
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

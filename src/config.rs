//! The configuration file: one TOML file, read once at start, by every role of the binary.
//!
//! Unknown keys are refused with file, line and key; units stand in the names; secrets are files.

use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The portal as its users see it.
    pub portal: Portal,
    /// The database.
    pub database: Database,
    /// Outgoing mail.
    pub mail: Mail,
    /// The proxy in front; only `guichet edge` reads it.
    #[serde(default)]
    pub edge: Option<Edge>,
}

/// The portal as its users see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Address under which browsers reach it, without trailing slash: `https://aap.example`.
    pub public_url: String,
    /// Name of this process among those of the installation, kept over restarts [default: machine and `listen`].
    #[serde(default)]
    pub name: Option<String>,
    /// Address or unix socket that the proxy forwards to.
    pub listen: Listen,
    /// Address of health, readiness and metrics; never forwarded by the proxy.
    pub ops_listen: SocketAddr,
    /// Folder of attachments, keys and the like; shared by all processes of an installation.
    pub data_dir: PathBuf,
    /// How long browsers insist on HTTPS, seconds [default: a year; five minutes in a demonstration].
    #[serde(default)]
    pub hsts_seconds: Option<u32>,
    /// Networks of the content delivery network in front, whose word on the client's address is taken.
    #[serde(default)]
    pub trusted_networks: Vec<ipnet::IpNet>,
    /// Definitions of the calls.
    pub calls: Vec<PathBuf>,
    /// A file of further rounds, `[[rounds]]` with their `call`.
    #[serde(default)]
    pub rounds: Option<PathBuf>,
    /// Marks a demonstration: banner, mailbox page.
    #[serde(default)]
    pub demonstration: bool,
    /// Lets requests set their clock and ask for faults, for the tests. Refused unless `demonstration` holds.
    #[serde(default)]
    pub test_hooks: bool,
}

/// The database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Unix socket of the server.
    pub socket: PathBuf,
    /// Name of the database.
    pub name: String,
    /// User; the embedded server knows the system user by its socket.
    pub user: String,
    /// File that holds the password, if there is one.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Most connections of one process.
    #[serde(default = "default_connections")]
    pub max_connections: u32,
}

fn default_connections() -> u32 {
    16
}

/// Outgoing mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mail {
    /// Messages become files of a folder: the demonstration's mailbox.
    Folder {
        /// Sender.
        from: String,
        /// The folder.
        folder: PathBuf,
    },
    /// Messages leave by SMTP.
    Smtp {
        /// Sender.
        from: String,
        /// `smtps://user@host:465` or `smtp://host:25?tls=required`.
        url: String,
        /// File that holds the password.
        #[serde(default)]
        password_file: Option<PathBuf>,
    },
}

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
    /// An idle browser is kept this long, seconds.
    pub front_timeout_seconds: u32,
    /// A process may be silent this long, seconds.
    pub back_timeout_seconds: u32,
    /// Reaching a process may take this long, seconds.
    pub connect_timeout_seconds: u32,
    /// The head of a request may take this long, seconds.
    pub request_timeout_seconds: u32,
    /// Connections that one address may hold, over all workers; 0 for any number.
    pub max_connections_per_address: u64,
}

/// HSTS of a real site, seconds: one year.
const HSTS_SECONDS: u32 = 31_536_000;
/// HSTS of a demonstration, seconds: it holds for every port of `localhost`, so it must wear off quickly.
const DEMONSTRATION_HSTS_SECONDS: u32 = 300;

impl Portal {
    /// How long browsers insist on HTTPS, seconds.
    #[must_use]
    pub fn hsts(&self) -> u32 {
        self.hsts_seconds.unwrap_or(if self.demonstration { DEMONSTRATION_HSTS_SECONDS } else { HSTS_SECONDS })
    }
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

/// Where a process of the portal takes requests: `127.0.0.1:8080`, or `unix:/run/guichet/serve-1.sock`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl std::str::FromStr for Listen {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) if Path::new(path).is_absolute() => Ok(Self::Unix(path.into())),
            Some(path) => Err(format!("{path:?} is not an absolute path")),
            None => text.parse().map(Self::Tcp).map_err(|_| format!("{text:?} is neither address:port nor unix:/path")),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is not what is expected; the message has line, column and key.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// Values that contradict each other.
    #[error("{path}: {}", .faults.join("; "))]
    Faults {
        /// The file.
        path: PathBuf,
        /// All of them.
        faults: Vec<String>,
    },
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// See [`ConfigError`]; all contradictions are reported at once.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: path.into(), message: error.to_string() })?;
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(ConfigError::Faults { path: path.into(), faults }) }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.portal.public_url.starts_with("https://") || self.portal.public_url.ends_with('/') {
            faults.push("portal.public_url must begin with https:// and not end with a slash".into());
        }
        if self.portal.test_hooks && !self.portal.demonstration {
            faults.push("portal.test_hooks is for demonstrations only: set portal.demonstration or remove it".into());
        }
        if self.portal.calls.is_empty() {
            faults.push("portal.calls names no call".into());
        }
        if let Some(edge) = &self.edge {
            if edge.hosts.is_empty() {
                faults.push("edge.hosts is empty: no request would reach the portal".into());
            }
            if edge.certificates.is_empty() && edge.acme.is_none() {
                faults.push("edge has neither certificates nor acme: there would be no HTTPS".into());
            }
            if edge.max_removal_percent > 100 {
                faults.push("edge.max_removal_percent is above 100".into());
            }
        }
        faults
    }

    /// Host and port of `public_url`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.portal.public_url.trim_start_matches("https://")
    }
}

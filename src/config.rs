//! The configuration file: one TOML file, read once at start, by every role of the binary.
//!
//! Unknown keys are refused with file, line and key; units stand in the names; secrets are files.

mod attachments;
mod backup;
mod database;
mod edge;
mod listen;
mod ops_host;
mod passkeys;
mod repman;
mod sign_in;

pub use attachments::Attachments;
pub use backup::{Backup, Restic};
pub use database::{Database, Durability, Host};
pub use edge::{Acme, CertificateFiles, Edge, Limits};
pub use listen::Listen;
pub use ops_host::answers_to;
pub use passkeys::Passkeys;
pub use repman::RepmanConfig;
pub use sign_in::{Oidc, SignIn};

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
    pub database: Database,
    /// Outgoing mail.
    pub mail: Mail,
    /// Ways to sign in beside the link by e-mail and passkeys.
    #[serde(default)]
    pub sign_in: SignIn,
    /// The manager of the database's cluster: for the operator's view and orders, never for a write.
    #[serde(default)]
    pub repman: Option<RepmanConfig>,
    /// Backup sets on schedule.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// Attachments, where processes run on several machines.
    #[serde(default)]
    pub attachments: Option<Attachments>,
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
    /// Names under which that is asked, beside its address and `localhost`: of a machine that reads the metrics, say.
    #[serde(default)]
    pub ops_hosts: Vec<String>,
    /// Folder of attachments, keys and the like; shared by all processes of a machine.
    pub data_dir: PathBuf,
    /// File with a secret text from which keys are made that the data folder does not have: where processes run on
    /// several machines, it gives them all the same ones [default: keys are random].
    #[serde(default)]
    pub keys_seed_file: Option<PathBuf>,
    /// How long browsers insist on HTTPS, seconds [default: a year; five minutes in a demonstration].
    #[serde(default)]
    pub hsts_seconds: Option<u32>,
    /// Networks of the content delivery network in front, whose word on the client's address is taken.
    #[serde(default)]
    pub trusted_networks: Vec<ipnet::IpNet>,
    /// Definitions of the calls.
    pub calls: Vec<PathBuf>,
    /// Definitions that others answer for: one that is wrong is told and not served, and harms nobody else.
    #[serde(default)]
    pub guest_calls: Vec<GuestCall>,
    /// Networks beside the public ones where definitions of calls may be fetched.
    #[serde(default)]
    pub definition_networks: Vec<ipnet::IpNet>,
    /// Authority, PEM, that servers of definitions have their certificates from [default: those that the machine trusts].
    #[serde(default)]
    pub definition_ca_file: Option<PathBuf>,
    /// Folder where SlapOS leaves the results of promises: those that are not kept are incidents.
    #[serde(default)]
    pub promise_results: Option<PathBuf>,
    /// Addresses of people who are officers from the start.
    #[serde(default)]
    pub officers: Vec<String>,
    /// Whether people who work for the call have their rights only in a session by passkey [default: required].
    #[serde(default)]
    pub passkeys: Passkeys,
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

/// A call of somebody else's on this portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestCall {
    /// Its definition.
    pub file: PathBuf,
    /// Where `guichet definitions` has it from, again and again.
    #[serde(default)]
    pub url: Option<String>,
    /// Host names that show it; what it names itself does not count.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl GuestCall {
    /// Where `guichet definitions` says why it could not have it.
    #[must_use]
    pub fn fault_file(&self) -> PathBuf {
        self.file.with_extension("fault")
    }
}

/// Outgoing mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mail {
    /// Messages become files of a folder: the demonstration's mailbox.
    Folder {
        /// Sender.
        from: String,
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
        /// Mails that have waited for longer are an incident, seconds [default: 300].
        #[serde(default)]
        late_seconds: Option<u32>,
    },
}

impl Mail {
    /// Mails that have waited for longer are an incident, seconds.
    #[must_use]
    pub fn late_seconds(&self) -> i64 {
        match self {
            Self::Smtp { late_seconds: Some(seconds), .. } => i64::from(*seconds),
            Self::Smtp { .. } | Self::Folder { .. } => LATE_SECONDS,
        }
    }
}

/// Mails should leave within minutes, seconds.
const LATE_SECONDS: i64 = 300;

/// Longest name of a process, characters.
const MAX_PROCESS_NAME_CHARS: usize = 100;

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
        if self
            .portal
            .name
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.chars().count() > MAX_PROCESS_NAME_CHARS)
        {
            faults.push(format!("portal.name has to have between 1 and {MAX_PROCESS_NAME_CHARS} characters"));
        }
        faults.extend(self.portal.passkeys.fault(self.public_host()));
        faults.extend(self.sign_in.faults());
        faults.extend(self.database.faults());
        faults.extend(self.repman.iter().flat_map(RepmanConfig::faults));
        faults.extend(self.backup.iter().flat_map(Backup::faults));
        faults.extend(self.attachments.iter().flat_map(Attachments::faults));
        if self.attachments.is_some() && self.portal.keys_seed_file.is_none() {
            faults.push(
                "attachments needs portal.keys_seed_file: machines with different keys take each other for strangers"
                    .into(),
            );
        }
        if let Some(edge) = &self.edge {
            if edge.hosts.is_empty() {
                faults.push("edge.hosts is empty: no request would reach the portal".into());
            }
            if edge.certificates.is_empty() && edge.acme.is_none() && edge.own_authority.is_none() {
                faults.push("edge has neither certificates nor acme nor own_authority: there would be no HTTPS".into());
            }
            if edge.http_listen == edge.https_listen {
                faults.push(format!("edge.http_listen and https_listen are both {}", edge.http_listen));
            }
            if edge.max_removal_percent > 100 {
                faults.push("edge.max_removal_percent is above 100".into());
            }
        }
        faults
    }

    /// Host of `public_url`, without its port.
    #[must_use]
    pub fn public_host(&self) -> &str {
        self.authority().rsplit_once(':').map_or(self.authority(), |(host, _)| host)
    }

    /// Host and port of `public_url`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.portal.public_url.trim_start_matches("https://")
    }
}

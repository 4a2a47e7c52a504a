//! The configuration: one TOML file, read once at start, by every role of the binary.
//!
//! Unknown keys are refused with file, line and key. Names contain units. Secrets are in separate files.

mod attachments;
mod backup;
mod company_register;
mod database;
mod edge;
mod garage;
mod listen;
mod mail;
mod ops_host;
mod passkeys;
mod repman;
mod scan;
mod sign_in;

pub use attachments::{Attachments, BucketUrl, StoreUrl};
pub use backup::{Backup, Restic};
pub use company_register::CompanyRegisterConfig;
pub use database::{Database, Durability, Host};
pub use edge::{Acme, CertificateFiles, Edge, Limits};
pub use garage::GarageConfig;
pub(crate) use garage::admin_address;
pub use listen::Listen;
pub use mail::Mail;
pub use ops_host::answers_to;
pub use passkeys::Passkeys;
pub use repman::RepmanConfig;
pub use scan::{ScanConfig, ScannerAddress};
pub use sign_in::SignIn;

use crate::domain::publisher::Publisher;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The complete file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The portal as its users see it.
    pub portal: Portal,
    pub database: Database,
    pub mail: Mail,
    /// Ways to sign in, in addition to e-mail links and passkeys.
    #[serde(default)]
    pub sign_in: SignIn,
    /// The manager of the database cluster: used for the operator's page and orders, never for writes.
    #[serde(default)]
    pub repman: Option<RepmanConfig>,
    /// Scheduled backup sets.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// The store of attachments.
    #[serde(default)]
    pub attachments: Option<Attachments>,
    /// The virus scanner of attached files.
    #[serde(default)]
    pub scan: Option<ScanConfig>,
    /// The public register that fills in the data of a company [default: none is asked].
    #[serde(default)]
    pub company_register: Option<CompanyRegisterConfig>,
    /// The proxy in front; only `guichet edge` reads it.
    #[serde(default)]
    pub edge: Option<Edge>,
    /// Who publishes the portal, for its legal pages [default in a demonstration: invented data].
    #[serde(default)]
    pub publisher: Publisher,
}

/// The portal as its users see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// URL under which browsers reach it, without trailing slash: `https://aap.example`.
    pub public_url: String,
    /// Name of this process within the installation, stable over restarts [default: machine and `listen`].
    #[serde(default)]
    pub name: Option<String>,
    /// Address or unix socket that the proxy forwards to.
    pub listen: Listen,
    /// Address of health, readiness and metrics; never forwarded by the proxy.
    pub ops_listen: SocketAddr,
    /// Host names accepted there, in addition to its address and `localhost`: for example, that of a machine that reads
    /// the metrics.
    #[serde(default)]
    pub ops_hosts: Vec<String>,
    /// Folder of attachments, keys and other data; shared by all processes of a machine.
    pub data_dir: PathBuf,
    /// File with a secret from which missing keys are derived. If processes run on several machines, it gives all of
    /// them the same keys [default: keys are random].
    #[serde(default)]
    pub keys_seed_file: Option<PathBuf>,
    /// Duration of HSTS in seconds [default: a year; five minutes in a demonstration].
    #[serde(default)]
    pub hsts_seconds: Option<u32>,
    /// Networks of a content delivery network in front whose headers on the client's address are trusted.
    #[serde(default)]
    pub trusted_networks: Vec<ipnet::IpNet>,
    /// Definitions of the calls.
    pub calls: Vec<PathBuf>,
    /// Third-party definitions. An invalid one is reported and not served, and does not affect the others.
    #[serde(default)]
    pub guest_calls: Vec<GuestCall>,
    /// Networks, besides the public ones, from which definitions of calls may be fetched.
    #[serde(default)]
    pub definition_networks: Vec<ipnet::IpNet>,
    /// CA certificate, PEM, of the servers of definitions [default: those that the machine trusts].
    #[serde(default)]
    pub definition_ca_file: Option<PathBuf>,
    /// Folder where SlapOS writes the results of promises: failed ones are incidents.
    #[serde(default)]
    pub promise_results: Option<PathBuf>,
    /// Addresses of people who are officers from the start.
    #[serde(default)]
    pub officers: Vec<String>,
    /// Whether staff have their rights only in a session that is confirmed by passkey [default: required].
    #[serde(default)]
    pub passkeys: Passkeys,
    /// A file of additional rounds, `[[rounds]]` with their `call`.
    #[serde(default)]
    pub rounds: Option<PathBuf>,
    /// Marks a demonstration: banner, mailbox page.
    #[serde(default)]
    pub demonstration: bool,
    /// Lets requests set their clock and request faults, for the tests. Refused unless `demonstration` is set.
    #[serde(default)]
    pub test_hooks: bool,
}

/// A third-party call on this portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestCall {
    /// Its definition.
    pub file: PathBuf,
    /// URL from which `guichet definitions` fetches it periodically.
    #[serde(default)]
    pub url: Option<String>,
    /// Host names that show it. Those in its own definition are ignored.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl GuestCall {
    /// File to which `guichet definitions` writes why it could not fetch it.
    pub fn fault_file(&self) -> PathBuf {
        self.file.with_extension("fault")
    }
}

/// Maximum length of the name of a process, in characters.
const MAX_PROCESS_NAME_CHARS: usize = 100;

/// HSTS of a production site, seconds: one year.
const HSTS_SECONDS: u32 = 31_536_000;
/// HSTS of a demonstration, seconds. It applies to every port of `localhost`, so it must expire soon.
const DEMONSTRATION_HSTS_SECONDS: u32 = 300;

impl Portal {
    /// Duration of HSTS in seconds.
    pub fn hsts(&self) -> u32 {
        self.hsts_seconds.unwrap_or(if self.demonstration { DEMONSTRATION_HSTS_SECONDS } else { HSTS_SECONDS })
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    /// The file cannot be parsed; the message has line, column and key.
    #[error("{path}: {message}")]
    Parse { path: PathBuf, message: String },
    /// Values that contradict each other.
    #[error("{path}: {}", .faults.join("; "))]
    Faults {
        path: PathBuf,
        /// All contradictions.
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
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: path.into(), message: error.to_string() })?;
        if config.portal.demonstration && config.publisher == Publisher::default() {
            config.publisher = Publisher::invented();
        }
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
        faults.extend(self.mail.fault());
        faults.extend(self.database.faults());
        faults.extend(self.repman.iter().flat_map(RepmanConfig::faults));
        faults.extend(self.backup.iter().flat_map(Backup::faults));
        faults.extend(self.attachments.iter().flat_map(Attachments::faults));
        faults.extend(self.publisher.faults());
        faults.extend(self.scan.iter().flat_map(ScanConfig::faults));
        faults.extend(self.company_register.iter().flat_map(CompanyRegisterConfig::faults));
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

    /// Keys of `[publisher]` that the law wants and that have no value; a demonstration has invented data.
    pub fn missing_legal_data(&self) -> Vec<&'static str> {
        if self.portal.demonstration { Vec::new() } else { self.publisher.missing() }
    }

    /// Host of `public_url`, without its port.
    pub fn public_host(&self) -> &str {
        self.authority().rsplit_once(':').map_or(self.authority(), |(host, _)| host)
    }

    /// Host and port of `public_url`.
    pub fn authority(&self) -> &str {
        self.portal.public_url.trim_start_matches("https://")
    }
}

//! What the edge knows, as the operator's page, `guichet edge status` and the metrics show it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole view.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of this Sōzu among those of the installation.
    pub edge: String,
    /// Version of this program.
    pub build: String,
    /// When this edge started, RFC 3339.
    pub started_at: String,
    /// When this view was made, RFC 3339.
    pub at: String,
    /// Whether this edge gives the orders.
    pub role: Role,
    /// Whether the database answers; without it, nothing is removed.
    pub database: bool,
    /// Sōzu itself.
    pub sozu: Sozu,
    /// Whether Sōzu was last seen to be just as it should.
    pub converged: bool,
    /// Listeners.
    pub listeners: Vec<Listener>,
    /// Host names.
    pub sites: Vec<Site>,
    /// The portal's processes.
    pub processes: Vec<Process>,
    /// Certificates.
    pub certificates: Vec<Certificate>,
    /// The last plan that had steps.
    pub last_plan: Option<Plan>,
    /// What was found changed without our doing, the latest first.
    pub drift: Vec<Drift>,
    /// Objects that could not be brought to where they should be, with the reason.
    pub faults: Vec<Fault>,
    /// What the operator should know now, most urgent first.
    pub alarms: Vec<String>,
    /// Totals since this edge started, by name, for the metrics.
    pub totals: BTreeMap<String, u64>,
}

/// Whether this edge gives the orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Role {
    /// It has not asked for the lease yet.
    #[default]
    Unknown,
    /// It holds the lease, or held it last and the database is away.
    Leader {
        /// Epoch of the lease.
        epoch: u64,
    },
    /// Another edge holds the lease; this one only looks.
    Observer {
        /// Epoch of the lease.
        epoch: u64,
        /// Operator's page of the leader.
        leader: String,
    },
}

/// Sōzu itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sozu {
    /// Whether its command socket answers.
    pub reachable: bool,
    /// Its version.
    pub version: String,
    /// Process id of the main process.
    pub main_pid: u32,
    /// Workers.
    pub workers: Vec<Worker>,
    /// How often it was found restarted since this edge started.
    pub restarts_seen: u64,
}

/// A worker of Sōzu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// Its number.
    pub id: u32,
    /// Its process id.
    pub pid: i32,
    /// `running`, `stopping`, `stopped` or `not_answering`.
    pub state: String,
    /// Whether it agrees with the desired state.
    pub agrees: bool,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Its address.
    pub address: String,
    /// `http` or `https`.
    pub protocol: String,
    /// Whether it is bound.
    pub active: bool,
    /// Its condition.
    #[serde(rename = "standing")]
    pub condition: Condition,
}

/// Whether an object is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Expectation, not yet seen.
    #[default]
    Pending,
    /// Verified.
    Applied,
    /// Sōzu said no, or we did before asking it.
    Rejected,
    /// Only the operator can bring it there.
    NeedsOperator,
}

/// A host name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The host.
    pub host: String,
    /// Site that it belongs to: `portal`, or a call's id.
    pub site: String,
    /// Its condition.
    #[serde(rename = "standing")]
    pub condition: Condition,
    /// Fingerprint of the certificate that it is served with, if any.
    pub certificate: Option<String>,
}

/// A process of the portal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Id, unique for each start.
    pub id: String,
    /// Name, kept over restarts.
    pub name: String,
    /// Machine.
    pub host: String,
    /// Where Sōzu reaches it.
    pub address: String,
    /// Version of the program.
    pub build: String,
    /// `starting`, `ready`, `draining`, `silent` or, with the database away, `unknown`.
    pub state: String,
    /// Whether Sōzu sends requests to it.
    pub serving: bool,
    /// Requests that Sōzu has given it, over all workers.
    pub requests: u64,
    /// Requests a second, over the last interval between two looks at Sōzu's metrics.
    pub requests_per_second: f64,
    /// Answers with a status of 500 or above, and broken connections.
    pub errors: u64,
    /// Median latency, milliseconds.
    pub p50_ms: u64,
    /// 99th percentile of latency, milliseconds.
    pub p99_ms: u64,
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Names for which it stands.
    pub names: Vec<String>,
    /// File it comes from, or `acme`.
    pub source: String,
    /// SHA-256 of the certificate, hexadecimal; empty when there is none.
    pub fingerprint: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
    /// Whole days left; negative when it has expired.
    pub days_left: i64,
    /// Whether every worker has been seen to serve it.
    pub served: bool,
    /// What is wrong with it, or with its renewal.
    pub fault: Option<String>,
}

/// The last plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When it began, RFC 3339.
    pub at: String,
    /// Its steps, in order, as they are logged; long plans are cut.
    pub steps: Vec<String>,
    /// Number of steps.
    pub length: usize,
    /// From the look at Sōzu to the end of the verification, microseconds.
    pub took_us: u64,
    /// Whether it led where it should.
    pub verified: bool,
}

/// A change that was not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When it was found, RFC 3339.
    pub at: String,
    /// The step that put it right.
    pub what: String,
}

/// An object that is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The object.
    pub object: String,
    /// Rejected, or needs the operator.
    #[serde(rename = "standing")]
    pub condition: Condition,
    /// The reason, in Sōzu's own words where it is Sōzu's.
    pub reason: String,
    /// Since when, RFC 3339.
    pub since: String,
}

//! The report of the edge, for the operator's page, `guichet edge status` and the metrics. Names in `status.json` are
//! published: where a field was renamed, `serde` keeps the old name.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of this Sōzu among those of the installation (`edge.name` of the configuration).
    #[serde(rename = "edge")]
    pub sozu_name: String,
    /// Version of this program.
    pub build: String,
    /// When this edge started, RFC 3339.
    pub started_at: String,
    /// When this report was made, RFC 3339.
    pub at: String,
    /// Whether this edge is the active controller.
    pub role: Role,
    /// Whether the database answers; without it, nothing is removed.
    pub database: bool,
    /// Sōzu itself.
    pub sozu: Sozu,
    /// Whether Sōzu was verified to be in the desired state.
    pub converged: bool,
    pub listeners: Vec<Listener>,
    /// Host names.
    pub sites: Vec<Site>,
    /// The portal's processes.
    pub processes: Vec<Process>,
    pub certificates: Vec<Certificate>,
    /// The last plan that had steps.
    pub last_plan: Option<Plan>,
    /// Repaired changes that were not ours, the latest first.
    pub drift: Vec<Drift>,
    /// Objects that are not in the desired state, with the reason.
    #[serde(rename = "faults")]
    pub issues: Vec<IssueReport>,
    /// What needs the operator's attention, most urgent first.
    pub alarms: Vec<String>,
    /// Totals since this edge started, by name, for the metrics.
    pub totals: BTreeMap<String, u64>,
}

/// Whether this edge is the active controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Role {
    /// The database has not answered yet.
    #[default]
    Unknown,
    /// It holds the lease, or held it last and the database is unavailable.
    Leader {
        /// Epoch of the lease.
        epoch: u64,
    },
    /// Another edge holds the lease; this one only observes.
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
    pub version: String,
    /// Process id of the main process.
    pub main_pid: u32,
    pub workers: Vec<Worker>,
    /// Number of restarts since this edge started.
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
    /// Whether it has the desired state.
    pub agrees: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub address: String,
    /// `http` or `https`.
    pub protocol: String,
    /// Whether it is bound.
    pub active: bool,
    #[serde(rename = "standing")]
    pub status: SyncStatus,
}

/// How far an object is from the desired state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// Desired, not yet verified.
    #[default]
    Pending,
    /// Verified.
    Applied,
    /// Refused by Sōzu, or rejected before it was sent.
    Rejected,
    /// Only the operator can bring it into the desired state.
    NeedsOperator,
}

/// A host name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub host: String,
    /// Site that it belongs to: `portal`, or a call's id.
    pub site: String,
    #[serde(rename = "standing")]
    pub status: SyncStatus,
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
    /// `starting`, `ready`, `draining`, `silent` or, without the database, `unknown`.
    pub state: String,
    /// Whether Sōzu sends requests to it.
    pub serving: bool,
    /// Requests that Sōzu sent it, over all workers.
    pub requests: u64,
    /// Requests a second, over the last interval between two readings of Sōzu's metrics.
    pub requests_per_second: f64,
    /// Answers with a status of 500 or above, and broken connections.
    pub errors: u64,
    /// Median latency, milliseconds.
    pub p50_ms: u64,
    /// 99th percentile of latency, milliseconds.
    pub p99_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Names that it covers.
    pub names: Vec<String>,
    /// File it comes from, or `acme`.
    pub source: String,
    /// SHA-256 of the certificate, hexadecimal; empty when there is none.
    pub fingerprint: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
    /// Whole days left; negative when it has expired.
    pub days_left: i64,
    /// Whether it is verified that every worker serves it.
    pub served: bool,
    /// What is wrong with it, or with its renewal.
    #[serde(rename = "fault")]
    pub issue: Option<String>,
}

/// The last plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When it began, RFC 3339.
    pub at: String,
    /// Its steps, in order, as they are logged; long plans are truncated.
    pub steps: Vec<String>,
    /// Number of steps.
    pub length: usize,
    /// Duration, verification included, microseconds.
    pub took_us: u64,
    /// Whether the desired state was verified after it.
    pub verified: bool,
}

/// A change that was not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When it was found, RFC 3339.
    pub at: String,
    /// The step that repaired it.
    pub what: String,
}

/// An object that is not in the desired state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueReport {
    pub object: String,
    /// Rejected, or needs the operator.
    #[serde(rename = "standing")]
    pub status: SyncStatus,
    /// The reason; Sōzu's own message when Sōzu refused.
    pub reason: String,
    /// Since when, RFC 3339.
    pub since: String,
}

//! What replication-manager says of the cluster. Its view may be two seconds old.

mod read;

use crate::config::Host;
use jiff::Timestamp;
use std::{fmt, net::IpAddr};

/// The cluster as replication-manager sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The servers, in its order.
    pub servers: Vec<Server>,
    /// Identifier of the server that leads; `None` while nobody does.
    pub leader: Option<String>,
    /// What it complains of.
    pub alerts: Vec<Alert>,
    /// Failovers and switchovers, the newest first.
    pub failovers: Vec<Failover>,
    /// Backups, the newest first.
    pub backups: Vec<Backup>,
    /// Automatic failovers since the counter was reset; at the configured limit it does none any more.
    pub failover_counter: Option<u64>,
    /// The limit; zero is none.
    pub failover_limit: Option<u64>,
    /// Who decides on a failover.
    pub mode: Mode,
    /// Whether a failover or switchover is under way.
    pub in_failover: Option<bool>,
    /// Whether a logical backup is under way.
    pub in_backup: Option<bool>,
    /// Whether this replication-manager acts, or stands by for another one.
    pub active: Option<bool>,
    /// Parts that it did not answer for: what is empty above may then not be so.
    pub unread: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its identifier in the interface.
    pub id: String,
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    pub role: ServerRole,
    /// The state in replication-manager's own word.
    pub state: String,
    /// How far behind it is; none on the leader, and on a replica whose replication stands still.
    pub lag_seconds: Option<u64>,
    /// What it has written to its binary log.
    pub gtid: Option<String>,
    /// Whether writes wait for a confirmation (on the leader), or are confirmed (on a replica).
    pub semi_sync: Option<bool>,
    /// Whether it refuses writes.
    pub read_only: Option<bool>,
    /// Whether it was set aside.
    pub maintenance: bool,
    /// Why its replication stands still.
    pub replication_error: Option<String>,
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// It takes the writes.
    Leader,
    /// It follows, maybe late.
    Replica,
    /// It is to follow and does not.
    Broken,
    /// It follows nobody.
    Standalone,
    /// It does not answer, or not always.
    Away,
    /// It was set aside.
    Maintenance,
    /// Another word, which `state` has.
    Other,
}

/// Who decides on a failover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// replication-manager.
    Automatic,
    /// A person.
    Manual,
    /// It does not say.
    Unknown,
}

/// A complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Whether it is an error: with one, the cluster is not able to fail over.
    pub error: bool,
    /// Its code, `ERR00012`.
    pub code: String,
    /// The words.
    pub text: String,
}

/// The leadership went from one server to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// When.
    pub at: Option<Timestamp>,
    /// The server that led.
    pub from: String,
    /// The server that leads since.
    pub to: String,
    /// Whether it was ordered while all was well.
    pub switchover: bool,
    /// Whether the elected server confirmed the leader's writes.
    pub semi_sync: Option<bool>,
    /// What the elected server had received.
    pub gtid: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its identifier.
    pub id: i64,
    /// The server that it was taken of.
    pub source: String,
    /// The program.
    pub tool: String,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// The position in the binary log that it was taken at.
    pub position: Option<String>,
    /// Whether replication-manager calls it complete. It does so of a dump that broke off, too: that one mostly lacks
    /// the position.
    pub complete: bool,
}

impl Topology {
    pub fn leading(&self) -> Option<&Server> {
        let id = self.leader.as_ref()?;
        self.servers.iter().find(|server| server.id == *id)
    }

    /// The server at an address.
    pub fn at(&self, host: &Host) -> Option<&Server> {
        self.servers.iter().find(|server| server.port == host.port && same(&server.host, &host.name))
    }
}

/// Whether two names are one; an address may be written in several ways.
fn same(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one.eq_ignore_ascii_case(other),
    }
}

impl Server {
    /// Whether it can be handed the leadership.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.role == ServerRole::Replica && !self.maintenance
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Host { name: self.host.clone(), port: self.port }.fmt(f)
    }
}

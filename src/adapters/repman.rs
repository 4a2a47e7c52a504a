//! replication-manager, which fails the database cluster over: what it sees, and two orders, for the operator.
//!
//! Nothing here is on the way of a write: the portal finds its leader by itself (`store`). replication-manager answers
//! 200 to an order that it did not carry out, so each order is followed by looks at the cluster until it is seen done, or
//! a deadline passes.

mod actions;
mod session;
#[cfg(test)]
mod tests;
mod tls;
mod topology;
mod wire;

pub use actions::{Verified, Why};
pub use topology::{Backup, Failover, Mode, Server, ServerRole, Topology};

pub use crate::config::RepmanConfig;

use reqwest::{Client, redirect};
use session::{Line, Session};
use std::{io, path::PathBuf, sync::Arc, time::Duration};

/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why replication-manager cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum RepmanError {
    /// The settings contradict each other, or a certificate cannot be used.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// No connection, another certificate than the expected one, or the exchange broke off.
    #[error("cannot reach replication-manager")]
    Unreachable {
        /// The reason.
        source: reqwest::Error,
    },
    /// No answer in time.
    #[error("replication-manager does not answer for {what} in time")]
    Slow {
        /// What it was asked for.
        what: String,
    },
    /// It has started, and knows no user yet.
    #[error("replication-manager is starting")]
    Starting,
    /// The password is wrong. It is not tried again for a while: the third try would lock the user out.
    #[error("replication-manager refuses the password")]
    Refused,
    /// Too many wrong passwords for this user, by whomever.
    #[error("replication-manager has locked the user out, for at most {seconds} s")]
    LockedOut {
        /// Longest time until it may be tried again.
        seconds: u64,
    },
    /// The user lacks the grant.
    #[error("replication-manager's user may not {what}")]
    Forbidden {
        /// What was asked.
        what: String,
    },
    /// No cluster of that name.
    #[error("replication-manager has no such cluster")]
    UnknownCluster,
    /// The cluster has no server at that address.
    #[error("replication-manager has no server {0}")]
    UnknownServer(String),
    /// The settings name no user for orders.
    #[error("repman.actions_user is not set: the portal only reads")]
    ReadOnly,
    /// It says that something failed.
    #[error("replication-manager answers {status} for {what}: {words}")]
    Answered {
        /// What it was asked for.
        what: String,
        status: u16,
        /// The beginning of its words.
        words: String,
    },
    /// An answer that is none.
    #[error("replication-manager's answer for {what} cannot be understood")]
    Unreadable {
        /// What it was asked for.
        what: String,
    },
}

/// How long replication-manager is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the answer to a question.
    pub read: Duration,
    /// For the answer to an order; a switchover is answered when it is over.
    pub order: Duration,
    /// For the result of an order to be seen after its answer. Its view is renewed every two seconds.
    pub settle: Duration,
    /// For the other servers to follow a new leader.
    pub follow: Duration,
    /// Between two looks.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            read: Duration::from_secs(5),
            order: Duration::from_secs(90),
            settle: Duration::from_secs(10),
            follow: Duration::from_secs(30),
            pause: Duration::from_millis(500),
        }
    }
}

/// What it says of itself and of the cluster, to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it watches; it answers before it does.
    pub running: bool,
    /// Whether it sees errors in the cluster, with which it cannot fail over; `None` if it does not say.
    pub errors: Option<bool>,
}

/// One cluster of one replication-manager.
pub struct Repman {
    line: Arc<Line>,
    reader: Session,
    actor: Option<Session>,
    timeouts: Timeouts,
}

impl std::fmt::Debug for Repman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repman").field("url", &self.line.url.as_str()).finish_non_exhaustive()
    }
}

impl Repman {
    /// Prepares the client; nothing is sent yet.
    pub fn new(config: &RepmanConfig) -> Result<Self, RepmanError> {
        Self::with_timeouts(config, Timeouts::default())
    }

    /// Prepares the adapter with other timeouts.
    pub fn with_timeouts(config: &RepmanConfig, timeouts: Timeouts) -> Result<Self, RepmanError> {
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(RepmanError::Settings(faults));
        }
        let url = config.address().map_err(|fault| RepmanError::Settings(vec![fault]))?;
        let mut http = Client::builder()
            .user_agent(concat!("guichet/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        if let Some(tls) = tls::client(config)? {
            http = http.tls_backend_preconfigured(tls);
        }
        let http = http.build().map_err(|source| RepmanError::Unreachable { source })?;
        let line = Arc::new(Line { http, url, cluster: config.cluster.clone() });
        let actor = config.actions_user.as_deref().zip(config.actions_password_file.clone());
        Ok(Self {
            reader: Session::new(line.clone(), &config.user, config.password_file.clone()),
            actor: actor.map(|(user, file)| Session::new(line.clone(), user, file)),
            line,
            timeouts,
        })
    }

    /// Whether orders can be given.
    #[must_use]
    pub fn can_act(&self) -> bool {
        self.actor.is_some()
    }

    /// What it says of itself and of the cluster; no password is needed.
    pub async fn alive(&self) -> Result<Health, RepmanError> {
        let running = session::alive(&self.line.ask(&["status"], self.timeouts.read).await?.body);
        if !running {
            return Ok(Health { running, errors: None });
        }
        let cluster = self.line.ask(&self.line.of_cluster(&["status"]), self.timeouts.read).await?;
        let errors = cluster.status.is_success().then(|| !session::alive(&cluster.body));
        Ok(Health { running, errors })
    }

    /// Whether it holds a server, by its identifier, for a leader that takes writes. It says so by the words alone: the
    /// status is 200 either way.
    ///
    /// # Errors
    /// When it cannot be reached, or says neither.
    pub async fn is_leader(&self, id: &str) -> Result<bool, RepmanError> {
        let parts = self.line.of_cluster(&["servers", id, "is-master"]);
        let words = self.line.ask(&parts, self.timeouts.read).await?.words();
        match words.split_whitespace().next() {
            Some("200") => Ok(true),
            Some("503") => Ok(false),
            _ if words == "No cluster" => Err(RepmanError::UnknownCluster),
            _ => Err(RepmanError::Unreadable { what: parts.join("/") }),
        }
    }

    /// The cluster as it sees it.
    ///
    /// # Errors
    /// When the servers or their leader cannot be read. Other parts may be missing: `unread` names them.
    pub async fn topology(&self) -> Result<Topology, RepmanError> {
        let read = async |parts: &[&str]| self.reader.read(parts, self.timeouts.read).await;
        let (servers, leader, cluster, alerts, failovers) = tokio::join!(
            read(&["topology", "servers"]),
            read(&["topology", "master"]),
            read(&[]),
            read(&["topology", "alerts"]),
            read(&["topology", "crashes"]),
        );
        let unreadable = || RepmanError::Unreadable { what: "topology/servers".into() };
        let mut topology = Topology::read(&servers?, &leader?).ok_or_else(unreadable)?;
        let mut unread = Vec::new();
        let mut add = |part: &'static str, answer: Result<_, RepmanError>, take: fn(&mut Topology, &_)| match answer {
            Ok(value) => take(&mut topology, &value),
            Err(error) => {
                tracing::warn!(part, error = &error as &dyn std::error::Error, "replication-manager leaves a gap");
                unread.push(part);
            }
        };
        add("cluster", cluster, Topology::add_cluster);
        add("alerts", alerts, Topology::add_alerts);
        add("failovers", failovers, Topology::add_failovers);
        topology.unread = unread;
        Ok(topology)
    }
}

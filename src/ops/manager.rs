//! The state of the cluster according to replication-manager, for the operator's page.

use super::{
    alarm::{Alarm, Topic},
    answer::answer_within,
};
use crate::adapters::repman::{Mode, Repman, ServerRole, Topology};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// Timeout for replication-manager. A page does not wait longer, because deposits work without it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// At most this many failovers, and as many backups, are shown.
const MAX_SHOWN: usize = 3;

/// The report of replication-manager, or the reason why there is none.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Manager {
    /// It does not respond.
    Away {
        /// The reason, in English, for the operator.
        reason: String,
    },
    /// It responds.
    Watching(ClusterView),
}

/// The cluster according to replication-manager.
#[derive(Serialize)]
pub(super) struct ClusterView {
    /// Whether it fails over automatically; `None` if it does not report this.
    pub automatic: Option<bool>,
    /// Whether there is a leader.
    pub leads: bool,
    pub servers: Vec<ServerView>,
    pub alerts: Vec<Complaint>,
    pub moves: Vec<Move>,
    pub backups: Vec<Copy>,
    /// The parts that could not be read.
    pub unread: Vec<&'static str>,
}

#[derive(Serialize)]
pub(super) struct ServerView {
    pub server: String,
    /// The state in replication-manager's own words.
    pub state: String,
    pub well: bool,
    pub lag_seconds: Option<u64>,
    pub semi_sync: Option<bool>,
    pub gtid: Option<String>,
    pub fault: Option<String>,
}

/// An alert.
#[derive(Serialize)]
pub(super) struct Complaint {
    pub error: bool,
    pub code: String,
    pub words: String,
}

/// A change of the leader.
#[derive(Serialize)]
pub(super) struct Move {
    pub at: Option<Timestamp>,
    pub from: String,
    pub to: String,
    pub ordered: bool,
}

/// A backup of a server.
#[derive(Serialize)]
pub(super) struct Copy {
    pub started: Option<Timestamp>,
    pub of: String,
    pub tool: String,
    pub complete: bool,
}

impl Manager {
    /// Queries it, if there is one.
    pub async fn ask(repman: Option<&Repman>) -> Option<Self> {
        Some(match answer_within(ANSWER_TIMEOUT, repman?.topology()).await {
            Ok(topology) => Self::Watching(ClusterView::from(topology)),
            Err(reason) => Self::Away { reason },
        })
    }

    /// The alarms for the operator.
    pub fn alarms(&self) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        let mut alarm = |fr: &str, en: &str| alarms.push(Alarm::new(Topic::Database, fr, en));
        match self {
            Self::Away { .. } => alarm(
                "replication-manager ne répond pas : les dépôts continuent, mais personne ne remplacerait le conducteur.",
                "replication-manager does not answer: deposits go on, but nobody would replace the leader.",
            ),
            Self::Watching(view) => {
                if view.automatic == Some(false) {
                    alarm(
                        "replication-manager attend une personne pour remplacer le conducteur.",
                        "replication-manager waits for a person to replace the leader.",
                    );
                }
                if !view.leads || view.alerts.iter().any(|alert| alert.error) {
                    alarm(
                        "replication-manager signale des erreurs : il ne peut pas remplacer le conducteur.",
                        "replication-manager reports errors: it cannot replace the leader.",
                    );
                }
            }
        }
        alarms
    }
}

impl From<Topology> for ClusterView {
    fn from(topology: Topology) -> Self {
        let automatic = match topology.mode {
            Mode::Automatic => Some(true),
            Mode::Manual => Some(false),
            Mode::Unknown => None,
        };
        let leads = topology.leader.is_some();
        let servers = topology.servers.into_iter().map(|server| ServerView {
            server: server.to_string(),
            well: matches!(server.role, ServerRole::Leader | ServerRole::Replica),
            state: server.state,
            lag_seconds: server.lag_seconds,
            semi_sync: server.semi_sync,
            gtid: server.gtid,
            fault: server.replication_error,
        });
        let alerts = topology.alerts.into_iter().map(|alert| Complaint {
            error: alert.error,
            code: alert.code,
            words: alert.text,
        });
        let moves = topology.failovers.into_iter().take(MAX_SHOWN).map(|one| Move {
            at: one.at,
            from: one.from,
            to: one.to,
            ordered: one.switchover,
        });
        let backups = topology.backups.into_iter().take(MAX_SHOWN).map(|one| Copy {
            started: one.started,
            of: one.source,
            tool: one.tool,
            complete: one.complete && one.position.is_some(),
        });
        Self {
            automatic,
            leads,
            servers: servers.collect(),
            alerts: alerts.collect(),
            moves: moves.collect(),
            backups: backups.collect(),
            unread: topology.unread,
        }
    }
}

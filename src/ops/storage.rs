//! The state of the nodes that hold the attachments, for the operator's page.

use super::{
    alarm::{Alarm, Topic},
    answer::answer_within,
};
use crate::adapters::garage::{Fault, Garage, NodeState, Survey};
use serde::Serialize;
use std::time::Duration;

/// Timeout for the nodes: two of them may be frozen before one answers. The page does not wait longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Room that has to be left on a node, MiB: what `guichet promise` demands unless told otherwise.
const RESERVE_MIB: u64 = 1024;

/// The state of the nodes, or the reason why it is not known.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Storage {
    /// No node responds.
    Away {
        /// The reason, in English, for the operator.
        reason: String,
    },
    /// A node responds.
    Seen(StorageView),
}

/// The nodes.
#[derive(Serialize)]
pub(super) struct StorageView {
    /// Whether attachments can be stored and read.
    pub quorum: bool,
    /// Version of the layout.
    pub layout: u64,
    pub nodes: Vec<NodeView>,
    #[serde(skip)]
    faults: Vec<Fault>,
}

/// One node.
#[derive(Serialize)]
pub(super) struct NodeView {
    pub zone: Option<String>,
    pub place: String,
    /// `up`, `away` or `leaving`.
    pub state: &'static str,
    pub room_mib: Option<u64>,
    pub queue: Option<u64>,
    pub failed: Option<u64>,
    pub corrupt_blocks: Option<u64>,
    pub version: Option<String>,
}

impl Storage {
    /// Queries the nodes, if there are any.
    pub async fn ask(garage: Option<&Garage>) -> Option<Self> {
        Some(match answer_within(ANSWER_TIMEOUT, garage?.survey()).await {
            Ok(survey) => Self::Seen(StorageView::from(survey)),
            Err(reason) => Self::Away { reason },
        })
    }

    /// The alarms for the operator.
    pub fn alarms(&self) -> Vec<Alarm> {
        match self {
            Self::Away { .. } => vec![Alarm::new(
                Topic::Attachments,
                "Aucun nœud des pièces jointes ne répond.",
                "No node of the attachments answers.",
            )],
            Self::Seen(view) => {
                let alarm = |fault: &Fault| Alarm { topic: Topic::Attachments, text: fault.words() };
                view.faults.iter().map(alarm).collect()
            }
        }
    }
}

impl From<Survey> for StorageView {
    fn from(survey: Survey) -> Self {
        // What was found once stays counted: the promise tells of it until it is acknowledged there.
        let faults = survey.faults(RESERVE_MIB, u64::MAX);
        Self {
            quorum: survey.has_quorum(),
            layout: survey.layout,
            nodes: survey.nodes.into_iter().map(NodeView::from).collect(),
            faults,
        }
    }
}

impl From<NodeState> for NodeView {
    fn from(node: NodeState) -> Self {
        let state = match (node.draining, node.up) {
            (true, _) => "leaving",
            (false, true) => "up",
            (false, false) => "away",
        };
        Self {
            room_mib: node.room_mib(),
            corrupt_blocks: node.scrubbed.as_ref().map(|scrubbed| scrubbed.corrupt_blocks),
            place: node.address.or(node.host).unwrap_or_else(|| node.id.chars().take(16).collect()),
            zone: node.zone,
            state,
            queue: node.queue,
            failed: node.failed,
            version: node.version,
        }
    }
}

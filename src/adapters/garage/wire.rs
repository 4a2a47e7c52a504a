//! The parts of the admin API's answers that we read (version 2 of the API).

use serde::Deserialize;
use std::collections::BTreeMap;

/// What nodes answer each, by their ids.
#[derive(Debug, Deserialize)]
pub struct Answers<T> {
    pub success: BTreeMap<String, T>,
    pub error: BTreeMap<String, String>,
}

/// Why something was not done.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    pub node_id: String,
}

/// The cluster as one node sees it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub layout_version: u64,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    pub id: String,
    pub garage_version: Option<String>,
    /// Address for the other nodes.
    pub addr: Option<String>,
    pub hostname: Option<String>,
    pub is_up: bool,
    pub role: Option<Role>,
    /// It has left the layout, and others still take over what it holds.
    pub draining: bool,
    pub data_partition: Option<Room>,
    pub metadata_partition: Option<Room>,
}

/// The place of a node in the layout; without a capacity it stores nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Role {
    pub zone: String,
    pub capacity: Option<u64>,
    /// We write the node's address for the others here: Garage forgets the address of a node that is away.
    pub tags: Vec<String>,
}

/// Bytes of a disk.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Room {
    pub available: u64,
    pub total: u64,
}

/// How many of the parts of the key space can be written to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    pub partitions: u64,
    pub partitions_quorum: u64,
    pub partitions_all_ok: u64,
}

/// Something that a node does in the background.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    pub name: String,
    pub progress: Option<String>,
    pub queue_length: Option<u64>,
    /// What it could not do and has not forgotten; for the scrub, wrong blocks found since the node was made.
    pub persistent_errors: Option<u64>,
}

/// Who stores what, now and in the next version.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    pub version: u64,
    pub roles: Vec<LayoutRole>,
    pub staged_role_changes: Vec<Opaque>,
}

#[derive(Debug, Deserialize)]
pub struct LayoutRole {
    pub id: String,
    #[serde(flatten)]
    pub role: Role,
}

/// Something of which only matters that it is there.
#[derive(Debug, Deserialize)]
pub struct Opaque {}

/// The versions of the layout.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutHistory {
    pub current_version: u64,
    pub versions: Vec<LayoutVersion>,
}

#[derive(Debug, Deserialize)]
pub struct LayoutVersion {
    /// `Current`, `Draining` or `Historical`.
    pub status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    pub id: String,
    pub keys: Vec<BucketKey>,
    /// What happens to objects by themselves.
    #[serde(default)]
    pub lifecycle_rules: Option<Vec<Opaque>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketKey {
    pub access_key_id: String,
    pub permissions: Permissions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    pub read: bool,
    pub write: bool,
    pub owner: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    pub secret_access_key: Option<String>,
}

/// Whether a node could be connected to.
#[derive(Debug, Deserialize)]
pub struct Connected {
    pub success: bool,
    pub error: Option<String>,
}

/// Nodes that are not waited for any more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    pub ack_updated: Vec<String>,
}

//! The plan of a store: its nodes, its bucket and its key. Whoever has it can make the store anew.

use super::GarageError;
use crate::config::admin_address;
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Least capacity of a node, MiB: Garage divides it into 256 parts.
const MIN_CAPACITY_MIB: u64 = 1;

/// Nodes, bucket and key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the bucket.
    pub bucket: String,
    /// File with the key that may read and write the bucket: its id, and on the next line its secret.
    pub key_file: PathBuf,
    /// File with the token of the admin API.
    pub admin_token_file: PathBuf,
    /// The nodes that store.
    pub nodes: Vec<PlannedNode>,
}

/// One node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedNode {
    /// Its admin API: `http://[2001:db8::1]:3903`.
    pub admin: String,
    /// Its address for the other nodes, its `rpc_public_addr`.
    pub rpc: SocketAddr,
    /// Its zone: copies are in as many zones as there are, so a zone is what may fail as a whole.
    pub zone: String,
    /// What it may store, MiB. Only how the nodes compare matters as long as the disk has room.
    pub capacity_mib: u64,
}

/// The key of the portal.
pub struct AccessKey {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

impl Plan {
    /// Reads and checks a plan.
    ///
    /// # Errors
    /// When it cannot be read, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, GarageError> {
        let plan: Self = toml::from_str(&text(path)?)
            .map_err(|error| GarageError::Settings(vec![format!("{}: {error}", path.display())]))?;
        let faults = plan.faults();
        if faults.is_empty() { Ok(plan) } else { Err(GarageError::Settings(faults)) }
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.nodes.iter().filter_map(|node| admin_address(&node.admin).err()).collect();
        if self.nodes.is_empty() {
            faults.push("the plan names no node".into());
        }
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(3..=63).contains(&self.bucket.len()) || !self.bucket.chars().all(name) {
            faults.push(format!("{:?} is not a name for a bucket: 3 to 63 of a-z, 0-9 and -", self.bucket));
        }
        let mut seen = BTreeSet::new();
        for node in &self.nodes {
            if !seen.insert(node.admin.trim_end_matches('/').to_owned()) || !seen.insert(node.rpc.to_string()) {
                faults.push(format!("the node at {} is named twice", node.rpc));
            }
            if node.zone.is_empty() {
                faults.push(format!("the node at {} has no zone", node.rpc));
            }
            if node.capacity_mib < MIN_CAPACITY_MIB {
                faults.push(format!("the node at {} has no capacity", node.rpc));
            }
        }
        faults
    }

    pub(super) fn access_key(&self) -> Result<AccessKey, GarageError> {
        let text = text(&self.key_file)?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        match (lines.next(), lines.next(), lines.next()) {
            (Some(id), Some(secret), None) => Ok(AccessKey { id: id.into(), secret: SecretString::from(secret) }),
            _ => Err(GarageError::Settings(vec![format!(
                "{} has to hold two lines, the id of the key and its secret",
                self.key_file.display()
            )])),
        }
    }
}

impl PlannedNode {
    /// Its capacity as Garage counts it.
    pub(super) fn capacity_bytes(&self) -> u64 {
        self.capacity_mib << 20
    }
}

fn text(path: &Path) -> Result<String, GarageError> {
    fs::read_to_string(path).map_err(|source| GarageError::File { path: path.into(), source })
}

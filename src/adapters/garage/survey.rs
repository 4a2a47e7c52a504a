//! The state of the store, compiled from what its nodes say, and what an operator has to see to.

use super::{Fault, GarageError, wire};

/// Bytes of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes left.
    pub available: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What a node's scrub has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbed {
    /// Wrong blocks found since the node was made; each was fetched again from another node.
    pub corrupt_blocks: u64,
    /// How far the current scrub is, in Garage's words; none when none runs.
    pub progress: Option<String>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// Its id.
    pub id: String,
    /// Its address for the other nodes, if it is known.
    pub address: Option<String>,
    /// Its machine's name, if it is known.
    pub host: Option<String>,
    /// Its version of Garage.
    pub version: Option<String>,
    /// Its zone; none for a node that stores nothing.
    pub zone: Option<String>,
    /// Whether the node that was asked is connected with it.
    pub up: bool,
    /// Whether it has left, and others still take over what it holds.
    pub draining: bool,
    /// Room for attachments.
    pub data: Option<Space>,
    /// Room for their index.
    pub metadata: Option<Space>,
    /// Blocks it still has to fetch, send or remove; none if it does not say.
    pub queue: Option<u64>,
    /// Blocks for which that has failed, and is tried again.
    pub failed: Option<u64>,
    /// What its scrub has found; none if it does not say.
    pub scrubbed: Option<Scrubbed>,
}

/// The state of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Version of the layout.
    pub layout: u64,
    /// Parts of the store.
    pub parts: u64,
    /// Parts that can be written to and read.
    pub parts_with_quorum: u64,
    /// Parts with all their copies on nodes that answer.
    pub parts_complete: u64,
    /// The nodes.
    pub nodes: Vec<NodeState>,
    /// Why nodes do not answer us.
    pub silent: Vec<String>,
}

/// Copies of everything, as [`super::NODE_SETTINGS`] has it.
const COPIES: usize = 3;
/// A node with more blocks to fetch than this is behind: new blocks are looked at some seconds after they were written, so
/// a few are always waiting.
const MAX_QUEUE_BLOCKS: u64 = 1_000;

impl Survey {
    pub(super) fn compile(
        status: wire::Status,
        health: &wire::Health,
        workers: Vec<Result<(String, Vec<wire::Worker>), GarageError>>,
    ) -> Self {
        let mut nodes: Vec<NodeState> = status.nodes.into_iter().map(NodeState::from).collect();
        let mut silent = Vec::new();
        for answer in workers {
            match answer {
                Ok((id, workers)) => {
                    if let Some(node) = nodes.iter_mut().find(|node| node.id == id) {
                        node.add(&workers);
                    }
                }
                Err(error) => silent.push(error.to_string()),
            }
        }
        // Garage remembers those that are gone for good.
        nodes.retain(|node| node.zone.is_some() || node.up || node.draining);
        nodes.sort_by(|a, b| (&a.zone, &a.id).cmp(&(&b.zone, &b.id)));
        Self {
            layout: status.layout_version,
            parts: health.partitions,
            parts_with_quorum: health.partitions_quorum,
            parts_complete: health.partitions_all_ok,
            nodes,
            silent,
        }
    }

    /// Whether attachments can be stored and read.
    #[must_use]
    pub fn has_quorum(&self) -> bool {
        self.layout > 0 && self.parts_with_quorum == self.parts
    }

    /// What an operator has to see to, the worst first. Room below `reserve_mib` is little; so many corrupt blocks in all
    /// are known already.
    #[must_use]
    pub fn faults(&self, reserve_mib: u64, known_corrupt: u64) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.layout == 0 {
            return vec![Fault::Unmade];
        }
        if !self.has_quorum() {
            faults.push(Fault::NoQuorum { parts: self.parts - self.parts_with_quorum, of: self.parts });
        }
        let storing = || self.nodes.iter().filter(|node| node.zone.is_some());
        faults.extend(storing().filter(|node| !node.up).map(|node| Fault::Away(node.name())));
        let mut zones: Vec<&str> = storing().filter_map(|node| node.zone.as_deref()).collect();
        zones.sort_unstable();
        zones.dedup();
        if zones.len() < COPIES {
            faults.push(Fault::FewZones(zones.len()));
        }
        faults.extend(self.silent.iter().cloned().map(Fault::Silent));
        let corrupt = |node: &NodeState| node.scrubbed.as_ref().map_or(0, |scrubbed| scrubbed.corrupt_blocks);
        let unknown = storing().map(corrupt).sum::<u64>() > known_corrupt;
        for node in storing() {
            let name = || node.name();
            if let Some(mib) = node.room_mib().filter(|mib| *mib < reserve_mib) {
                faults.push(Fault::LittleRoom { node: name(), mib });
            }
            if let Some(blocks) = node.failed.filter(|blocks| *blocks > 0) {
                faults.push(Fault::Failing { node: name(), blocks });
            }
            if let Some(blocks) = node.queue.filter(|blocks| *blocks > MAX_QUEUE_BLOCKS) {
                faults.push(Fault::Behind { node: name(), blocks });
            }
            if unknown && corrupt(node) > 0 {
                faults.push(Fault::Corrupt { node: name(), blocks: corrupt(node) });
            }
        }
        faults
    }
}

impl NodeState {
    /// How an operator recognises it: the beginning of its id, and where it is.
    #[must_use]
    pub fn name(&self) -> String {
        let id = self.id.get(..16).unwrap_or(&self.id);
        let place = self.address.as_deref().or(self.host.as_deref());
        match (place, &self.zone) {
            (Some(place), Some(zone)) => format!("{id} ({place}, zone {zone})"),
            (Some(place), None) => format!("{id} ({place})"),
            (None, Some(zone)) => format!("{id} (zone {zone})"),
            (None, None) => id.to_owned(),
        }
    }

    /// MiB that are left on the fuller of its disks.
    #[must_use]
    pub fn room_mib(&self) -> Option<u64> {
        [self.data, self.metadata].into_iter().flatten().map(|space| space.available >> 20).min()
    }

    /// Adds what it says of its work in the background. There are several workers of a kind, with the same figures.
    fn add(&mut self, workers: &[wire::Worker]) {
        let resync = workers.iter().filter(|worker| worker.name.starts_with("Block resync"));
        self.queue = resync.clone().filter_map(|worker| worker.queue_length).max();
        self.failed = resync.filter_map(|worker| worker.persistent_errors).max();
        let scrub = workers.iter().find(|worker| worker.name == "Block scrub worker");
        self.scrubbed = scrub.map(|worker| Scrubbed {
            corrupt_blocks: worker.persistent_errors.unwrap_or_default(),
            progress: worker.progress.clone(),
        });
    }
}

impl From<wire::Node> for NodeState {
    fn from(node: wire::Node) -> Self {
        let space = |room: wire::Room| Space { available: room.available, total: room.total };
        let place = node.role.as_ref().and_then(|role| role.tags.first().cloned());
        Self {
            address: node.addr.or(place),
            host: node.hostname,
            version: node.garage_version,
            zone: node.role.filter(|role| role.capacity.is_some()).map(|role| role.zone),
            up: node.is_up,
            draining: node.draining,
            data: node.data_partition.map(space),
            metadata: node.metadata_partition.map(space),
            queue: None,
            failed: None,
            scrubbed: None,
            id: node.id,
        }
    }
}

//! Attachments of an installation whose processes do not share a data folder.

use super::GarageConfig;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where processes on other machines read and write attachments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// Address on the installation's own network; never exposed by the proxy.
    pub listen: SocketAddr,
    /// How many data folders must store an attachment before it is acknowledged [default: 2].
    #[serde(default = "two")]
    pub copies: u8,
    /// The Garage nodes, if attachments are there: for promises, the operator's page and `guichet garage`.
    #[serde(default)]
    pub garage: Option<GarageConfig>,
}

fn two() -> u8 {
    2
}

impl Attachments {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(1..=5).contains(&self.copies) {
            faults.push("attachments.copies has to be between 1 and 5".into());
        }
        if self.listen.ip().is_unspecified() || self.listen.port() == 0 {
            faults.push("attachments.listen has to be an address that others can reach".into());
        }
        faults.extend(self.garage.iter().flat_map(GarageConfig::faults));
        faults
    }
}

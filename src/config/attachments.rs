//! Attachments of an installation whose processes do not share a data folder.

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
        faults
    }
}

//! The connection to the Garage nodes that hold the attachments: their admin API.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The nodes, as the operator's page, the promise and `guichet garage` ask them. Attachments pass by another way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GarageConfig {
    /// Admin API of each node: `http://[2001:db8::1]:3903`.
    pub admin: Vec<String>,
    /// File with the token of that API.
    pub admin_token_file: PathBuf,
}

impl GarageConfig {
    /// All faults of this section, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.admin.iter().filter_map(|node| admin_address(node).err()).collect();
        if self.admin.is_empty() {
            faults.push("attachments.garage.admin names no node".into());
        }
        faults
    }
}

/// The address of an admin API.
pub(crate) fn admin_address(text: &str) -> Result<reqwest::Url, String> {
    let url: reqwest::Url = text.parse().map_err(|_| format!("{text:?} is not the address of an admin API"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.path() == "/";
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(format!("{text:?} is not the address of an admin API: http://host:port, without path"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::GarageConfig;

    #[test]
    fn an_address_has_a_port_and_nothing_after_it() {
        let faults = |admin: &[&str]| {
            let admin = admin.iter().map(|node| (*node).to_owned()).collect();
            GarageConfig { admin, admin_token_file: "/t".into() }.faults().len()
        };
        assert_eq!(faults(&["http://[::1]:3903", "https://node-1.internal:3903/", "http://127.0.0.1:1"]), 0);
        assert_eq!(faults(&[]), 1);
        assert_eq!(faults(&["[::1]:3903", "http://u:p@h:1", "http://h:1/v2", "http://h:1?x", "ftp://h:1"]), 5);
    }
}

//! The connection to replication-manager: its address, its authentication, and our users.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One cluster of one replication-manager.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepmanConfig {
    /// Address of its API: `https://host:10005`. Plain `http://` on this machine only.
    pub url: String,
    /// Name of the cluster in replication-manager.
    pub cluster: String,
    /// User without grants: sufficient for reading.
    pub user: String,
    /// File with the user's password.
    pub password_file: PathBuf,
    /// Authority that must have issued its certificate.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of its certificate, hexadecimal, with or without colons: for a self-signed certificate.
    #[serde(default)]
    pub certificate_sha256: Option<String>,
    /// User with the grants `cluster-switchover` and `db-backup`; without one, the portal only reads.
    #[serde(default)]
    pub actions_user: Option<String>,
    /// File with that user's password.
    #[serde(default)]
    pub actions_password_file: Option<PathBuf>,
}

impl RepmanConfig {
    /// All faults of this section, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let secure = match self.address() {
            Ok(url) => url.scheme() == "https",
            Err(fault) => {
                faults.push(fault);
                true
            }
        };
        let proofs = [self.ca_file.is_some(), self.certificate_sha256.is_some()].into_iter().filter(|one| *one).count();
        if secure && proofs != 1 {
            faults.push("repman needs exactly one of ca_file and certificate_sha256".into());
        }
        if let Err(fault) = self.fingerprint() {
            faults.push(fault);
        }
        for (name, value) in [("cluster", &self.cluster), ("user", &self.user)] {
            if value.is_empty() {
                faults.push(format!("repman.{name} is empty"));
            }
        }
        if self.actions_user.is_some() != self.actions_password_file.is_some() {
            faults.push("repman.actions_user and repman.actions_password_file go together".into());
        }
        if self.actions_user.as_ref() == Some(&self.user) {
            faults.push("repman.actions_user is the user that reads: one that can do nothing is to read".into());
        }
        faults
    }

    /// The address, if a password may be sent to it.
    pub(crate) fn address(&self) -> Result<reqwest::Url, String> {
        let url: reqwest::Url = self.url.parse().map_err(|_| format!("repman.url {:?} is not an address", self.url))?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.cannot_be_a_base() || !url.username().is_empty() || url.password().is_some() {
            return Err("repman.url is to be https://host:port, without user or password".into());
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if here => Ok(url),
            _ => Err(format!("repman.url {} does not begin with https://: the password would be readable", self.url)),
        }
    }

    /// The pinned fingerprint.
    pub(crate) fn fingerprint(&self) -> Result<Option<[u8; 32]>, String> {
        let Some(text) = &self.certificate_sha256 else { return Ok(None) };
        let plain: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
        let bytes = hex::decode(plain).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Some).ok_or_else(|| "repman.certificate_sha256 is not a SHA-256: 64 hexadecimal digits".into())
    }
}

#[cfg(test)]
mod tests {
    use super::RepmanConfig;

    fn read(text: &str) -> RepmanConfig {
        toml::from_str(&format!("cluster = 'c'\nuser = 'portal'\npassword_file = '/p'\n{text}")).unwrap()
    }

    #[test]
    fn contradictions_are_all_told() {
        let print = "aB:".repeat(32);
        let good = format!("url = 'https://db:10005'\ncertificate_sha256 = '{}'", print.trim_end_matches(':'));
        assert_eq!(read(&good).faults(), Vec::<String>::new());
        assert_eq!(read(&good).fingerprint().unwrap(), Some([0xab; 32]));
        assert!(read("url = 'http://127.0.0.1:10001'").faults().is_empty());
        for (text, faults) in [
            ("url = 'https://db:10005'", 1),
            ("url = 'http://db:10001'", 2),
            ("url = 'https://u:p@db'\nca_file = '/c'", 1),
            ("url = 'https://db'\nca_file = '/c'\ncertificate_sha256 = 'ab'", 2),
            ("url = 'https://db'\nca_file = '/c'\nactions_user = 'portal'", 2),
        ] {
            assert_eq!(read(text).faults().len(), faults, "{text}: {:?}", read(text).faults());
        }
    }
}

//! The virus scanner: where clamd is, and how long it may take.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// How long the scan of one file may take, in seconds, unless configured.
const DEFAULT_TIMEOUT_SECONDS: u32 = 60;
/// Longest such time, in seconds: a file is claimed for as long.
const MAX_TIMEOUT_SECONDS: u32 = 600;

/// The virus scanner. Without this section, files are not scanned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanConfig {
    /// clamd: `unix:/run/clamav/clamd.ctl`, or `host:port`.
    pub clamd: ScannerAddress,
    /// How long the scan of one file may take, in seconds [default: 60].
    #[serde(default = "default_timeout_seconds")]
    pub timeout_seconds: u32,
}

fn default_timeout_seconds() -> u32 {
    DEFAULT_TIMEOUT_SECONDS
}

impl ScanConfig {
    /// All faults of this section, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        if (1..=MAX_TIMEOUT_SECONDS).contains(&self.timeout_seconds) {
            Vec::new()
        } else {
            vec![format!("scan.timeout_seconds is not between 1 and {MAX_TIMEOUT_SECONDS}")]
        }
    }
}

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ScannerAddress {
    Unix(PathBuf),
    /// Host name or address, and port.
    Tcp(String),
}

impl fmt::Display for ScannerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(host) => f.write_str(host),
        }
    }
}

impl FromStr for ScannerAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match Path::new(path) {
                path if path.is_absolute() => Ok(Self::Unix(path.to_owned())),
                _ => Err(format!("{path:?} is not an absolute path")),
            };
        }
        let well = text.rsplit_once(':').is_some_and(|(host, port)| {
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let named = bare.map_or(!host.contains(':'), |address| address.parse::<std::net::Ipv6Addr>().is_ok());
            let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
            named && plain && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if well { Ok(Self::Tcp(text.to_owned())) } else { Err(format!("{text:?} is neither host:port nor unix:/path")) }
    }
}

impl TryFrom<String> for ScannerAddress {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ScannerAddress> for String {
    fn from(address: ScannerAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{ScanConfig, ScannerAddress};

    #[test]
    fn an_address_is_a_socket_or_a_host_with_its_port() {
        for text in ["unix:/run/clamav/clamd.ctl", "localhost:3310", "192.0.2.7:3310", "[2001:db8::1]:3310"] {
            assert_eq!(text.parse::<ScannerAddress>().unwrap().to_string(), text);
        }
        for text in [
            "", "unix:clamd.ctl", "/run/clamd.ctl", "localhost", "localhost:0", ":3310", "2001:db8::1:3310",
            "[x]:3310", "http://localhost:3310", "local host:3310", "localhost:70000",
        ] {
            assert!(text.parse::<ScannerAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_scan_takes_a_limited_time() {
        let read = |text: &str| toml::from_str::<ScanConfig>(&format!("clamd = 'localhost:3310'\n{text}")).unwrap();
        assert_eq!(read("").timeout_seconds, 60);
        assert!(read("timeout_seconds = 600").faults().is_empty());
        assert_eq!(read("timeout_seconds = 0").faults().len() + read("timeout_seconds = 601").faults().len(), 2);
    }
}

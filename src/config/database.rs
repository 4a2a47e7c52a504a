//! The database, and the required durability of an acknowledged write.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// The database: one server by its socket, one address of a proxy or server, or the nodes of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Unix socket of a single server.
    pub socket: Option<PathBuf>,
    /// File with one address including account and password, in the format that SlapOS publishes:
    /// `mysql://user:password@[2001:db8::1]:7032/guichet`.
    pub url_file: Option<PathBuf>,
    /// The nodes of a cluster, `host:port` each; the leader is detected.
    pub hosts: Vec<Host>,
    pub name: String,
    /// User [default with a socket: the system user, by which the embedded server authenticates].
    pub user: String,
    /// File with the password, if there is one.
    pub password_file: Option<PathBuf>,
    /// Authority that must have issued the servers' certificates. Required for servers on other machines.
    pub ca_file: Option<PathBuf>,
    /// The network to the servers cannot be intercepted: an overlay such as re6st encrypts it. Allows servers without
    /// TLS.
    pub trusted_network: bool,
    /// Durability of an acknowledged write [default: `strict` with a cluster or an address, `plain` with a socket].
    pub durability: Option<Durability>,
    /// Maximum replication lag of a replica that may serve non-critical pages, in seconds.
    pub max_lag_seconds: u32,
    /// Maximum number of connections of one process to one server.
    pub max_connections: u32,
}

/// The condition for acknowledging a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// A second server has it. Without one, nothing is acknowledged.
    Strict,
    /// The leader has it, and usually a second server; the loss of the leader may lose it.
    Available,
    /// The only server has it.
    Plain,
}

/// A server's address: name or address, and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host {
    /// Host name or IP address; an IPv6 address without brackets.
    pub name: String,
    pub port: u16,
}

/// The default port of MariaDB.
const DEFAULT_PORT: u16 = 3306;

impl Default for Database {
    fn default() -> Self {
        Self {
            socket: None,
            url_file: None,
            hosts: Vec::new(),
            name: String::new(),
            user: String::new(),
            password_file: None,
            ca_file: None,
            trusted_network: false,
            durability: None,
            max_lag_seconds: 5,
            max_connections: 16,
        }
    }
}

impl Database {
    /// The durability of an acknowledged write.
    pub fn durability(&self) -> Durability {
        let default = if self.socket.is_some() { Durability::Plain } else { Durability::Strict };
        self.durability.unwrap_or(default)
    }

    /// The location of the database, in words.
    pub fn label(&self) -> String {
        match (&self.socket, &self.url_file) {
            (Some(socket), _) => socket.display().to_string(),
            (None, Some(file)) => format!("the address in {}", file.display()),
            (None, None) => self.hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let ways = [self.socket.is_some(), self.url_file.is_some(), !self.hosts.is_empty()];
        if ways.iter().filter(|way| **way).count() != 1 {
            faults.push("database needs exactly one of socket, url_file and hosts".into());
        }
        let user = !self.user.is_empty() || self.socket.is_some();
        if self.url_file.is_none() && (self.name.is_empty() || !user) {
            faults.push("database.name and database.user are needed, unless url_file has them".into());
        }
        let mut hosts = self.hosts.clone();
        hosts.sort();
        if hosts.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            faults.push("database.hosts names a server twice".into());
        }
        if self.ca_file.is_none() && !self.trusted_network && self.hosts.iter().any(|host| !host.is_this_machine()) {
            faults.push("database.ca_file is needed for servers beyond this machine: their word must be theirs".into());
        }
        if self.max_connections == 0 {
            faults.push("database.max_connections is 0: nothing could be read".into());
        }
        if self.socket.is_some() && self.durability == Some(Durability::Strict) {
            faults.push("database.durability strict needs a cluster: give hosts or url_file, or take plain".into());
        }
        faults
    }
}

impl Host {
    /// Whether it is this machine, so that the connection cannot be intercepted.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        self.name == "localhost" || self.name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

impl std::str::FromStr for Host {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?} is not host:port, an IPv6 address in brackets");
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (name, port) = rest.split_once(']').ok_or_else(refuse)?;
                name.parse::<std::net::Ipv6Addr>().map_err(|_| refuse())?;
                (name, port.strip_prefix(':').map(str::to_owned))
            }
            None => match text.split_once(':') {
                Some((name, port)) => (name, Some(port.to_owned())),
                None => (text, None),
            },
        };
        let port = port.map_or(Ok(DEFAULT_PORT), |port| port.parse()).map_err(|_| refuse())?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(refuse());
        }
        Ok(Self { name: name.into(), port })
    }
}

impl TryFrom<String> for Host {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::{Database, Durability, Host};

    #[test]
    fn hosts_are_read_and_written_with_brackets() {
        for (text, name, port) in [
            ("[2001:db8::1]:7032", "2001:db8::1", 7032),
            ("db.example:3307", "db.example", 3307),
            ("[::1]", "::1", 3306),
        ] {
            let host: Host = text.parse().unwrap();
            assert_eq!((host.name.as_str(), host.port), (name, port), "{text}");
            assert_eq!(host.to_string().parse::<Host>().unwrap(), host);
        }
        for text in ["", ":3306", "[zz]:1", "a b:1", "::1:3306", "a:70000", "u@h:1"] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    fn read(text: &str) -> Database {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn contradictions_are_all_told() {
        let local = read("socket = '/s'\nname = 'g'\nuser = 'g'");
        assert!(local.faults().is_empty() && local.durability() == Durability::Plain);
        let cluster = read("hosts = ['127.0.0.1:1', '127.0.0.1:2']\nname = 'g'\nuser = 'g'");
        assert!(cluster.faults().is_empty() && cluster.durability() == Durability::Strict);
        let far = read("hosts = ['db1:1', 'db1:1']");
        assert_eq!(far.faults().len(), 3, "{:?}", far.faults());
        assert_eq!(read("url_file = '/u'\nmax_connections = 0").faults().len(), 1);
        assert_eq!(read("socket = '/s'\nurl_file = '/u'\ndurability = 'strict'").faults().len(), 2);
    }
}

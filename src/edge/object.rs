//! The objects of commands and reports, as values. They are displayed as text, and no text is parsed back into them.

use sozu_command_lib::listener_key::ListenerKey;
use std::{fmt, net::SocketAddr};
use uuid::Uuid;

/// Protocol of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
        })
    }
}

/// An object of Sōzu, of the configuration or of the edge itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectRef {
    /// A listener of Sōzu.
    Listener(Protocol, ListenerKey),
    /// A cluster of Sōzu, by its id.
    Cluster(String),
    /// A backend of a cluster.
    Backend {
        id: String,
        /// The address, which identifies it together with the id.
        address: SocketAddr,
        /// Id of the cluster.
        cluster: String,
    },
    /// A certificate of a listener.
    Certificate {
        /// SHA-256 of the certificate, hexadecimal.
        fingerprint: String,
        /// The listener.
        address: SocketAddr,
    },
    /// The replacement of a certificate by another. Its refusal is separate from that of adding the new one.
    Renewal {
        /// Fingerprint of the replaced certificate.
        old: String,
        /// Fingerprint of the new certificate.
        new: String,
        /// The listener.
        address: SocketAddr,
    },
    /// A route of Sōzu.
    Route {
        /// Sōzu's own key for it.
        key: String,
        host: String,
    },
    /// One of the two commands that swap a route. The refusal of one is separate from that of the other.
    Reroute {
        /// Sōzu's own key for the route.
        key: String,
        host: String,
        /// 1 removes the old route, 2 adds the new one.
        half: u8,
    },
    /// More routes than may be removed at once.
    MassRemoval,
    /// Orders that were sent as one file.
    Batch,
    /// A host name of a site.
    Host(String),
    /// A process of the portal, by its id.
    Process(Uuid),
    /// A host under validation by an ACME authority.
    Challenge(String),
    /// The edge's responder for ACME challenges.
    AcmeResponder,
    /// An answer of Sōzu's own, by its status.
    Answer(String),
    /// Sōzu's main process.
    MainProcess,
    /// A worker of Sōzu, by its number.
    Worker(u32),
    /// A certificate as a worker serves it for one name.
    ServedCertificate {
        /// SHA-256 of the certificate, hexadecimal.
        fingerprint: String,
        name: String,
    },
}

/// Characters of a fingerprint in displayed text.
const SHORT_FINGERPRINT_CHARS: usize = 12;

impl ObjectRef {
    /// The host name that the object belongs to, if it belongs to one.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Host(host)
            | Self::Challenge(host)
            | Self::Route { host, .. }
            | Self::Reroute { host, .. }
            | Self::ServedCertificate { name: host, .. } => Some(host),
            _ => None,
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener(protocol, key) => write!(f, "{protocol} listener {key}"),
            Self::Cluster(id) => write!(f, "cluster {id}"),
            Self::Backend { id, address, cluster } => write!(f, "process {id} at {address} in {cluster}"),
            Self::Certificate { fingerprint, address } => write!(f, "certificate {fingerprint} of {address}"),
            Self::Renewal { old, new, address } => write!(f, "certificate {old} of {address} by {new}"),
            Self::Route { key, .. } => write!(f, "route {key}"),
            Self::Reroute { key, half, .. } => write!(f, "route {key}, {half} of 2"),
            Self::MassRemoval => f.write_str("mass removal"),
            Self::Batch => f.write_str("batch"),
            Self::Host(host) => write!(f, "host {host}"),
            Self::Process(id) => write!(f, "process {id}"),
            Self::Challenge(host) => write!(f, "challenge for {host}"),
            Self::AcmeResponder => f.write_str("ACME responder"),
            Self::Answer(status) => write!(f, "answer {status}"),
            Self::MainProcess => f.write_str("main process"),
            Self::Worker(id) => write!(f, "worker {id}"),
            Self::ServedCertificate { fingerprint, name } => {
                let short = fingerprint.get(..SHORT_FINGERPRINT_CHARS).unwrap_or(fingerprint);
                write!(f, "certificate {short} for {name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectRef;

    #[test]
    fn an_object_knows_its_host_by_itself() {
        let (key, host) = ("127.0.0.1:443;a.example;P/".to_owned(), "a.example".to_owned());
        let route = ObjectRef::Route { key: key.clone(), host: host.clone() };
        let half = ObjectRef::Reroute { key, host, half: 2 };
        assert_eq!(half.to_string(), "route 127.0.0.1:443;a.example;P/, 2 of 2");
        for object in [route, half, ObjectRef::Challenge("a.example".into())] {
            assert_eq!(object.host(), Some("a.example"));
        }
        assert_eq!(ObjectRef::Cluster("a.example".into()).host(), None);
    }
}

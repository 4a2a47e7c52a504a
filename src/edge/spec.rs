//! What the proxy is to be, in our own words: sites, the processes that serve them, one certificate.

use crate::{config::Config, edge::certificate::SiteCertificate};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

/// HSTS of a real site, seconds: one year.
const HSTS_SECONDS: u32 = 31_536_000;
/// HSTS of a demonstration, seconds: it holds for every port of `localhost`, so it must wear off quickly.
const DEMONSTRATION_HSTS_SECONDS: u32 = 300;

/// The whole desired proxy, without a trace of Sōzu's own types.
#[derive(Clone, Debug)]
pub struct EdgeSpec {
    /// Listener that only redirects to HTTPS.
    pub http: SocketAddr,
    /// HTTPS listener.
    pub https: SocketAddr,
    /// Port of the public address, which browsers are redirected to.
    pub public_port: u16,
    /// How long browsers insist on HTTPS, seconds.
    pub hsts_seconds: u32,
    /// Certificate of the HTTPS listener.
    pub certificate: SiteCertificate,
    /// Sites by id.
    pub sites: BTreeMap<String, Site>,
}

/// One site: host names, and the processes that serve them.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Host names, lower case, without port.
    pub hosts: BTreeSet<String>,
    /// Address by process id; empty while none is ready, and Sōzu then answers 503.
    pub instances: BTreeMap<String, SocketAddr>,
}

impl EdgeSpec {
    /// The portal's site, served by the given processes; nothing when the configuration has no proxy.
    #[must_use]
    pub fn of_portal(config: &Config, certificate: SiteCertificate, serving: &BTreeSet<String>) -> Option<Self> {
        let edge = config.edge.as_ref()?;
        let instances = edge.backends.iter().filter(|backend| serving.contains(&backend.id));
        let site = Site {
            hosts: edge.hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            instances: instances.map(|backend| (backend.id.clone(), backend.address)).collect(),
        };
        Some(Self {
            http: edge.http_listen,
            https: edge.https_listen,
            public_port: public_port(config.authority()),
            hsts_seconds: if config.portal.demonstration { DEMONSTRATION_HSTS_SECONDS } else { HSTS_SECONDS },
            certificate,
            sites: BTreeMap::from([("portal".into(), site)]),
        })
    }
}

fn public_port(authority: &str) -> u16 {
    let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
    if let Some(Ok(port)) = port { port } else { 443 }
}

#[cfg(test)]
mod tests {
    use super::public_port;

    #[test]
    fn the_public_port_is_the_one_of_the_public_address() {
        assert_eq!(public_port("aap.example"), 443);
        assert_eq!(public_port("localhost:8443"), 8443);
        assert_eq!(public_port("[::1]"), 443);
    }
}

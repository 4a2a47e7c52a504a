//! Definitions of calls that others publish at an address of theirs.
//!
//! Whoever asks for a call chooses the address: it must not make the portal knock at doors inside the operator's network,
//! nor wait for ever, nor fill its memory. So it is HTTPS, a public address, no redirection, a bound on time and size.

use ipnet::IpNet;
use reqwest::{Client, Url, dns};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

/// Longest time for a definition to arrive.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest definition, bytes.
const MAX_DEFINITION_BYTES: usize = 1 << 20;

/// Why there is no definition; the reasons are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The address is none that is asked.
    #[error("{0:?} is not an https address of a public server")]
    Address(String),
    /// Nothing came, or not all of it.
    #[error("it cannot be fetched")]
    Unreachable(#[source] reqwest::Error),
    /// Something else came.
    #[error("the server answers {0}")]
    Status(reqwest::StatusCode),
    /// Too much came.
    #[error("it is longer than {MAX_DEFINITION_BYTES} bytes")]
    TooLong,
    /// It is no text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// The client cannot be made.
    #[error("the authority in {0} cannot be used")]
    Authority(String),
}

/// Fetches definitions.
pub struct Definitions {
    client: Client,
    beside: Arc<[IpNet]>,
}

impl Definitions {
    /// Networks beside the public ones, and an authority beside those that the machine trusts.
    ///
    /// # Errors
    /// [`DefinitionError::Authority`].
    pub fn new(beside: &[IpNet], authority: Option<&Path>) -> Result<Self, DefinitionError> {
        let beside: Arc<[IpNet]> = beside.into();
        let mut builder = Client::builder()
            .no_proxy()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(FETCH_TIMEOUT)
            .dns_resolver(Arc::new(Public(beside.clone())));
        if let Some(path) = authority {
            let unusable = || DefinitionError::Authority(path.display().to_string());
            let pem = std::fs::read(path).map_err(|_| unusable())?;
            builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&pem).map_err(|_| unusable())?]);
        }
        Ok(Self { client: builder.build().map_err(DefinitionError::Unreachable)?, beside })
    }

    /// The text at an address.
    pub async fn fetch(&self, address: &str) -> Result<String, DefinitionError> {
        let refused = || DefinitionError::Address(address.into());
        let url: Url = address.parse().map_err(|_| refused())?;
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if url.scheme() != "https" || literal.is_some_and(|ip| !may_be_asked(ip, &self.beside)) {
            return Err(refused());
        }
        let broken = |error: reqwest::Error| DefinitionError::Unreachable(error.without_url());
        let mut answer = self.client.get(url).send().await.map_err(broken)?;
        if !answer.status().is_success() {
            return Err(DefinitionError::Status(answer.status()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if text.len() + chunk.len() > MAX_DEFINITION_BYTES {
                return Err(DefinitionError::TooLong);
            }
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| DefinitionError::NotText)
    }
}

/// Finds only addresses that may be asked: what is connected to is what was looked at.
struct Public(Arc<[IpNet]>);

impl dns::Resolve for Public {
    fn resolve(&self, name: dns::Name) -> dns::Resolving {
        let beside = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.into_iter().filter(|one| may_be_asked(one.ip(), &beside)).collect();
            if public.is_empty() {
                return Err(io::Error::other("the name has no public address").into());
            }
            Ok(Box::new(public.into_iter()) as dns::Addrs)
        })
    }
}

fn may_be_asked(ip: IpAddr, beside: &[IpNet]) -> bool {
    let public = match ip.to_canonical() {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => public_v6(v6),
    };
    public || beside.iter().any(|net| net.contains(&ip))
}

/// Not among the special-purpose addresses (RFC 6890).
fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18);
    !special
}

/// Global unicast (RFC 4291), without documentation and without what holds an address of the older kind.
fn public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    a & 0xe000 == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b == 0x0db8 || b == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked() {
        for no in [
            "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
            "255.255.255.255", "224.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "2001:db8::1",
            "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001::1",
        ] {
            assert!(!may_be_asked(no.parse().unwrap(), &[]), "{no}");
        }
        for yes in ["9.9.9.9", "2a00:1450::1", "2001:67c:1254::1"] {
            assert!(may_be_asked(yes.parse().unwrap(), &[]), "{yes}");
        }
        assert!(may_be_asked("::1".parse().unwrap(), &["::1/128".parse().unwrap()]));
    }

    #[tokio::test]
    async fn other_addresses_are_refused_before_anything_is_sent() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let definitions = Definitions::new(&[], None).unwrap();
        for no in [
            "http://example.org/a.toml",
            "https://127.0.0.1/a.toml",
            "https://[::1]/",
            "file:///etc/passwd",
            "https://0x7f.1/",
            "x",
        ] {
            assert!(matches!(definitions.fetch(no).await, Err(DefinitionError::Address(_))), "{no}");
        }
        assert!(matches!(definitions.fetch("https://localhost/").await, Err(DefinitionError::Unreachable(_))));
    }
}

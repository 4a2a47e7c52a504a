//! Host names accepted by the operator's listeners. These listeners disclose everything to any client that reaches
//! them, and a page in the operator's browser could reach them if its host name resolved to them (DNS rebinding). So
//! the requested host must be an address, a name of this machine, or a configured name, none of which a stranger can
//! have.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a listener accepts the host of a request, with or without a port.
#[must_use]
pub fn answers_to(host: &str, configured: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            return address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.starts_with(':'));
        }
        None => host.split(':').next().unwrap_or_default(),
    };
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    name.parse::<IpAddr>().is_ok() || is("localhost") || configured.iter().any(|known| is(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_names_of_ours_are_answered_to() {
        let configured = ["node-1.internal".to_owned()];
        for host in
            ["127.0.0.1", "127.0.0.1:9000", "[::1]", "[::1]:9000", "localhost", "LocalHost:80", "node-1.internal:9000"]
        {
            assert!(answers_to(host, &configured), "{host}");
        }
        for host in [
            "", "evil.example", "evil.example:9000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1].evil",
            "[evil]",
        ] {
            assert!(!answers_to(host, &configured), "{host}");
        }
    }
}

//! The client's address. Any header may be forged unless Sōzu's secret is present.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use ring::digest::{SHA256, digest};
use std::net::IpAddr;

/// The header with the secret that Sōzu sets on every request, replacing any value that the client sent.
const EDGE_SECRET: HeaderName = HeaderName::from_static("x-guichet-edge");
/// The client address as seen by Sōzu, replacing any value that the client sent.
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// The route of the request; Sōzu appends the address it saw, and the client may have written the rest.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Removes the secret from a request, and returns whether it is valid: present exactly once, with our value.
pub(super) fn came_through_the_edge(headers: &mut HeaderMap, secret: &str) -> bool {
    let secrets: Vec<_> = headers.get_all(EDGE_SECRET).iter().cloned().collect();
    headers.remove(EDGE_SECRET);
    // Digests are compared, because then the comparison time reveals nothing about the secret.
    let right = |sent: &[u8]| digest(&SHA256, sent).as_ref() == digest(&SHA256, secret.as_bytes()).as_ref();
    matches!(&secrets[..], [sent] if right(sent.as_bytes()))
}

/// The client's address; only for requests that came through the edge. If that address is in the trusted networks of a
/// content delivery network, the address that the network reports is used.
pub(super) fn address(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut peers = headers.get_all(REAL_IP).iter();
    let (Some(peer), None) = (peers.next(), peers.next()) else { return None };
    let mut client: IpAddr = peer.to_str().ok()?.trim().parse().ok()?;
    let inside = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let way: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    let mut before = way.into_iter().rev().map(str::trim).map(str::parse::<IpAddr>).peekable();
    // Sōzu's own entry repeats the peer.
    before.next_if(|last| last.as_ref().is_ok_and(|last| *last == client));
    while inside(client) {
        match before.next() {
            Some(Ok(address)) => client = address,
            Some(Err(_)) | None => break,
        }
    }
    Some(client)
}

#[cfg(test)]
mod tests {
    use super::{address, came_through_the_edge};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn found(pairs: &[(&str, &str)]) -> Option<String> {
        address(&headers(pairs), &["198.51.100.0/24".parse().unwrap()]).map(|address| address.to_string())
    }

    #[test]
    fn only_the_one_right_mark_counts_and_it_goes_no_further() {
        for (pairs, right) in [
            (&[("x-guichet-edge", "secret")][..], true),
            (&[("x-guichet-edge", "other")][..], false),
            (&[("x-guichet-edge", "secret"), ("x-guichet-edge", "secret")][..], false),
            (&[][..], false),
        ] {
            let mut headers = headers(pairs);
            assert_eq!(came_through_the_edge(&mut headers, "secret"), right, "{pairs:?}");
            assert!(headers.is_empty());
        }
    }

    #[test]
    fn the_network_in_front_is_believed_and_nobody_else() {
        let real = ("x-real-ip", "203.0.113.9");
        assert_eq!(found(&[real, ("x-forwarded-for", "1.2.3.4, 203.0.113.9")]).unwrap(), "203.0.113.9");
        let cdn = ("x-real-ip", "198.51.100.7");
        assert_eq!(found(&[cdn, ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 198.51.100.7")]).unwrap(), "1.2.3.4");
        let two = "6.6.6.6, 1.2.3.4, 198.51.100.8, 198.51.100.7";
        assert_eq!(found(&[cdn, ("x-forwarded-for", two)]).unwrap(), "1.2.3.4");
        assert_eq!(found(&[cdn, ("x-forwarded-for", "nonsense, 198.51.100.7")]).unwrap(), "198.51.100.7");
        assert_eq!(found(&[cdn]).unwrap(), "198.51.100.7");
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[real, real]), None, "Sōzu writes exactly one");
    }

    proptest! {
        #[test]
        fn nobody_outside_the_trusted_networks_appears_as_somebody_else(way in "[0-9a-f:., ]{0,60}") {
            let Ok(value) = HeaderValue::from_str(&format!("{way}, 203.0.113.9")) else { return Ok(()) };
            let mut headers = headers(&[("x-real-ip", "203.0.113.9")]);
            headers.append("x-forwarded-for", value);
            let seen = address(&headers, &["198.51.100.0/24".parse().unwrap()]);
            prop_assert_eq!(seen, Some("203.0.113.9".parse::<IpAddr>().unwrap()));
        }
    }
}

//! Rate limits per client address.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Maximum number of sign-in links that one client address may request per window.
const MAX_LINKS: usize = 30;
/// Length of the window.
const COUNT_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Maximum number of addresses in memory; beyond it, counting restarts.
const MAX_ADDRESSES: usize = 20_000;

/// Counts the requests of each client address within one process.
#[derive(Debug, Default)]
pub(in crate::app) struct Throttle(Mutex<HashMap<IpAddr, VecDeque<Instant>>>);

impl Throttle {
    /// Counts one request; returns false if there were too many. Clients with an unknown address and clients on this
    /// machine are not limited; behind a production edge there are none.
    pub fn admits(&self, client: Option<IpAddr>, now: Instant) -> bool {
        let Some(address) = client.filter(|address| !address.is_loopback()).map(network) else { return true };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_ADDRESSES && !all.contains_key(&address) {
            all.clear();
        }
        let asked = all.entry(address).or_default();
        asked.retain(|at| now.duration_since(*at) < COUNT_WINDOW);
        let admitted = asked.len() < MAX_LINKS;
        if admitted {
            asked.push_back(now);
        }
        admitted
    }
}

/// A household has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNT_WINDOW, MAX_LINKS, Throttle};
    use std::time::Instant;

    #[test]
    fn an_address_that_asks_too_often_is_refused_until_time_has_passed() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let one = Some("2001:db8::1".parse().unwrap());
        let neighbour = Some("2001:db8::2".parse().unwrap());
        assert!((0..MAX_LINKS).all(|_| throttle.admits(one, now)));
        assert!(!throttle.admits(neighbour, now), "the same household");
        assert!(throttle.admits(Some("2001:db8:0:1::1".parse().unwrap()), now));
        assert!(throttle.admits(one, now + COUNT_WINDOW));
        assert!((0..2 * MAX_LINKS).all(|_| throttle.admits(None, now)), "nobody is blamed for what is not known");
        assert!((0..2 * MAX_LINKS).all(|_| throttle.admits(Some("127.0.0.1".parse().unwrap()), now)));
    }
}

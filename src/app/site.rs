//! Host names of calls, and who may ask how often: what a request's host and address mean to the portal.

use super::{App, AppError, Ctx};
use crate::{
    domain::call::Call,
    store::{Freshness, StoreError, site},
};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Pause between two readings of the host names.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest time that a reading may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The host that a request came to, when it is a call's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https://host`, with the port of the public address.
    pub origin: String,
    /// Id of the call.
    pub call: String,
}

/// Calls by host; what was read last stands while the database is away.
#[derive(Debug, Default)]
pub(super) struct Sites(RwLock<BTreeMap<String, String>>);

impl App {
    /// What the `Host` of a request stands for, if it is a call's.
    #[must_use]
    pub fn site(&self, authority: &str) -> Option<Site> {
        let public = self.config.authority();
        let port = public.rsplit_once(':').map(|(_, port)| port).filter(|port| port.parse::<u16>().is_ok());
        let (host, given) = match authority.rsplit_once(':') {
            Some((host, given)) => (host, Some(given)),
            None => (authority, None),
        };
        if given != port {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let call = self.sites.0.read().unwrap_or_else(PoisonError::into_inner).get(&host)?.clone();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(Site { origin: format!("https://{host}{port}"), call })
    }

    /// The call that stands in front for this request: its host's, or the first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no call at all.
    pub fn front(&self, ctx: &Ctx) -> Result<&Arc<Call>, AppError> {
        let of_host = ctx.site.as_ref().and_then(|site| self.calls.iter().find(|call| call.id == site.call));
        of_host.or(self.calls.first()).ok_or(AppError::NotFound)
    }

    /// The address under which this person uses the portal: links sent to them lead there.
    #[must_use]
    pub fn origin<'a>(&'a self, ctx: &'a Ctx) -> &'a str {
        ctx.site.as_ref().map_or(&self.config.portal.public_url, |site| &site.origin)
    }

    /// Puts the hosts that the calls' definitions and the configuration name into the table, and takes out those that
    /// they named before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn register_sites(&self) -> Result<(), StoreError> {
        let mut db = self.store.write().await?;
        let defined = self.calls.iter().flat_map(|call| call.hosts.iter().map(|host| (host, &call.id)));
        let all: BTreeMap<&String, &String> =
            defined.chain(self.guest_hosts.iter().map(|(host, call)| (host, call))).collect();
        for (host, call) in &all {
            site::put(&mut db, host, call, site::Source::Call).await?;
        }
        for old in site::all(&mut db).await? {
            if old.source == site::Source::Call.slug() && !all.contains_key(&old.host) {
                site::remove(&mut db, &old.host).await?;
            }
        }
        Ok(())
    }

    /// Reads the host names again and again, until the future is dropped.
    pub async fn watch_sites(&self) {
        loop {
            let read = async {
                let mut db = self.store.read(Freshness::MayLag).await?;
                site::all(&mut db).await
            };
            // While the database is away, others say so.
            if let Ok(Ok(all)) = timeout(PATIENCE, read).await {
                let hosts = all.into_iter().map(|site| (site.host, site.call_id)).collect();
                *self.sites.0.write().unwrap_or_else(PoisonError::into_inner) = hosts;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Sign-in links that one client address may ask for…
const LINKS: usize = 30;
/// …within this time.
const WITHIN: Duration = Duration::from_secs(15 * 60);
/// Addresses remembered; more begin anew.
const ADDRESSES: usize = 20_000;

/// Counts what each client address asks for, within one process.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, VecDeque<Instant>>>);

impl Throttle {
    /// Notes one more; false when it was too many. Nobody is limited whose address is not known, and whoever sits on
    /// this very machine: behind a real edge, nobody does.
    pub fn admits(&self, client: Option<IpAddr>, now: Instant) -> bool {
        let Some(address) = client.filter(|address| !address.is_loopback()).map(network) else { return true };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES && !all.contains_key(&address) {
            all.clear();
        }
        let asked = all.entry(address).or_default();
        asked.retain(|at| now.duration_since(*at) < WITHIN);
        let admitted = asked.len() < LINKS;
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
    use super::{LINKS, Throttle, WITHIN};
    use std::time::Instant;

    #[test]
    fn an_address_that_asks_too_often_is_refused_until_time_has_passed() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let one = Some("2001:db8::1".parse().unwrap());
        let neighbour = Some("2001:db8::2".parse().unwrap());
        assert!((0..LINKS).all(|_| throttle.admits(one, now)));
        assert!(!throttle.admits(neighbour, now), "the same household");
        assert!(throttle.admits(Some("2001:db8:0:1::1".parse().unwrap()), now));
        assert!(throttle.admits(one, now + WITHIN));
        assert!((0..2 * LINKS).all(|_| throttle.admits(None, now)), "nobody is blamed for what is not known");
        assert!((0..2 * LINKS).all(|_| throttle.admits(Some("127.0.0.1".parse().unwrap()), now)));
    }
}

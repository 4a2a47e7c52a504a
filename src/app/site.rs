//! Host names of calls: what a request's host means to the portal.

use super::{App, AppError, Ctx};
use crate::{
    domain::call::Call,
    store::{Freshness, StoreError, site},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
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
    pub async fn register_sites(&self) -> Result<(), StoreError> {
        let mut db = self.store.write().await?;
        let defined = self.calls.iter().flat_map(|call| call.hosts.iter().map(|host| (host, &call.id)));
        let all: BTreeMap<&String, &String> =
            defined.chain(self.guest_hosts.iter().map(|(host, call)| (host, call))).collect();
        for (host, call) in &all {
            site::put(&mut db, host, call, site::HostSource::Call).await?;
        }
        for old in site::all(&mut db).await? {
            if old.source == site::HostSource::Call.slug() && !all.contains_key(&old.host) {
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

//! Host names of calls: maps the host of a request to a call.

use crate::app::{App, AppError, Ctx};
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

/// Interval between two reads of the host names.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);
/// Timeout of a read.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);

/// The site of a request's host, if the host belongs to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https://host`, with the port of the public address.
    pub origin: String,
    /// Id of the call.
    pub call: String,
}

/// Calls by host. The last state stays in use while the database is unreachable.
#[derive(Debug, Default)]
pub(in crate::app) struct Sites(RwLock<BTreeMap<String, String>>);

impl App {
    /// Returns the site for the `Host` of a request, if it belongs to a call.
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

    /// Returns the call on the front page for this request: the call of its host, or else the first one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no call is configured.
    pub fn call_of_host(&self, ctx: &Ctx) -> Result<&Arc<Call>, AppError> {
        let of_host = ctx.site.as_ref().and_then(|site| self.calls.iter().find(|call| call.id == site.call));
        of_host.or(self.calls.first()).ok_or(AppError::NotFound)
    }

    /// Returns the calls that the site of this request is about: the one of its host, or else all.
    pub fn calls_of_host(&self, ctx: &Ctx) -> Vec<&Call> {
        let of_host = |call: &&Call| ctx.site.as_ref().is_none_or(|site| site.call == call.id);
        self.calls.iter().map(AsRef::as_ref).filter(of_host).collect()
    }

    /// Returns the origin under which this user uses the portal; links sent to them start with it.
    pub fn origin<'a>(&'a self, ctx: &'a Ctx) -> &'a str {
        ctx.site.as_ref().map_or(&self.config.portal.public_url, |site| &site.origin)
    }

    /// Writes the hosts of the call definitions and of the configuration into the table, and removes those that they no
    /// longer name.
    pub async fn register_sites(&self) -> Result<(), StoreError> {
        let mut db = self.store.write().await?;
        let defined = self.calls.iter().flat_map(|call| call.hosts.iter().map(|host| (host, &call.id)));
        let all: BTreeMap<&String, &String> =
            defined.chain(self.third_party_hosts.iter().map(|(host, call)| (host, call))).collect();
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

    /// Reads the host names periodically, until the future is dropped.
    pub async fn watch_sites(&self) {
        loop {
            let read = async {
                let mut db = self.store.read(Freshness::MayLag).await?;
                site::all(&mut db).await
            };
            // Other parts report it when the database is unreachable.
            if let Ok(Ok(all)) = timeout(REFRESH_TIMEOUT, read).await {
                let hosts = all.into_iter().map(|site| (site.host, site.call_id)).collect();
                *self.sites.0.write().unwrap_or_else(PoisonError::into_inner) = hosts;
            }
            tokio::time::sleep(REFRESH_INTERVAL).await;
        }
    }
}

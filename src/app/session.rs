//! From a token to a person: the signature is checked once, the row every two seconds.

use super::{Actor, App, AppError};
use crate::{
    auth::{self, Bearer, BearerKind, Channel, Rights, TokenError},
    store::{Freshness, account, account::Account},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a row is believed: the most that a sign-out on another process may lag.
const BELIEVED: Duration = Duration::from_secs(2);
/// Entries kept at most; beyond, the cache is emptied.
const ENTRIES: usize = 10_000;

#[derive(Clone)]
struct Entry {
    bearer: Arc<Bearer>,
    account: Account,
    ends: Option<Timestamp>,
    checked: Instant,
}

#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<(Channel, String), Entry>>);

impl Cache {
    fn get(&self, key: &(Channel, String)) -> Option<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
    fn put(&self, key: (Channel, String), entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES {
            entries.clear();
        }
        entries.insert(key, entry);
    }
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl App {
    /// Who presents this token; none when it is not, or no longer, one of ours.
    ///
    /// # Errors
    /// When the database fails: an unknown answer is not "nobody".
    pub async fn authenticate(&self, text: &str, channel: Channel, now: Timestamp) -> Result<Option<Actor>, AppError> {
        let key = (channel, text.to_owned());
        let known = self.sessions.get(&key);
        if let Some(entry) = known.as_ref().filter(|entry| entry.checked.elapsed() < BELIEVED) {
            return Ok(entry.actor(channel, now));
        }
        let bearer = match known {
            Some(entry) => entry.bearer,
            None => match auth::read(&self.keys, text, channel) {
                Ok(bearer) => Arc::new(bearer),
                Err(TokenError::Invalid(reason)) => {
                    tracing::info!(reason, "token.refused");
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            },
        };
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let live = match bearer.kind {
            BearerKind::Session(id) => {
                account::live_session(&mut db, id, now).await?.map(|(account, ends)| (account, Some(ends)))
            }
            BearerKind::Api(id) => account::live_token(&mut db, id).await?.map(|account| (account, None)),
        };
        let Some((account, ends)) = live else { return Ok(None) };
        let entry = Entry { bearer, account, ends, checked: Instant::now() };
        let actor = entry.actor(channel, now);
        self.sessions.put(key, entry);
        Ok(actor)
    }
}

impl Entry {
    fn actor(&self, channel: Channel, now: Timestamp) -> Option<Actor> {
        if self.ends.is_some_and(|ends| now >= ends) {
            return None;
        }
        let session = match self.bearer.kind {
            BearerKind::Session(id) => Some(id),
            BearerKind::Api(_) => None,
        };
        Some(Actor { account: self.account.clone(), rights: Rights::new(self.bearer.clone(), channel), session })
    }
}

//! Cache of recent authentications. Holders of an API token can create any number of attenuated tokens, so entries
//! expire by age and the total size is limited.

use crate::app::account::session::{Authentication, BROWSER_TOKEN_LIFETIME};
use crate::{
    app::Actor,
    auth::{BearerKind, Channel, Rights},
    store::account::Account,
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a cached row is trusted: the maximum delay of a sign-out on another process.
const MAX_STALENESS: Duration = Duration::from_secs(2);
/// How long an unused entry is kept.
const ENTRY_LIFETIME: Duration = Duration::from_secs(180);
/// Maximum number of entries.
const MAX_ENTRIES: usize = 10_000;
/// Maximum total size of their tokens in bytes; beyond either limit, the cache is cleared. An entry takes about ten
/// times the size of its token.
const MAX_TOKEN_BYTES: usize = 4 << 20;

/// What is cached for a token.
#[derive(Clone)]
pub(super) struct Entry {
    pub rights: Rights,
    pub account: Account,
    pub ends: Option<Timestamp>,
    pub renewed: Option<String>,
    pub checked: Instant,
    pub noted: Instant,
}

type Key = (Channel, String);

#[derive(Default)]
pub(in crate::app) struct Cache(Mutex<CacheEntries>);

#[derive(Default)]
struct CacheEntries {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    swept: Option<Instant>,
}

impl Cache {
    pub(super) fn get(&self, key: &Key) -> Option<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.get(key).cloned()
    }

    pub(super) fn put(&self, key: Key, entry: Entry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, entry);
    }

    pub(in crate::app) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = CacheEntries::default();
    }
}

impl CacheEntries {
    fn put(&mut self, key: Key, entry: Entry) {
        let now = entry.checked;
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) > ENTRY_LIFETIME / 3) || self.full(&key) {
            self.entries.retain(|_, entry| now.saturating_duration_since(entry.checked) < ENTRY_LIFETIME);
            self.bytes = self.entries.keys().map(|(_, text)| text.len()).sum();
            self.swept = Some(now);
        }
        if self.full(&key) {
            *self = Self { swept: Some(now), ..Self::default() };
        }
        let length = key.1.len();
        if self.entries.insert(key, entry).is_none() {
            self.bytes += length;
        }
    }

    fn full(&self, key: &Key) -> bool {
        self.entries.len() >= MAX_ENTRIES || self.bytes + key.1.len() > MAX_TOKEN_BYTES
    }
}

impl Entry {
    /// Whether the row need not be read again yet.
    pub fn stands(&self, now: Timestamp) -> bool {
        let bearer = self.rights.bearer();
        let fresh = match bearer.kind {
            BearerKind::Session(_) => now < bearer.ends - BROWSER_TOKEN_LIFETIME / 2,
            BearerKind::Api(_) => !bearer.over(now),
        };
        fresh && self.checked.elapsed() < MAX_STALENESS
    }

    pub fn known(&self, now: Timestamp) -> Option<Authentication> {
        if self.ends.is_some_and(|ends| now >= ends) {
            return None;
        }
        let session = match self.rights.bearer().kind {
            BearerKind::Session(id) => Some(id),
            BearerKind::Api(_) => None,
        };
        let actor = Actor { account: self.account.clone(), rights: self.rights.clone(), session };
        Some(Authentication { actor, renewed: self.renewed.clone().zip(self.ends) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::{AccountFacts, ApiToken, Keys, read},
        domain::{
            access::{Action, Roles},
            ids::AccountId,
            text::Lang,
        },
    };
    use uuid::Uuid;

    fn entry(checked: Instant) -> Entry {
        let now = Timestamp::constant(1_722_000_000, 0);
        let (keys, id, roles) = (Keys::ephemeral().unwrap(), AccountId(Uuid::from_u128(1)), Roles::from_granted([]));
        let token = ApiToken { id: id.0, account: id, roles: &roles, actions: &[Action::DraftRead], ends: now };
        let bearer = read(&keys, &token.mint(&keys, now).unwrap(), Channel::Api, now).unwrap();
        let account_facts = AccountFacts {
            account: id,
            roles: roles.clone(),
            suspended: false,
            confirmed_until: None,
            stepped_up: false,
            has_passkey: false,
            passkeys_required: false,
        };
        let account = Account { id, email: String::new(), roles, lang: Lang::Fr, suspended: false };
        let rights = Rights::new(bearer.into(), Channel::Api, account_facts);
        Entry { rights, account, ends: None, renewed: None, checked, noted: checked }
    }

    #[test]
    fn entries_end_by_age_and_all_of_them_have_a_size() {
        let begun = Instant::now();
        let mut kept = CacheEntries::default();
        let old = entry(begun);
        for number in 0..1200 {
            kept.put((Channel::Api, format!("{number:0>4000}")), old.clone());
            assert!(kept.bytes <= MAX_TOKEN_BYTES && kept.bytes == kept.entries.len() * 4000);
        }
        // A repeated entry counts once.
        let bytes = kept.bytes;
        kept.put((Channel::Api, format!("{:0>4000}", 1199)), old.clone());
        assert_eq!(kept.bytes, bytes);
        let later = Entry { checked: begun + ENTRY_LIFETIME, ..old };
        kept.put((Channel::Browser, "x".into()), later);
        assert_eq!((kept.entries.len(), kept.bytes), (1, 1));
    }
}

//! Refused tokens: each one is counted, and the log gets at most one line per minute for each reason, so that a flood
//! of forged tokens does not fill it. The token itself is never logged.

use crate::auth::{Channel, Refusal};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Interval between two log lines of the same kind.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum number of kinds; beyond it, counting restarts.
const MAX_KINDS: usize = 1000;

/// The kind of a log line. Only genuine tokens have an id here, so that strangers cannot create kinds.
type RefusalKind = (Channel, Refusal, Option<Uuid>);

/// When a kind was last logged, and the count since.
#[derive(Clone, Copy, Debug)]
struct RefusalCount {
    at: Instant,
    since: u64,
}

/// Counts refusals within one process.
#[derive(Debug, Default)]
pub(in crate::app) struct Refusals(Mutex<HashMap<RefusalKind, RefusalCount>>);

impl Refusals {
    /// Counts a refused token; the id is given for a genuine one. A token that has merely expired is counted only.
    pub fn note(&self, channel: Channel, why: Refusal, token: Option<Uuid>) {
        let (channel_word, reason) = (channel.slug(), why.slug());
        metrics::counter!("guichet_tokens_refused_total", "channel" => channel_word, "reason" => reason).increment(1);
        if why == Refusal::Expired {
            return;
        }
        if let Some(count) = self.due((channel, why, token), Instant::now()) {
            let token = token.map(|id| id.to_string());
            tracing::warn!(channel = channel_word, reason, count, token, "token.refused");
        }
    }

    /// Returns the count to log now, or `None` while the last line is less than a minute old.
    fn due(&self, kind: RefusalKind, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = all.get_mut(&kind) {
            told.since += 1;
            if now.duration_since(told.at) < LOG_INTERVAL {
                return None;
            }
            let count = told.since;
            *told = RefusalCount { at: now, since: 0 };
            return Some(count);
        }
        if all.len() >= MAX_KINDS {
            all.clear();
        }
        all.insert(kind, RefusalCount { at: now, since: 0 });
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, LOG_INTERVAL, MAX_KINDS, Refusal, Refusals};
    use std::time::{Duration, Instant};
    use uuid::Uuid;

    #[test]
    fn a_flood_is_one_line_a_minute_that_tells_how_many() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let forged = (Channel::Api, Refusal::Forged, None);
        assert_eq!(refusals.due(forged, now), Some(1));
        let flood = (1..=5000).filter_map(|number| refusals.due(forged, now + Duration::from_millis(number)));
        assert_eq!(flood.count(), 0);
        assert_eq!(refusals.due((Channel::Browser, Refusal::Forged, None), now), Some(1), "another way in");
        assert_eq!(refusals.due(forged, now + LOG_INTERVAL), Some(5001));
        assert_eq!(refusals.due(forged, now + LOG_INTERVAL), None);
    }

    #[test]
    fn each_revoked_token_has_its_line_and_memory_is_bounded() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        for number in 0..=MAX_KINDS as u128 {
            let kind = (Channel::Api, Refusal::Revoked, Some(Uuid::from_u128(number)));
            assert_eq!(refusals.due(kind, now), Some(1));
        }
        assert!(refusals.0.lock().unwrap().len() <= MAX_KINDS);
    }
}

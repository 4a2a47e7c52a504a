//! How often the register is asked: by one process, by one account, and not at all while the register wants a pause.

use crate::domain::ids::AccountId;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Window in which the requests of a process are counted.
const PROCESS_WINDOW: Duration = Duration::from_secs(1);
/// Maximum number of requests of one account per window: a company is looked up a few times, a list of companies never.
const MAX_PER_ACCOUNT: usize = 20;
/// Window in which the requests of an account are counted.
const ACCOUNT_WINDOW: Duration = Duration::from_secs(3600);
/// Maximum number of accounts in memory; beyond it, counting restarts.
const MAX_ACCOUNTS: usize = 20_000;

/// Counts the requests that leave one process.
#[derive(Debug)]
pub(super) struct LookupLimiter {
    max_per_second: usize,
    sent: Mutex<SentRequests>,
}

#[derive(Debug, Default)]
struct SentRequests {
    by_process: VecDeque<Instant>,
    by_account: HashMap<AccountId, VecDeque<Instant>>,
    paused_until: Option<Instant>,
}

/// Why a request is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitReason {
    /// The register wants a pause.
    Paused,
    /// The account, or the process, has asked too often.
    TooOften,
}

impl LookupLimiter {
    pub(super) fn new(max_per_second: u32) -> Self {
        Self { max_per_second: usize::try_from(max_per_second).unwrap_or(usize::MAX), sent: Mutex::default() }
    }

    /// Counts one request, if it may be sent.
    pub(super) fn admit(&self, account: AccountId, now: Instant) -> Result<(), LimitReason> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.paused_until.is_some_and(|until| now < until) {
            return Err(LimitReason::Paused);
        }
        sent.by_process.retain(|at| now.duration_since(*at) < PROCESS_WINDOW);
        if sent.by_process.len() >= self.max_per_second {
            return Err(LimitReason::TooOften);
        }
        if sent.by_account.len() >= MAX_ACCOUNTS && !sent.by_account.contains_key(&account) {
            sent.by_account.clear();
        }
        let own = sent.by_account.entry(account).or_default();
        own.retain(|at| now.duration_since(*at) < ACCOUNT_WINDOW);
        if own.len() >= MAX_PER_ACCOUNT {
            return Err(LimitReason::TooOften);
        }
        own.push_back(now);
        sent.by_process.push_back(now);
        Ok(())
    }

    /// Sends nothing for a while.
    pub(super) fn pause(&self, now: Instant, pause: Duration) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).paused_until = now.checked_add(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn account(number: u128) -> AccountId {
        AccountId(Uuid::from_u128(number))
    }

    #[test]
    fn a_process_asks_so_often_a_second() {
        let (limiter, now) = (LookupLimiter::new(2), Instant::now());
        assert_eq!(limiter.admit(account(1), now), Ok(()));
        assert_eq!(limiter.admit(account(2), now), Ok(()));
        assert_eq!(limiter.admit(account(3), now), Err(LimitReason::TooOften));
        assert_eq!(limiter.admit(account(3), now + PROCESS_WINDOW), Ok(()));
    }

    #[test]
    fn an_account_asks_so_often_an_hour() {
        let (limiter, begin) = (LookupLimiter::new(7), Instant::now());
        let mut now = begin;
        for _ in 0..MAX_PER_ACCOUNT {
            assert_eq!(limiter.admit(account(1), now), Ok(()));
            now += PROCESS_WINDOW;
        }
        assert_eq!(limiter.admit(account(1), now), Err(LimitReason::TooOften));
        assert_eq!(limiter.admit(account(2), now), Ok(()), "another one still may");
        assert_eq!(limiter.admit(account(1), begin + ACCOUNT_WINDOW), Ok(()));
    }

    #[test]
    fn a_register_that_wants_a_pause_gets_it() {
        let (limiter, now) = (LookupLimiter::new(7), Instant::now());
        limiter.pause(now, Duration::from_secs(3));
        assert_eq!(limiter.admit(account(1), now + Duration::from_secs(2)), Err(LimitReason::Paused));
        assert_eq!(limiter.admit(account(1), now + Duration::from_secs(3)), Ok(()));
    }
}

//! When to renew: at two thirds of a certificate's life, and after failures with exponential backoff.

use std::time::{Duration, Instant};

/// Delay after the first failure; it doubles with each further one.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(60);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(6 * 3600);

/// Whether two thirds of a certificate's life have passed; all in seconds since 1970.
pub(super) fn renewal_due(begins: i64, expires: i64, now: i64) -> bool {
    let life = expires.saturating_sub(begins).max(0);
    now >= begins.saturating_add(life / 3 * 2)
}

/// The failures of one host.
#[derive(Debug, Default)]
pub(super) struct RetryTimer {
    failures: u32,
    retry_at: Option<Instant>,
}

impl RetryTimer {
    /// Whether the next attempt is due.
    pub fn has_elapsed(&self) -> bool {
        self.retry_at.is_none_or(|retry_at| Instant::now() >= retry_at)
    }

    /// Records a failure, and returns the delay until the next attempt.
    pub fn record_failure(&mut self) -> Duration {
        let pause = MIN_RETRY_DELAY.saturating_mul(1 << self.failures.min(16)).min(MAX_RETRY_DELAY);
        // Jitter of up to a tenth, so that many hosts are not renewed at once.
        let spread = Duration::from_millis(u64::from(uuid::Uuid::now_v7().as_bytes()[15]));
        let pause = pause + pause.mul_f64(0.1).min(spread * 100);
        self.failures += 1;
        self.retry_at = Some(Instant::now() + pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::{RetryTimer, renewal_due};
    use std::time::Duration;

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
        let day = 86_400;
        assert!(!renewal_due(0, 90 * day, 59 * day));
        assert!(renewal_due(0, 90 * day, 60 * day));
        assert!(renewal_due(0, 90 * day, 100 * day));
        assert!(renewal_due(10, 5, 10), "one that never was valid");
    }

    #[test]
    fn pauses_grow_from_a_minute_to_hours() {
        let mut timer = RetryTimer::default();
        assert!(timer.has_elapsed());
        let pauses: Vec<Duration> = (0..20).map(|_| timer.record_failure()).collect();
        assert!(pauses[0] >= Duration::from_secs(60) && pauses[0] <= Duration::from_secs(66));
        assert!(pauses[1] > pauses[0] && pauses[19] <= Duration::from_secs(7 * 3600));
        assert!(!timer.has_elapsed());
    }
}

//! Repairs that follow each other too fast mean that something else gives orders to the same Sōzu.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const MAX_REPAIRS_PER_MINUTE: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);
/// How long the breaker stays open.
const CONFLICT_PAUSE: Duration = Duration::from_secs(60);

/// While it is open, the edge gives no orders.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    repairs: VecDeque<Instant>,
    opened_at: Option<Instant>,
}

impl CircuitBreaker {
    pub fn record_repair(&mut self, now: Instant) {
        self.repairs.retain(|at| now.duration_since(*at) < MINUTE);
        self.repairs.push_back(now);
        if self.repairs.len() >= MAX_REPAIRS_PER_MINUTE {
            let pause = CONFLICT_PAUSE.as_secs();
            tracing::error!("something else gives orders to this Sōzu: this edge gives none for {pause} s");
            self.opened_at = Some(now);
            self.repairs.clear();
        }
    }

    pub fn is_open(&self) -> bool {
        self.opened_at.is_some_and(|at| at.elapsed() < CONFLICT_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::{CircuitBreaker, MAX_REPAIRS_PER_MINUTE, MINUTE};
    use std::time::Instant;

    #[test]
    fn it_opens_after_many_repairs_within_a_minute_only() {
        let now = Instant::now();
        let mut breaker = CircuitBreaker::default();
        for _ in 1..MAX_REPAIRS_PER_MINUTE {
            breaker.record_repair(now);
        }
        breaker.record_repair(now + MINUTE);
        assert!(!breaker.is_open());
        for _ in 1..MAX_REPAIRS_PER_MINUTE {
            breaker.record_repair(now + MINUTE);
        }
        assert!(breaker.is_open());
    }
}

//! Repairs that follow each other too fast mean that another controller changes the same Sōzu: this edge then pauses,
//! so that the two do not undo each other's changes without end.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const MAX_REPAIRS_PER_MINUTE: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);
/// How long the edge pauses.
const CONFLICT_PAUSE: Duration = Duration::from_secs(60);

/// Counts repairs. While it reports a conflict, the edge sends no commands.
#[derive(Debug, Default)]
pub(super) struct ConflictDetector {
    repairs: VecDeque<Instant>,
    conflict_at: Option<Instant>,
}

impl ConflictDetector {
    pub fn record_repair(&mut self, now: Instant) {
        self.repairs.retain(|at| now.duration_since(*at) < MINUTE);
        self.repairs.push_back(now);
        if self.repairs.len() >= MAX_REPAIRS_PER_MINUTE {
            let pause = CONFLICT_PAUSE.as_secs();
            tracing::error!("another controller changes this Sōzu; pausing for {pause} s");
            self.conflict_at = Some(now);
            self.repairs.clear();
        }
    }

    pub fn in_conflict(&self) -> bool {
        self.conflict_at.is_some_and(|at| at.elapsed() < CONFLICT_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::{ConflictDetector, MAX_REPAIRS_PER_MINUTE, MINUTE};
    use std::time::Instant;

    #[test]
    fn it_reports_a_conflict_after_many_repairs_within_a_minute_only() {
        let now = Instant::now();
        let mut detector = ConflictDetector::default();
        for _ in 1..MAX_REPAIRS_PER_MINUTE {
            detector.record_repair(now);
        }
        detector.record_repair(now + MINUTE);
        assert!(!detector.in_conflict());
        for _ in 1..MAX_REPAIRS_PER_MINUTE {
            detector.record_repair(now + MINUTE);
        }
        assert!(detector.in_conflict());
    }
}

//! What the calendar of a call allows at an instant.

use super::Call;
use crate::domain::calendar::{Round, RoundState, day};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// Whether applicants may deposit, and until when or from when.
#[derive(Clone, Copy, Debug)]
pub enum DepositPeriod<'a> {
    /// Deposits are accepted. Of several open rounds, the one that closes first.
    Open {
        round: &'a Round,
        /// Days in the call's zone until the last one; 0 on the last day.
        days_left: i32,
    },
    /// No round is open; this one opens next.
    Upcoming {
        round: &'a Round,
        /// Days in the call's zone until it opens; 0 on that day.
        days_left: i32,
    },
    /// No round is open, and the next one has no dates yet.
    Announced {
        round: &'a Round,
        /// The round that closed last.
        closed: Option<&'a Round>,
    },
    /// No round is open, and none is announced.
    Closed {
        /// The round that closed last.
        round: &'a Round,
    },
    /// The call has no rounds.
    Unplanned,
}

impl Call {
    /// The rounds in the order in which applicants look for them: open, to come, announced, closed. The one whose next
    /// date is nearest comes first; of closed rounds, the latest.
    pub fn rounds_by_relevance(&self, now: Timestamp) -> Vec<&Round> {
        let mut rounds: Vec<&Round> = self.rounds.iter().collect();
        rounds.sort_by_key(|round| relevance(round, now));
        rounds
    }

    /// Whether deposits are accepted at an instant, and what comes next.
    pub fn deposit_period(&self, now: Timestamp) -> DepositPeriod<'_> {
        let zone = self.time_zone();
        let rounds = self.rounds_by_relevance(now);
        let Some(round) = rounds.first().copied() else { return DepositPeriod::Unplanned };
        match (round.state(now), round.window) {
            (RoundState::Open, Some(window)) => {
                let last = window.closes.saturating_sub(1.second()).unwrap_or(window.closes);
                DepositPeriod::Open { round, days_left: days_until(last, now, &zone) }
            }
            (RoundState::Upcoming, Some(window)) => {
                DepositPeriod::Upcoming { round, days_left: days_until(window.opens, now, &zone) }
            }
            (RoundState::Closed, _) => DepositPeriod::Closed { round },
            _ => {
                let closed = rounds.iter().copied().find(|round| round.state(now) == RoundState::Closed);
                DepositPeriod::Announced { round, closed }
            }
        }
    }
}

/// Sorts rounds: the state, then the seconds to or from its date.
fn relevance(round: &Round, now: Timestamp) -> (u8, i64) {
    match (round.state(now), round.window) {
        (RoundState::Open, Some(window)) => (0, window.closes.as_second()),
        (RoundState::Upcoming, Some(window)) => (1, window.opens.as_second()),
        (RoundState::Closed, Some(window)) => (3, -window.closes.as_second()),
        _ => (2, 0),
    }
}

fn days_until(then: Timestamp, now: Timestamp, zone: &TimeZone) -> i32 {
    day(now, zone).until(day(then, zone)).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        calendar::{RoundId, Window},
        fixture::{CALL, at},
    };

    /// The call with these rounds; each has a name and, if it has dates, its first and its last instant.
    fn with(rounds: &[(&str, Option<(&str, &str)>)]) -> Call {
        let round = |(id, window): &(&str, Option<(&str, &str)>)| Round {
            id: RoundId((*id).to_owned()),
            window: window.map(|(opens, closes)| Window { opens: at(opens), closes: at(closes) }),
            ..CALL.rounds[0].clone()
        };
        Call { rounds: rounds.iter().map(round).collect(), ..CALL.clone() }
    }

    fn ids(call: &Call, now: &str) -> Vec<String> {
        call.rounds_by_relevance(at(now)).into_iter().map(|round| round.id.to_string()).collect()
    }

    #[test]
    fn rounds_come_in_the_order_in_which_they_are_looked_for() {
        let call = with(&[
            ("old", Some(("2023-01-01T00:00:00Z", "2023-02-01T00:00:00Z"))),
            ("announced", None),
            ("recent", Some(("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"))),
            ("late", Some(("2026-01-01T00:00:00Z", "2026-12-31T23:00:00Z"))),
            ("later", Some(("2027-06-01T00:00:00Z", "2027-07-01T00:00:00Z"))),
            ("soon", Some(("2026-01-01T00:00:00Z", "2026-11-30T23:00:00Z"))),
            ("next", Some(("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"))),
        ]);
        let expected = ["soon", "late", "next", "later", "announced", "recent", "old"];
        assert_eq!(ids(&call, "2026-11-23T10:00:00Z"), expected);
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let call = with(&[("only", Some(("2026-11-01T00:00:00Z", "2026-11-30T23:00:00Z")))]);
        let left = |now: &str| match call.deposit_period(at(now)) {
            DepositPeriod::Open { days_left, .. } => days_left,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(left("2026-11-23T10:00:00Z"), 7);
        assert_eq!(left("2026-11-29T22:59:59Z"), 1, "23:59:59 in Paris");
        assert_eq!(left("2026-11-29T23:00:00Z"), 0, "the last day has begun in Paris");
        assert_eq!(left("2026-11-30T22:59:59Z"), 0);
        assert!(matches!(call.deposit_period(at("2026-11-30T23:00:00Z")), DepositPeriod::Closed { .. }));
        let before = call.deposit_period(at("2026-10-30T12:00:00Z"));
        assert!(matches!(before, DepositPeriod::Upcoming { days_left: 2, .. }), "{before:?}");
    }

    #[test]
    fn an_announced_round_comes_with_the_one_that_closed_last() {
        let call = with(&[("first", Some(("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"))), ("second", None)]);
        let DepositPeriod::Announced { round, closed } = call.deposit_period(at("2026-11-23T10:00:00Z")) else {
            unreachable!("a round without dates is announced")
        };
        assert_eq!((round.id.0.as_str(), closed.map(|round| round.id.0.as_str())), ("second", Some("first")));
        assert!(matches!(with(&[]).deposit_period(at("2026-11-23T10:00:00Z")), DepositPeriod::Unplanned));
    }
}

//! Rounds (relèves), days and months, in the call's time zone. Ids such as CAL-3 and X-2 are those of the rules and
//! interpretations in `calls/hyper-open-x.toml`.

mod show;

pub use show::{
    last_second, short_instant, show_day, show_deadline, show_instant, show_second, show_time, show_utc,
    to_whole_second, with_zone, zone_name,
};

use crate::domain::text::Text;
use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Slug of a round within its call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoundId(pub String);

impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One relève of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Slug.
    pub id: RoundId,
    pub title: Text,
    /// Start of the round, as civil time in the call's zone; absent while it is only announced (CAL-3).
    #[serde(default)]
    pub opens_at: Option<DateTime>,
    /// First instant at which a deposit is too late, as civil time in the call's zone.
    #[serde(default)]
    pub closes_at: Option<DateTime>,
    /// Budget of the round, in cents (CAL-4).
    pub envelope_cents: crate::domain::money::Cents,
    /// Slugs of the bricks open in this round (ELI-12).
    #[serde(default)]
    pub bricks: Vec<String>,
    /// The rules that define it.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The interpretation of its dates.
    #[serde(default)]
    pub interpretation: Option<String>,
    /// A note shown with it.
    #[serde(default)]
    pub note: Option<Text>,
    /// Marks a round for trying out the portal.
    #[serde(default)]
    pub demonstration: bool,
    /// The window as instants; set when the call is loaded.
    #[serde(skip)]
    pub window: Option<Window>,
}

/// The instants of a round: deposits are accepted while `opens ≤ now < closes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub opens: Timestamp,
    /// First instant that is too late.
    pub closes: Timestamp,
}

/// State of a round, computed from the clock at every read, so no job has to run to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// No dates yet.
    Announced,
    /// Dates in the future.
    Upcoming,
    /// Deposits are accepted.
    Open,
    Closed,
}

impl Round {
    /// The state at an instant.
    pub fn state(&self, now: Timestamp) -> RoundState {
        match self.window {
            None => RoundState::Announced,
            Some(window) if now < window.opens => RoundState::Upcoming,
            Some(window) if now < window.closes => RoundState::Open,
            Some(_) => RoundState::Closed,
        }
    }
}

/// Resolves a civil time. A time in the gap of a clock change moves forward; an ambiguous one resolves to the earlier
/// instant.
///
/// # Errors
/// When the result is out of jiff's range.
pub fn instant(civil: DateTime, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    zone.to_ambiguous_zoned_datetime(civil).compatible().map(|zoned| zoned.timestamp())
}

/// The day at an instant in a zone.
pub fn day(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned_datetime(zone.clone()).date()
}

/// Adds months, clamped to the end of the month: 31/01 plus one month is 28/02 or 29/02. A result beyond the calendar
/// leaves the day unchanged.
pub fn add_months(day: Date, months: i32) -> Date {
    Span::new().try_months(months).and_then(|span| day.checked_add(span)).unwrap_or(day)
}

/// Freshness of a piece: issued on or before the deposit, and less than `months` before it.
///
/// Vector: deposit on 31/07/2024 and three months: 01/05/2024 is fresh, 30/04/2024 is not.
#[must_use]
pub fn fresh(issued: Date, deposit: Date, months: u32) -> bool {
    let months = i32::try_from(months).unwrap_or(i32::MAX);
    issued <= deposit && add_months(issued, months) > deposit
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn freshness_clamps_months_and_refuses_the_future() {
        let deposit = date(2024, 7, 31);
        assert!(fresh(date(2024, 5, 1), deposit, 3));
        assert!(!fresh(date(2024, 4, 30), deposit, 3), "30/04 plus three months is 30/07");
        assert!(!fresh(date(2024, 8, 1), deposit, 3));
        assert!(fresh(deposit, deposit, 3));
        assert!(!fresh(date(2023, 11, 30), date(2024, 2, 29), 3), "30/11 plus three months clamps to 29/02");
        assert!(fresh(date(2023, 11, 30), date(2024, 2, 28), 3));
    }

    #[test]
    fn months_never_leave_the_calendar() {
        assert_eq!(add_months(date(2024, 2, 29), 12), date(2025, 2, 28));
        assert_eq!(add_months(date(2024, 8, 31), 6), date(2025, 2, 28));
        for months in [i32::MIN, -999_999, 999_999, i32::MAX] {
            assert_eq!(add_months(date(2024, 2, 29), months), date(2024, 2, 29));
        }
        assert!(
            !fresh(date(2024, 2, 28), date(2024, 2, 29), u32::MAX),
            "a limit that no calendar holds admits nothing"
        );
    }

    #[test]
    fn a_round_closes_in_paris() -> Result<(), jiff::Error> {
        let zone = TimeZone::get("Europe/Paris")?;
        let closes = instant(date(2024, 8, 1).at(0, 0, 0, 0), &zone)?;
        assert_eq!(closes.to_string(), "2024-07-31T22:00:00Z");
        assert_eq!(last_second(closes).to_string(), "2024-07-31T21:59:59Z");
        Ok(())
    }
}

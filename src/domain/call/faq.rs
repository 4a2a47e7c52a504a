//! Answers to frequent questions. Their dates follow from the rounds: an answer names them by placeholders.

use super::{Call, FaqEntry};
use crate::domain::{
    calendar::{
        Round, RoundState, add_months, day, fresh, last_second, show_day, show_deadline, show_instant, with_zone,
    },
    text::Text,
};
use jiff::{Timestamp, civil::Date};

/// The placeholders of an answer: title, opening and closing of the round that it is about; a day of deposit, with the
/// earliest day of issue that a document may have then and the day before that.
pub(super) const PLACEHOLDERS: [&str; 6] = ["round", "opens", "closes", "deposit_day", "fresh_day", "stale_day"];

/// Longest search for the first fresh day: months differ in length by three days.
const MAX_CLAMPED_DAYS: usize = 5;

impl Call {
    /// An answer, with the dates of the round that concerns readers now.
    pub fn faq_answer(&self, entry: &FaqEntry, now: Timestamp) -> Text {
        let zone = self.time_zone();
        let round = self.concerning(now);
        let window = round.and_then(|round| round.window);
        let to_come = || Text::new("date à venir", "date to come");
        let named = |date: Text| with_zone(&date, &self.zone_name());
        let deposit = day(window.map_or(now, |window| last_second(window.closes)), &zone);
        let first = self.first_fresh_day(deposit);
        let values = [
            round.map_or_else(to_come, |round| round.title.clone()),
            window.map_or_else(to_come, |window| named(show_instant(window.opens, &zone))),
            window.map_or_else(to_come, |window| named(show_deadline(window.closes, &zone))),
            show_day(deposit),
            show_day(first),
            show_day(first.yesterday().unwrap_or(first)),
        ];
        let filled = PLACEHOLDERS.iter().zip(values);
        filled.fold(entry.answer.clone(), |answer, (name, value)| answer.with(name, &value.fr, &value.en))
    }

    /// The round that takes deposits, otherwise the next one with dates, otherwise the latest.
    fn concerning(&self, now: Timestamp) -> Option<&Round> {
        let first = |state| self.rounds.iter().find(|round| round.state(now) == state);
        let latest = || self.rounds.iter().rev().find(|round| round.window.is_some());
        first(RoundState::Open).or_else(|| first(RoundState::Upcoming)).or_else(latest).or(self.rounds.first())
    }

    /// The earliest day on which a document that ages may have been issued, for a deposit on a day.
    fn first_fresh_day(&self, deposit: Date) -> Date {
        let Some(months) = self.pieces.iter().filter_map(|piece| piece.fresh_months).min() else { return deposit };
        let earliest = add_months(deposit, i32::try_from(months).map_or(0, |months| -months));
        let mut candidates = std::iter::successors(Some(earliest), |day| day.tomorrow().ok()).take(MAX_CLAMPED_DAYS);
        candidates.find(|issued| fresh(*issued, deposit, months)).unwrap_or(deposit)
    }
}

/// The names in braces of a text that are no placeholder of an answer.
pub(super) fn unknown_placeholders(text: &Text) -> Vec<String> {
    let braced = |text: &str| -> Vec<String> {
        let parts = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        parts.map(|(name, _)| name.to_owned()).collect()
    };
    let all = [braced(&text.fr), braced(&text.en)].concat();
    all.into_iter().filter(|name| !PLACEHOLDERS.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::load;

    const CALL: &str = include_str!("../../../calls/hyper-open-x.toml");

    fn answer(id: &str, rounds: &str, now: &str) -> Text {
        let mut call = load("call", CALL).unwrap();
        if !rounds.is_empty() {
            crate::domain::call::load_rounds(&mut call, "rounds", rounds).unwrap();
        }
        let entry = call.faq.iter().find(|entry| entry.id == id).unwrap();
        call.faq_answer(entry, now.parse().unwrap())
    }

    const LATER_ROUND_TOML: &str = r#"
        [[rounds]]
        call = "hyper-open-x"
        id = "later"
        title = { fr = "Relève de plus tard", en = "Later round" }
        opens_at = "2026-12-01T00:00:00"
        closes_at = "2026-12-29T00:00:00"
        envelope_cents = 100
        bricks = ["sozu"]
    "#;

    #[test]
    fn an_answer_names_the_round_that_is_open() {
        let now = answer("deadline", LATER_ROUND_TOML, "2026-12-10T12:00:00Z");
        assert!(now.fr.contains("«\u{a0}Relève de plus tard\u{a0}»"), "{}", now.fr);
        assert!(now.fr.contains("28 décembre 2026 à 23\u{a0}h\u{a0}59 (heure de Paris)"), "{}", now.fr);
        assert!(now.en.contains("28 December 2026 at 23:59 (Paris time)") && !now.en.contains("2024"), "{}", now.en);
        let before = answer("deadline", "", "2024-07-01T12:00:00Z");
        assert!(before.fr.contains("31 juillet 2024 à 23\u{a0}h\u{a0}59"), "{}", before.fr);
    }

    #[test]
    fn an_answer_counts_months_back_from_the_close() {
        let first = answer("kbis", "", "2024-07-01T12:00:00Z");
        for day in ["31 juillet 2024", "1er mai 2024", "30 avril 2024"] {
            assert!(first.fr.contains(day), "{day}: {}", first.fr);
        }
        let later = answer("kbis", LATER_ROUND_TOML, "2026-12-10T12:00:00Z");
        for day in ["28 December 2026", "29 September 2026", "28 September 2026"] {
            assert!(later.en.contains(day), "{day}: {}", later.en);
        }
    }

    #[test]
    fn no_text_of_the_call_writes_a_date_for_machines() {
        let written = |line: &str| {
            let bytes = line.as_bytes();
            bytes.windows(10).any(|part| {
                part.iter().enumerate().all(|(at, byte)| match at {
                    2 | 5 => *byte == b'/',
                    _ => byte.is_ascii_digit(),
                })
            })
        };
        assert!(written("le 31/07/2024 ") && !written("31 juillet 2024"));
        let faults: Vec<&str> = CALL.lines().filter(|line| written(line)).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn a_placeholder_that_nothing_fills_is_reported() {
        let wrong = CALL.replace("{fresh_day}", "{first_day}");
        assert!(load("call", &wrong).unwrap_err().to_string().contains("first_day"));
    }
}

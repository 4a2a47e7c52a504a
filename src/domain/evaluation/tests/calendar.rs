//! The deadline, the day after the deposit, the twelve months.

use crate::domain::fixture::Sample;
use jiff::civil::date;

fn paths(sample: &Sample, rule: &str) -> Vec<String> {
    sample.blocking_paths().into_iter().filter(|found| found.starts_with(rule)).collect()
}

#[test]
fn the_last_millisecond_passes_and_the_next_does_not() {
    let in_2024 = |now: &str| paths(&Sample::new().in_round("2024").at(now), "DEP-2").is_empty();
    assert!(in_2024("2024-07-31T21:59:00Z"), "23:59:00 in Paris");
    assert!(in_2024("2024-07-31T21:59:59.999Z"), "23:59:59.999 in Paris");
    assert!(!in_2024("2024-07-31T22:00:00Z"), "00:00:00.000 in Paris");
    assert!(!in_2024("2024-06-10T21:59:59.999999999Z"), "the last instant before the opening");
    assert!(in_2024("2024-06-10T22:00:00Z"), "the first instant");
}

#[test]
fn a_round_without_dates_takes_nothing() {
    let evaluation = Sample::new().in_round("2025").evaluate();
    let finding = evaluation.blocking().find(|finding| finding.rule == "DEP-2");
    assert!(finding.is_some_and(|finding| finding.message.fr.contains("date à venir") && finding.path.is_empty()));
    let closed = Sample::new().in_round("2024").evaluate();
    let finding = closed.blocking().find(|finding| finding.rule == "DEP-2");
    assert!(finding.is_some_and(|finding| finding.message.fr.contains("31 juillet 2024 à 23\u{a0}h\u{a0}59")));
}

#[test]
fn both_readings_of_the_first_day_of_expenses_are_given() {
    let dates = Sample::new().in_round("2024").at("2024-07-15T12:00:00Z").evaluate().expense_dates;
    assert_eq!(dates.after_deposit, date(2024, 7, 16));
    assert_eq!(dates.after_closing, Some(date(2024, 8, 1)));
    assert_eq!(Sample::new().in_round("2025").evaluate().expense_dates.after_closing, None);
    let late = Sample::new().in_round("2024").at("2024-07-15T22:30:00Z").evaluate().expense_dates;
    assert_eq!(late.after_deposit, date(2024, 7, 17), "half past midnight in Paris");
}

#[test]
fn works_begin_on_the_day_after_the_deposit_at_the_earliest() {
    for (now, start, passes) in [
        ("2026-11-23T10:00:00Z", "24/11/2026", true),
        ("2026-11-23T10:00:00Z", "23/11/2026", false),
        ("2026-11-23T22:59:59Z", "24/11/2026", true),
        ("2026-11-23T23:00:00Z", "24/11/2026", false),
    ] {
        let sample = Sample::new().at(now).text("project.start", start);
        assert_eq!(paths(&sample, "ELI-10").is_empty(), passes, "{start} at {now}");
    }
    let evaluation = Sample::new().text("project.start", "01/11/2026").evaluate();
    let finding = evaluation.blocking().find(|finding| finding.rule == "ELI-10");
    assert!(finding.is_some_and(|finding| finding.message.fr.contains("24 novembre 2026")));
}

#[test]
fn registration_and_closed_year_on_their_limits() {
    let blocked = |path: &str, day: &str| !Sample::new().text(path, day).blocking().is_empty();
    assert!(!blocked("applicant.rcs_date", "23/11/2026") && blocked("applicant.rcs_date", "24/11/2026"));
    assert!(!blocked("health.year_end", "23/11/2026") && blocked("health.year_end", "24/11/2026"));
    assert!(!blocked("health.year_end", "23/11/2024") && blocked("health.year_end", "22/11/2024"));
    let warned = |day: &str| !Sample::new().text("health.year_end", day).evaluate().findings.is_empty();
    assert!(!warned("23/05/2025") && warned("22/05/2025"));
    assert!(!warned(""), "a company without a closed year leaves it empty (X-19)");
}

#[test]
fn twelve_months_less_a_day() {
    for (start, end) in [
        ("2027-01-01", "2027-12-31"),
        ("2027-09-01", "2028-08-31"),
        ("2027-08-31", "2028-08-30"),
        ("2027-02-28", "2028-02-27"),
        ("2027-03-01", "2028-02-29"),
        ("2028-02-29", "2029-02-27"),
        ("2028-03-01", "2029-02-28"),
    ] {
        let at_end = |end: &str| paths(&Sample::new().text("project.start", start).text("project.end", end), "CAL-5");
        assert_eq!(at_end(end), Vec::<String>::new(), "{start}");
        let Ok(day) = end.parse::<jiff::civil::Date>() else { unreachable!("{end}") };
        for wrong in [day.yesterday(), day.tomorrow()].into_iter().flatten() {
            assert_eq!(at_end(&wrong.to_string()), ["CAL-5 project.end"], "{start} to {wrong}");
        }
    }
}

#[test]
fn the_second_call_keeps_its_own_zone_and_duration() {
    let sample = Sample::small();
    assert_eq!(sample.blocking_paths(), Vec::<String>::new());
    let eve = sample.clone().at("2099-12-31T19:59:59.999Z").piece("Q1", Some(date(2099, 12, 31)));
    assert_eq!(eve.blocking_paths(), Vec::<String>::new(), "23:59:59.999 in Réunion");
    assert_eq!(paths(&eve.at("2099-12-31T20:00:00Z"), "A3"), ["A3 "]);
    let amounts = sample.evaluate().amounts;
    assert_eq!((amounts.base.0, amounts.aid.0, amounts.advance.0), (467_555, 233_777, 58_444));
}

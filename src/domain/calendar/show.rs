//! Days and instants as people write them, in both languages: the one place that words dates. Machines get
//! [`to_whole_second`], in RFC 3339.

use crate::domain::text::{Lang, Text};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// Names of the months: French, English, and both in short.
const MONTHS: [[&str; 4]; 12] = [
    ["janvier", "January", "janv.", "Jan"],
    ["février", "February", "févr.", "Feb"],
    ["mars", "March", "mars", "Mar"],
    ["avril", "April", "avr.", "Apr"],
    ["mai", "May", "mai", "May"],
    ["juin", "June", "juin", "Jun"],
    ["juillet", "July", "juill.", "Jul"],
    ["août", "August", "août", "Aug"],
    ["septembre", "September", "sept.", "Sep"],
    ["octobre", "October", "oct.", "Oct"],
    ["novembre", "November", "nov.", "Nov"],
    ["décembre", "December", "déc.", "Dec"],
];

/// A day: `28 décembre 2026`, `28 December 2026`.
pub fn show_day(day: Date) -> Text {
    let [fr, en, ..] = month(day);
    join(day, fr, en)
}

/// An instant in a zone, to the minute: `28 décembre 2026 à 23 h 59`, `28 December 2026 at 23:59`.
pub fn show_instant(at: Timestamp, zone: &TimeZone) -> Text {
    let (day, time) = (show_day(local(at, zone).date()), show_time(at, zone));
    Text::new(format!("{} à {}", day.fr, time.fr), format!("{} at {}", day.en, time.en))
}

/// An instant for tables: `28 déc. 2026, 23 h 59`, `28 Dec 2026, 23:59`.
/// In one language, because lists have hundreds of them.
pub fn short_instant(at: Timestamp, zone: &TimeZone, lang: Lang) -> String {
    let at = local(at, zone);
    let [.., fr, en] = month(at.date());
    let (day, year, hour, minute) = (at.day(), at.year(), at.hour(), at.minute());
    match lang {
        Lang::Fr => format!("{day}{} {fr} {year}, {hour}\u{a0}h\u{a0}{minute:02}", if day == 1 { "er" } else { "" }),
        Lang::En => format!("{day} {en} {year}, {hour:02}:{minute:02}"),
    }
}

/// An instant to the second, where it proves something: `28 décembre 2026 à 23 h 59 min 59 s`,
/// `28 December 2026 at 23:59:59`.
pub fn show_second(at: Timestamp, zone: &TimeZone) -> Text {
    let (minute, second) = (show_instant(at, zone), local(at, zone).second());
    Text::new(format!("{}\u{a0}min {second:02}\u{a0}s", minute.fr), format!("{}:{second:02}", minute.en))
}

/// The time of day of an instant in a zone: `23 h 59`, `23:59`.
pub fn show_time(at: Timestamp, zone: &TimeZone) -> Text {
    let at = local(at, zone);
    let (hour, minute) = (at.hour(), at.minute());
    Text::new(format!("{hour}\u{a0}h\u{a0}{minute:02}"), format!("{hour:02}:{minute:02}"))
}

/// An instant without a call's zone: `28 décembre 2026 à 22 h 59 UTC`, `28 December 2026 at 22:59 UTC`.
pub fn show_utc(at: Timestamp) -> Text {
    let at = show_instant(at, &TimeZone::UTC);
    Text::new(format!("{} UTC", at.fr), format!("{} UTC", at.en))
}

/// The last minute of a window, which is what people call the deadline.
pub fn show_deadline(closes: Timestamp, zone: &TimeZone) -> Text {
    show_instant(last_second(closes), zone)
}

/// The last second before an instant.
pub fn last_second(closes: Timestamp) -> Timestamp {
    closes.saturating_sub(1.second()).unwrap_or(closes)
}

/// The common name of a time zone's time.
pub fn zone_name(zone: &str) -> Text {
    let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
    match city.as_str() {
        "Reunion" => Text::new("heure de La Réunion", "Réunion time"),
        city => Text::new(format!("heure de {city}"), format!("{city} time")),
    }
}

/// A date with the name of its zone: `… (heure de Paris)`.
#[must_use]
pub fn with_zone(date: &Text, zone_name: &Text) -> Text {
    Text::new(format!("{} ({})", date.fr, zone_name.fr), format!("{} ({})", date.en, zone_name.en))
}

/// An instant without its fraction of a second, as machines read it: `2026-12-28T22:59:00Z`.
pub fn to_whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or_default()).unwrap_or(at)
}

fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    at.to_zoned_datetime(zone.clone()).datetime()
}

fn month(day: Date) -> [&'static str; 4] {
    let index = usize::try_from(day.month() - 1).unwrap_or_default();
    MONTHS.get(index).copied().unwrap_or_default()
}

fn join(day: Date, fr: &str, en: &str) -> Text {
    let (number, year) = (day.day(), day.year());
    let first = if number == 1 { "er" } else { "" };
    Text::new(format!("{number}{first} {fr} {year}"), format!("{number} {en} {year}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn both(text: Text) -> [String; 2] {
        [text.fr, text.en].map(|text| text.replace('\u{a0}', " "))
    }

    #[test]
    fn dates_are_written_as_people_write_them() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at: Timestamp = "2026-12-28T22:59:07.123456Z".parse().unwrap();
        assert_eq!(both(show_day(date(2027, 1, 1))), ["1er janvier 2027", "1 January 2027"]);
        assert_eq!(both(show_instant(at, &zone)), ["28 décembre 2026 à 23 h 59", "28 December 2026 at 23:59"]);
        let short = Lang::ALL.map(|lang| short_instant(at, &zone, lang).replace('\u{a0}', " "));
        assert_eq!(short, ["28 déc. 2026, 23 h 59", "28 Dec 2026, 23:59"]);
        let first: Timestamp = "2026-06-30T22:05:00Z".parse().unwrap();
        assert_eq!(short_instant(first, &zone, Lang::Fr).replace('\u{a0}', " "), "1er juill. 2026, 0 h 05");
        let to_the_second = ["28 décembre 2026 à 23 h 59 min 07 s", "28 December 2026 at 23:59:07"];
        assert_eq!(both(show_second(at, &zone)), to_the_second);
        let early: Timestamp = "2026-12-28T00:05:00Z".parse().unwrap();
        assert_eq!(both(show_time(early, &zone)), ["1 h 05", "01:05"]);
        let named = with_zone(&show_instant(at, &zone), &Text::new("heure de Paris", "Paris time"));
        assert_eq!(
            both(named),
            ["28 décembre 2026 à 23 h 59 (heure de Paris)", "28 December 2026 at 23:59 (Paris time)"]
        );
    }

    #[test]
    fn the_deadline_is_the_last_minute_in_paris() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let closes: Timestamp = "2024-07-31T22:00:00Z".parse().unwrap();
        assert_eq!(both(show_deadline(closes, &zone)), ["31 juillet 2024 à 23 h 59", "31 July 2024 at 23:59"]);
    }

    #[test]
    fn machines_read_whole_seconds() {
        let whole = |text: &str| to_whole_second(text.parse().unwrap()).to_string();
        assert_eq!(whole("2026-12-28T22:59:07.999999999Z"), "2026-12-28T22:59:07Z");
        assert_eq!(whole("1969-12-31T23:59:58.5Z"), "1969-12-31T23:59:58Z");
    }
}

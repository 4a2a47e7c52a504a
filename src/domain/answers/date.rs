//! Days as people write them.

use crate::domain::{
    calendar::show_day,
    text::{Text, clean::TextKind, spelling::plain},
};
use jiff::civil::Date;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Names of months in both languages, without accents.
const MONTHS: [(&str, &str); 12] = [
    ("janvier", "january"),
    ("fevrier", "february"),
    ("mars", "march"),
    ("avril", "april"),
    ("mai", "may"),
    ("juin", "june"),
    ("juillet", "july"),
    ("aout", "august"),
    ("septembre", "september"),
    ("octobre", "october"),
    ("novembre", "november"),
    ("decembre", "december"),
];

/// Reads `31/07/2024`, `31-07-2024`, `31 / 07 / 2024`, `31/07/24`, `2024-07-31`, `31072024`, `20240731`,
/// `31 juillet 2024` or `July 31, 2024`.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn day(text: &str) -> Result<Date, Text> {
    let text = plain(TextKind::Date, text);
    let parts: Vec<&str> = text.split([' ', '/', '-', '.', ',']).filter(|part| !part.is_empty()).collect();
    if let [digits] = parts[..] {
        return unseparated(digits);
    }
    let [first, second, third] = parts[..] else { return Err(wrong()) };
    if parts.iter().any(|part| part.bytes().any(|byte| byte.is_ascii_alphabetic()) && !ordinal(part)) {
        return named(first, second, third);
    }
    let (first, second, third) = (bare(first), bare(second), bare(third));
    let digits = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if ![first, second, third].iter().all(|part| digits(part)) {
        return Err(wrong());
    }
    // With hyphens, a year of two digits may stand at either end.
    let short = first.len() == 2 && third.len() == 2;
    if short && text.contains('-') {
        let (one, other) = (date(&full(third), second, first), date(&full(first), second, third));
        return match (one, other) {
            (Ok(one), Ok(other)) if one != other => {
                let (one, other) = (show_day(one), show_day(other));
                Err(Text::new(
                    format!("cette date peut se lire {} ou {} : écrivez l’année en entier.", one.fr, other.fr),
                    format!("this date can be read as {} or {}: write the whole year.", one.en, other.en),
                ))
            }
            (Ok(one), _) | (_, Ok(one)) => Ok(one),
            (Err(fault), _) => Err(fault),
        };
    }
    match (first.len(), third.len()) {
        (4, 1..=2) => date(first, second, third),
        (1..=2, 4) => date(third, second, first),
        (1..=2, 2) => date(&full(third), second, first),
        _ => Err(wrong()),
    }
}

/// Eight digits, the year first or last. At most one of the two is a day of our centuries: a year that begins with 19
/// to 22 is no month in the middle of the other reading.
fn unseparated(digits: &str) -> Result<Date, Text> {
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let last = date(&digits[4..], &digits[2..4], &digits[..2]);
    last.or_else(|fault| date(&digits[..4], &digits[4..6], &digits[6..]).map_err(|_| fault))
}

fn wrong() -> Text {
    Text::new("une date est attendue : jj/mm/aaaa.", "a date is expected: dd/mm/yyyy.")
}

/// `1er`, `1st`, `2nd`, `31st`.
fn ordinal(part: &str) -> bool {
    let bare = bare(part);
    bare.len() < part.len() && (1..=2).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_digit())
}

fn bare(part: &str) -> &str {
    let endings = ["er", "ER", "re", "st", "nd", "rd", "th"];
    endings.iter().find_map(|ending| part.strip_suffix(ending)).unwrap_or(part)
}

/// The year of two digits: until 69 of this century, as POSIX has it.
fn full(year: &str) -> String {
    if year < "70" { format!("20{year}") } else { format!("19{year}") }
}

/// A day whose month is a word.
fn named(first: &str, second: &str, third: &str) -> Result<Date, Text> {
    let (day, name) = match (month(first), month(second)) {
        (None, Some(month)) => (first, month),
        (Some(month), None) => (second, month),
        _ => return Err(wrong()),
    };
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let day = bare(day);
    if !digits(third, 4..=4) || !digits(day, 1..=2) {
        return Err(wrong());
    }
    date(third, &name.to_string(), day)
}

/// The month of which a word is the name or its beginning; `None` when it may be two.
fn month(word: &str) -> Option<usize> {
    let folded: String = word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let named = |name: &str| folded.len() >= 3 && name.starts_with(&folded);
    let mut found = MONTHS.iter().enumerate().filter(|(_, (fr, en))| named(fr) || named(en));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Some(index + 1),
        _ => None,
    }
}

fn date(year: &str, month: &str, day: &str) -> Result<Date, Text> {
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(wrong()) };
    Date::new(year, month, day)
        .ok()
        .filter(|date| (1900..=2200).contains(&date.year()))
        .ok_or_else(|| Text::new("cette date n’existe pas.", "there is no such date."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn b8_days_are_read_as_people_write_them() {
        for text in [
            "31/07/2024",
            "2024-07-31",
            "31-7-2024",
            " 31.07.2024 ",
            "31 / 07 / 2024",
            "31/07/24",
            "31.07.24",
            "2024/07/31",
            "31 07 2024",
            "31\u{a0}/\u{a0}07\u{a0}/\u{a0}2024",
            "３１／０７／２０２４",
            "31\u{2011}07\u{2011}2024",
            "31 juillet 2024",
            "31 Juil. 2024",
            "31 July 2024",
            "July 31, 2024",
            "31st July 2024",
            "31072024",
            "20240731",
            "31.7.24",
            "31-07-2024",
            "31 /07/ 2024",
            "31\u{200b}/07/2024",
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), Ok("2024-07-31"), "{text}");
        }
        assert_eq!(day("1er août 2024").map(|day| day.to_string()).as_deref(), Ok("2024-08-01"));
        assert_eq!(day("01/03/98").map(|day| day.to_string()).as_deref(), Ok("1998-03-01"));
        for text in [
            "30/02/2024", "07/31/2024", "", "demain", "1/2", "9999-99-99", "31 jui 2024", "31/07/024", "1/2/3",
            "31 juillet 24", "2024", "12/2024", "310724", "31132024", "3107202", "31/07/2024 12:00", "mars juin 2024",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn b8_a_day_with_two_meanings_is_refused_with_both() {
        let words = day("24-07-30").unwrap_err();
        assert!(words.fr.contains("24 juillet 2030") && words.en.contains("30 July 2024"), "{words:?}");
        assert_eq!(day("98-07-31").map(|day| day.to_string()).as_deref(), Ok("1998-07-31"), "there is no day 98");
    }

    proptest! {
        #[test]
        fn any_spelling_reads_back(
            year in 1970_i16..2070, month in 1_i8..13, day_of in 1_i8..29,
            between in proptest::sample::select(vec!["/", ".", " / ", " ", "\u{202f}/\u{202f}"]),
            style in 0_u8..7,
        ) {
            let expected = Date::new(year, month, day_of);
            let (fr, en) = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
            let text = match style {
                0 => format!("{day_of:02}{between}{month:02}{between}{year}"),
                1 => format!("{day_of}{between}{month}{between}{:02}", year % 100),
                2 => format!("{year}-{month:02}-{day_of:02}"),
                3 => format!("{day_of} {fr} {year}"),
                4 => format!("{day_of:02}{month:02}{year}"),
                5 => format!("{year}{month:02}{day_of:02}"),
                _ => format!("{} {day_of}, {year}", en.to_uppercase()),
            };
            prop_assert_eq!(day(&text).ok(), expected.ok(), "{}", text);
        }
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _judged = day(&text);
        }
    }
}

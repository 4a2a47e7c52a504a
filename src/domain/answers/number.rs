//! Amounts and quantities as people write them.

use crate::domain::text::{Text, clean::TextKind, spelling::plain};

/// Why a number could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not a number.
    Malformed,
    /// `1.250` may mean 1 250 or 1,25: whole part and decimals as they stand.
    Ambiguous(String, String),
    /// More than two decimals.
    TooPrecise,
    /// Beyond any amount that the portal handles.
    TooLarge,
    /// `1 200 € TTC`: with the taxes, which is another amount than the one asked for.
    TaxIncluded,
}

impl NumberError {
    /// The error as a text for the person who typed it.
    pub fn message(&self) -> Text {
        match self {
            Self::Malformed => {
                Text::new("un nombre est attendu, par exemple 125 000,50.", "a number is expected, such as 125000.50.")
            }
            Self::Ambiguous(units, decimals) => {
                let short = decimals.trim_end_matches('0');
                let short = if short.is_empty() { "00" } else { short };
                Text::new(
                    format!(
                        "ce nombre peut se lire {units} {decimals} ou {units},{short} : écrivez {units}{decimals} ou {units},{short:0<2}."
                    ),
                    format!(
                        "this number can be read as {units},{decimals} or {units}.{short}: write {units}{decimals} or {units}.{short:0<2}."
                    ),
                )
            }
            Self::TooPrecise => Text::new("deux décimales au plus.", "two decimals at most."),
            Self::TooLarge => Text::new("ce nombre est trop grand.", "this number is too large."),
            Self::TaxIncluded => Text::new(
                "un montant toutes taxes comprises n’est pas celui qui est demandé : écrivez le montant hors taxes, sans « TTC ».",
                "an amount with taxes (TTC) is not the one that is asked for: write the amount without taxes, and no “TTC”.",
            ),
        }
    }
}

/// Most digits of the whole part.
const MAX_DIGITS: usize = 13;

/// Reads a number with at most two decimals as hundredths, with any kind of space: `125 000,50 €`, `125000.50 EUR`,
/// `1.250.000,00`, `1,250,000.00`, `125'000.50`, `8 000 € HT`.
///
/// # Errors
/// See [`NumberError`]; `1.250` is refused rather than guessed.
pub fn parse_hundredths(text: &str) -> Result<i64, NumberError> {
    if let Some(number) = normal_form(text) {
        return Ok(number);
    }
    let text = plain(TextKind::Number, text);
    let bare = without_currency(without_tax_mark(&text)?);
    // English writes the sign before the currency: `-€5.00`.
    let (negative, digits) = match bare.strip_prefix(['-', '+']) {
        Some(rest) => (bare.starts_with('-'), without_currency(rest)),
        None => (false, bare),
    };
    let (units, decimals) = split(digits)?;
    if units.len() > MAX_DIGITS {
        return Err(NumberError::TooLarge);
    }
    let number: i64 = format!("{units}{decimals:0<2}").parse().map_err(|_| NumberError::TooLarge)?;
    Ok(if negative { -number } else { number })
}

/// The value of a text in normal form, `-125000.50`: what was read once is read for every total.
fn normal_form(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (units, decimals) = digits.split_once('.')?;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=MAX_DIGITS).contains(&units.len()) && decimals.len() == 2;
    let whole: i64 = units.parse().ok().filter(|_| fits && all_digits(units) && all_digits(decimals))?;
    let number = whole * 100 + decimals.parse::<i64>().ok()?;
    Some(if negative { -number } else { number })
}

/// Reads a whole number, written like an amount.
///
/// # Errors
/// As [`parse_hundredths`]; [`NumberError::TooPrecise`] for one with a fraction.
pub fn parse_integer(text: &str) -> Result<i64, NumberError> {
    let hundredths = parse_hundredths(text)?;
    if hundredths % 100 == 0 { Ok(hundredths / 100) } else { Err(NumberError::TooPrecise) }
}

/// An amount without the mark that it bears no taxes, which every amount of a budget is read as.
fn without_tax_mark(text: &str) -> Result<&str, NumberError> {
    if cut_end(text, &["TTC", "T.T.C."]).is_some() {
        return Err(NumberError::TaxIncluded);
    }
    Ok(cut_end(text, &["HT", "H.T."]).unwrap_or(text))
}

/// A text without one of the marks at its end, in capitals or not; `None` when it ends with none of them.
fn cut_end<'a>(text: &'a str, marks: &[&str]) -> Option<&'a str> {
    marks.iter().find_map(|mark| {
        let at = text.len().checked_sub(mark.len()).filter(|at| text.is_char_boundary(*at))?;
        text[at..].eq_ignore_ascii_case(mark).then(|| text[..at].trim_end())
    })
}

fn without_currency(text: &str) -> &str {
    let mut text = text.trim();
    for mark in ["€", "euros", "euro", "eur"] {
        let at = text.len().saturating_sub(mark.len());
        if text.is_char_boundary(at) && text[at..].eq_ignore_ascii_case(mark) {
            text = text[..at].trim_end();
            break;
        }
        let head = mark.len().min(text.len());
        if text.is_char_boundary(head) && text[..head].eq_ignore_ascii_case(mark) {
            text = text[head..].trim_start();
            break;
        }
    }
    text
}

/// The digits of the whole part and of the decimals.
fn split(text: &str) -> Result<(String, String), NumberError> {
    let count = |wanted: char| text.chars().filter(|c| *c == wanted).count();
    let (commas, points) = (count(','), count('.'));
    // The last separator is the one of the decimals, unless it comes several times.
    let decimal = match (commas, points) {
        (0, 0) => None,
        (_, 0) => (commas == 1).then_some(','),
        (0, _) => (points == 1).then_some('.'),
        _ => Some(if text.rfind(',') > text.rfind('.') { ',' } else { '.' }),
    };
    let (whole, decimals) = match decimal {
        Some(separator) => text.rsplit_once(separator).ok_or(NumberError::Malformed)?,
        None => (text, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = whole.contains([',', '.', '\'', ' ']);
    let units = ungroup(whole.trim())?;
    let decimals = decimals.trim();
    if units.is_empty() || !all_digits(decimals) || (decimal.is_some() && decimals.is_empty()) {
        return Err(NumberError::Malformed);
    }
    let could_be_a_group = !grouped && units.len() <= 3 && !units.starts_with('0');
    match decimals.len() {
        0..=2 => Ok((units, decimals.to_owned())),
        3 if could_be_a_group => Err(NumberError::Ambiguous(units, decimals.to_owned())),
        _ => Err(NumberError::TooPrecise),
    }
}

/// The digits of a whole part. Spaces may stand anywhere; commas, points and apostrophes only before groups of three, and
/// only one kind of them.
fn ungroup(whole: &str) -> Result<String, NumberError> {
    let digits: String = whole.chars().filter(|c| *c != ' ').collect();
    let mut marks = digits.chars().filter(|c| !c.is_ascii_digit());
    let Some(mark) = marks.next() else { return Ok(digits) };
    if !matches!(mark, ',' | '.' | '\'') || marks.any(|other| other != mark) {
        return Err(NumberError::Malformed);
    }
    let groups: Vec<&str> = digits.split(mark).collect();
    let fits = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    if fits { Ok(groups.concat()) } else { Err(NumberError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Cents;
    use proptest::prelude::*;

    #[test]
    fn b8_numbers_are_read_as_people_write_them() {
        for text in [
            "125 000,50",
            "125000.50",
            "125\u{a0}000,5",
            "125\u{202f}000,50 €",
            "125 000,50 EUR",
            "EUR 125000.5",
            "€125,000.50",
            "125.000,50",
            "125'000.50",
            "125’000,50 euros",
            "１２５０００，５０",
            "125\u{200b}000,50",
            "+125 000,50",
            "125\u{2009}000 , 50",
            "125 000,50 € HT",
            "125 000,50 €HT",
            "125 000,50 HT",
            "125 000,50 eur ht",
            "125000.50 € H.T.",
            "€ 125000.50 HT",
            "+€125,000.50",
            "125.000,50 €",
            "125'000,50",
            "125 000.50 Eur",
        ] {
            assert_eq!(parse_hundredths(text), Ok(12_500_050), "{text}");
        }
        for text in ["1.250.000,00", "1,250,000.00", "1.250.000", "1,250,000", "1'250'000", "1 250 000", "1250000,0"] {
            assert_eq!(parse_hundredths(text), Ok(125_000_000), "{text}");
        }
        assert_eq!(
            (parse_hundredths("−12,5 %"), parse_hundredths("− 12,5")),
            (Err(NumberError::Malformed), Ok(-1_250))
        );
        assert_eq!((parse_hundredths("−€12.50"), parse_hundredths("-12,50 €")), (Ok(-1_250), Ok(-1_250)));
    }

    #[test]
    fn b8_what_has_two_meanings_is_refused_with_both() {
        for text in ["1.250", "1,250", "125,000", "12.500 €"] {
            let Err(NumberError::Ambiguous(units, decimals)) = parse_hundredths(text) else { unreachable!("{text}") };
            assert!(text.starts_with(&units) && text.contains(&decimals), "{text}: {units} {decimals}");
        }
        let words = NumberError::Ambiguous("1".into(), "250".into()).message();
        assert_eq!(words.fr, "ce nombre peut se lire 1 250 ou 1,25 : écrivez 1250 ou 1,25.");
        assert_eq!(words.en, "this number can be read as 1,250 or 1.25: write 1250 or 1.25.");
    }

    #[test]
    fn b8_what_has_no_meaning_is_refused() {
        for text in [
            "12a", "", "1,", ",5", "1.25.000", "1,250.000.00", "1'25", "1'250.000'00", "--5", "€", "12 k€", "1e3",
            "1,250.5,0", "€5€", "--€5",
        ] {
            assert_eq!(parse_hundredths(text), Err(NumberError::Malformed), "{text}");
        }
        for text in ["1250.000", "0,125", "1.250,000", "125'000.500", "1,0000"] {
            assert_eq!(parse_hundredths(text), Err(NumberError::TooPrecise), "{text}");
        }
        for text in ["1 200 € TTC", "1200TTC", "1 200,00 ttc", "1 200 EUR T.T.C.", "TTC"] {
            assert_eq!(parse_hundredths(text), Err(NumberError::TaxIncluded), "{text}");
        }
        assert!(NumberError::TaxIncluded.message().fr.contains("hors taxes"));
        for text in ["HT", "HT 12", "12 HT HT", "12 HTT"] {
            assert_eq!(parse_hundredths(text), Err(NumberError::Malformed), "{text}");
        }
        assert_eq!(parse_hundredths("99999999999999"), Err(NumberError::TooLarge));
        assert_eq!((parse_integer("1 250,00"), parse_integer("1,5")), (Ok(1_250), Err(NumberError::TooPrecise)));
    }

    /// Every way to group and to separate that has one meaning.
    fn spelt(cents: i64, group: &str, point: &str, around: (&str, &str)) -> String {
        let text = cents.unsigned_abs().to_string();
        let text = format!("{text:0>3}");
        let (units, decimals) = text.split_at(text.len() - 2);
        let mut grouped = String::new();
        for (index, digit) in units.chars().enumerate() {
            if index > 0 && (units.len() - index) % 3 == 0 {
                grouped.push_str(group);
            }
            grouped.push(digit);
        }
        let sign = if cents < 0 { "-" } else { "" };
        format!("{}{sign}{grouped}{point}{decimals}{}", around.0, around.1)
    }

    proptest! {
        #[test]
        fn any_spelling_reads_back(
            cents in -9_999_999_999_999_i64..9_999_999_999_999,
            style in proptest::sample::select(vec![
                ("", ","), ("", "."), (" ", ","), ("\u{202f}", ","), ("\u{a0}", "."), (".", ","), (",", "."), ("'", "."), ("’", ","),
            ]),
            around in proptest::sample::select(vec![("", ""), (" ", " €"), ("€", ""), ("", " EUR"), ("EUR ", ""), ("\u{feff}", "\u{200b}")]),
        ) {
            let text = spelt(cents, style.0, style.1, around);
            prop_assert_eq!(parse_hundredths(&text), Ok(cents), "{}", text);
        }
        #[test]
        fn one_separator_before_three_digits_is_never_guessed(units in 1_u32..1_000, rest in 0_u32..1_000, comma in any::<bool>()) {
            let text = format!("{units}{}{rest:03}", if comma { "," } else { "." });
            prop_assert!(matches!(parse_hundredths(&text), Err(NumberError::Ambiguous(..))), "{}", text);
        }
        #[test]
        fn normal_forms_round_trip(cents in -9_999_999_999_999_i64..9_999_999_999_999) {
            prop_assert_eq!(parse_hundredths(&Cents(cents).decimal()), Ok(cents));
            for shown in [Cents(cents).text().fr, Cents(cents).text().en] {
                prop_assert_eq!(parse_hundredths(&shown), Ok(cents), "{}", shown);
            }
        }
        #[test]
        fn a_normal_form_is_read_as_any_other_spelling(text in "-?[0-9]{0,14}\\.[0-9]{0,3}") {
            // With a space in front of it, it is no normal form.
            prop_assert_eq!(parse_hundredths(&text), parse_hundredths(&format!(" {text}")));
        }
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _read = parse_hundredths(&text);
        }
    }
}

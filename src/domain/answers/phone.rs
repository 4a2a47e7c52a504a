//! Telephone numbers as people write them.

use crate::domain::text::{
    clean::TextKind,
    spelling::{plain, without},
};

/// Country code of France, whose numbers have nine digits behind it.
const FRANCE: &str = "33";
/// Digits of a French number behind the country code, or behind its nought.
const FRENCH_DIGITS: usize = 9;

/// The digits, behind a `+` where the country is named; `None` when it is no number.
pub(super) fn phone(text: &str) -> Option<String> {
    let text = plain(TextKind::Phone, text);
    // The nought in brackets is dialled within the country only.
    let text = if text.starts_with(['+', '(']) || text.starts_with("00") { text.replacen("(0)", "", 1) } else { text };
    let cleaned = without(&text, " .-()/");
    let bare = cleaned.strip_prefix('+').unwrap_or(&cleaned);
    if !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let possible = |digits: &str| (8..=15).contains(&digits.len()) && !all_the_same(digits);
    // What is dialled in Europe where others write the plus.
    let abroad = cleaned.strip_prefix('+').or_else(|| cleaned.strip_prefix("00"));
    let Some(abroad) = abroad else { return possible(bare).then(|| bare.to_owned()) };
    let number = match abroad.strip_prefix(FRANCE) {
        Some(french) => format!("{FRANCE}{}", french_digits(french)?),
        None => abroad.to_owned(),
    };
    // No country has a code that begins with a nought.
    (possible(&number) && !number.starts_with('0')).then(|| format!("+{number}"))
}

/// The nine digits, without the nought that is dialled within the country only.
fn french_digits(digits: &str) -> Option<&str> {
    let digits = digits.strip_prefix('0').unwrap_or(digits);
    (digits.len() == FRENCH_DIGITS && !digits.starts_with('0')).then_some(digits)
}

/// Nobody has such a number: it was typed to fill the field.
fn all_the_same(digits: &str) -> bool {
    digits.bytes().all(|byte| digits.as_bytes().first() == Some(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn b8_telephone_numbers() {
        for text in [
            "01 23 45 67 89",
            "01/23/45/67/89",
            "01.23.45.67.89",
            "01‑23‑45‑67‑89",
            "01–23–45–67–89",
            "０１２３４５６７８９",
            "01\u{200b}23456789",
        ] {
            assert_eq!(phone(text).as_deref(), Some("0123456789"), "{text}");
        }
        for text in [
            "+33 1 23 45 67 89", "+33 (0)1 23 45 67 89", "+33 0 1 23 45 67 89", "+33 01 23 45 67 89",
            "0033 1 23 45 67 89", "00 33 (0)1 23 45 67 89", "＋33/1/23456789",
        ] {
            assert_eq!(phone(text).as_deref(), Some("+33123456789"), "{text}");
        }
        assert_eq!(phone("+32 2 123 45 67").as_deref(), Some("+3221234567"));
        for text in ["", "+", "12", "01 23 45 67 8a", "1234567890123456", "33+123456789"] {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    #[test]
    fn what_can_be_nobodys_number_is_none() {
        for text in [
            "00000000", "+00000000", "0000000001", "11 11 11 11 11", "00 11 11 11 11", "+33 0 333 333 333", "+33 3333",
            "+33 1 23 45 67 8", "+33 1 23 45 67 89 0", "+33 00 23 45 67 89", "+33 0 0 23 45 67 89", "0033 1 23 45 67",
            "+0123456789", "+12345",
        ] {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_spelling_reads_back(digits in "[1-9][0-9]{7,14}", gap in proptest::sample::select(vec![" ", ".", "-", "/", "\u{2011}", "\u{202f}", ""]), step in 1_usize..5) {
            let groups: Vec<String> = digits.as_bytes().chunks(step).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
            let read = phone(&groups.join(gap));
            prop_assert_eq!(read, if all_the_same(&digits) { None } else { Some(digits) });
        }
        #[test]
        fn a_normal_form_is_read_as_itself(text in "[+0]{0,2}[0-9]{6,14}") {
            if let Some(once) = phone(&text) {
                prop_assert_eq!(phone(&once), Some(once));
            }
        }
    }
}

//! Telephone numbers as people write them.

use crate::domain::text::{
    clean::TextKind,
    spelling::{plain, without},
};

/// The digits, behind a `+` where the country is named; none when it is no number.
pub(super) fn phone(text: &str) -> Option<String> {
    let text = plain(TextKind::Phone, text);
    // The nought in brackets is dialled within the country only.
    let text = if text.starts_with(['+', '(']) { text.replacen("(0)", "", 1) } else { text };
    let cleaned = without(&text, " .-()/");
    let digits = cleaned.strip_prefix('+').unwrap_or(&cleaned);
    ((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(cleaned)
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
        for text in ["+33 1 23 45 67 89", "+33 (0)1 23 45 67 89", "＋33/1/23456789"] {
            assert_eq!(phone(text).as_deref(), Some("+33123456789"), "{text}");
        }
        for text in ["", "+", "12", "01 23 45 67 8a", "1234567890123456", "33+123456789"] {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_spelling_reads_back(digits in "[0-9]{8,15}", gap in proptest::sample::select(vec![" ", ".", "-", "/", "\u{2011}", "\u{202f}", ""]), step in 1_usize..5) {
            let groups: Vec<String> = digits.as_bytes().chunks(step).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
            let read = phone(&groups.join(gap));
            prop_assert_eq!(read, Some(digits));
        }
    }
}

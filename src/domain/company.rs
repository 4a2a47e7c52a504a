//! Identifiers of companies.

use super::text::{
    clean::TextKind,
    spelling::{plain, without},
};

/// True when the digits carry a right Luhn key.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0') * if index % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Keeps the digits of a number written in groups; `None` if anything else stands in it.
fn digits(text: &str, length: usize) -> Option<String> {
    let cleaned = without(&plain(TextKind::Identifier, text), " .-/");
    (cleaned.len() == length && cleaned.bytes().all(|byte| byte.is_ascii_digit())).then_some(cleaned)
}

/// Whether nine digits can be a company's. Noughts have a right key, and are nobody's number.
fn is_siren(digits: &str) -> bool {
    luhn(digits) && digits.bytes().any(|byte| byte != b'0')
}

/// A company number (SIREN), nine digits with Luhn key.
pub fn siren(text: &str) -> Option<String> {
    digits(text, 9).filter(|number| is_siren(number))
}

/// An establishment number (SIRET), fourteen digits. Those of La Poste (356 000 000) may instead sum to a multiple of 5.
pub fn siret(text: &str) -> Option<String> {
    let number = digits(text, 14)?;
    let post = number.starts_with("356000000")
        && number.bytes().map(|byte| u32::from(byte - b'0')).sum::<u32>().is_multiple_of(5);
    ((luhn(&number) && is_siren(&number[..9])) || post).then_some(number)
}

/// An activity code (NAF rev. 2), `62.01Z`.
pub fn naf(text: &str) -> Option<String> {
    let cleaned = without(&plain(TextKind::Identifier, text), " .-").to_uppercase();
    let bytes = cleaned.as_bytes();
    (bytes.len() == 5 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4].is_ascii_uppercase())
        .then(|| format!("{}.{}", &cleaned[..2], &cleaned[2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sirets_of_the_note() {
        assert_eq!(siret("732 829 320 00074").as_deref(), Some("73282932000074"));
        assert_eq!(siret("73282932000075"), None);
        assert!(siret("35600000049837").is_some(), "La Poste: the digits sum to 45");
        assert!(siret("35600000000048").is_some(), "its head office has an ordinary key");
        assert_eq!(siret("35600000049838"), None);
    }

    #[test]
    fn sirens_and_activities() {
        assert_eq!(siren("732\u{a0}829\u{a0}320").as_deref(), Some("732829320"));
        assert_eq!(siren("732829321"), None);
        for noughts in ["000000000", "000 000 000", "00000000000000", "000 000 000 00018", "０００００００００"]
        {
            assert_eq!((siren(noughts), siret(noughts)), (None, None), "{noughts}");
        }
        assert_eq!(naf("6201z").as_deref(), Some("62.01Z"));
        assert_eq!(naf("620Z"), None);
    }

    #[test]
    fn b8_identifiers_as_people_write_them() {
        for text in [
            "732.829.320.00074",
            "732-829-320 00074",
            "732 829 320 / 00074",
            "732\u{202f}829\u{202f}320\u{2011}00074",
            "73282932\u{200b}000074\u{feff}",
            "\u{ff17}3282932000074",
        ] {
            assert_eq!(siret(text).as_deref(), Some("73282932000074"), "{text}");
        }
        for text in ["62-01Z", "62.01 Z", "6201z", "62\u{2011}01\u{200b}Z", " 6 2 0 1 Z "] {
            assert_eq!(naf(text).as_deref(), Some("62.01Z"), "{text}");
        }
        assert_eq!((siret("732829320000741"), siret("SIRET 73282932000074"), naf("62.01ZZ")), (None, None, None));
    }
}

//! Normalization before all text parsers: one spelling for spaces, dashes and digits that look the same.

use super::clean::{TextKind, clean};

/// A text without invisible characters, with full-width characters as plain ones, each dash as a hyphen, each space as
/// a plain space.
pub fn plain(kind: TextKind, text: &str) -> String {
    let plain: String = clean(kind, text)
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
            '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{b4}' => '\'',
            _ if c.is_whitespace() => ' ',
            _ => c,
        })
        .collect();
    plain.trim().to_owned()
}

/// The text without the characters that only group digits.
pub fn without(text: &str, groups: &str) -> String {
    text.chars().filter(|c| !groups.contains(*c)).collect()
}

//! Numbers of companies in a text, however their digits are grouped.

use super::word::Word;
use crate::domain::company::{siren, siret};
use std::ops::Range;

/// Digits of a SIREN, with which a SIRET begins.
pub(super) const SIREN_DIGITS: usize = 9;
/// Digits of a SIRET.
const SIRET_DIGITS: usize = 14;

/// The numbers with a right key, each with the words that it is made of; longer ones first where several begin with the
/// same word.
pub(super) fn numbers(text: &str, words: &[Word<'_>]) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for first in 0..words.len() {
        let mut digits = String::new();
        let mut here = Vec::new();
        for (index, word) in words.iter().enumerate().skip(first) {
            let joined = index == first || is_group_gap(&text[words[index - 1].end()..word.start]);
            if !joined || !word.is_number() || digits.len() + word.text.len() > SIRET_DIGITS {
                break;
            }
            digits.push_str(word.text);
            let is_company = match digits.len() {
                SIREN_DIGITS => siren(&digits).is_some(),
                SIRET_DIGITS => siret(&digits).is_some(),
                _ => false,
            };
            if is_company {
                here.push((first..index + 1, digits.clone()));
            }
        }
        found.extend(here.into_iter().rev());
    }
    found
}

/// Whether one character stands between two groups of digits that separates groups of one number.
fn is_group_gap(gap: &str) -> bool {
    let mut chars = gap.chars();
    chars.next().is_some_and(|c| matches!(c, '.' | '-' | '/') || c.is_whitespace()) && chars.next().is_none()
}

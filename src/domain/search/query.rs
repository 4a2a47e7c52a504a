//! What somebody looks for.

use super::{Scope, company_number, stem::Stemmers, word, word::Word};
use crate::domain::text::{clean::TextKind, spelling::plain};
use std::cmp::Reverse;

/// Most words of a query. The database reads the list of each; and from some thousands on MariaDB 10.11 ends.
pub const MAX_WORDS: usize = 30;
/// Digits of the year in the number of a receipt.
const RECEIPT_YEAR_DIGITS: usize = 4;
/// Fewest digits of its place in the chain.
const RECEIPT_PLACE_DIGITS: usize = 6;

/// A query with more than [`MAX_WORDS`] words: none is left out in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_WORDS} words")]
pub struct TooManyWords;

/// Words that a deposit must have, every one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Numbers of receipts.
    receipts: Vec<String>,
    /// The forms of each other word, one of which must be there.
    words: Vec<Vec<String>>,
}

impl SearchQuery {
    /// Parses what was typed; `None` when nothing was. Signs between words mean nothing, whatever they mean elsewhere.
    ///
    /// # Errors
    /// [`TooManyWords`].
    pub fn parse(text: &str) -> Result<Option<Self>, TooManyWords> {
        let text = plain(TextKind::Line, text);
        if text.is_empty() {
            return Ok(None);
        }
        let (stemmers, words) = (Stemmers::new(), word::words(&text));
        let numbers = company_number::numbers(&text, &words);
        let mut query = Self::default();
        let mut next = 0;
        while let Some(word) = words.get(next) {
            if let Some(receipt) = receipt_number(&text, &words[next..]) {
                query.receipts.push(receipt);
                next += 2;
            } else if let Some((range, number)) = numbers.iter().find(|(range, _)| range.start == next) {
                query.words.push(vec![number.clone()]);
                next = range.end;
            } else {
                let forms = word.name_with_signs().map_or_else(|| stemmers.forms(word.text), |name| vec![name]);
                query.words.push(forms);
                next += 1;
            }
        }
        query.receipts.sort();
        query.receipts.dedup();
        // What narrows most comes first: the database reads each list in turn, and of later ones only what is left.
        query.words.sort_by(|one, other| {
            let key = |forms: &Vec<String>| (forms.len(), Reverse(forms.first().map_or(0, String::len)));
            key(one).cmp(&key(other)).then_with(|| one.cmp(other))
        });
        query.words.dedup();
        if query.receipts.len() + query.words.len() > MAX_WORDS { Err(TooManyWords) } else { Ok(Some(query)) }
    }

    /// The numbers of receipts in it.
    pub fn receipts(&self) -> &[String] {
        &self.receipts
    }

    /// Whether it has anything besides numbers of receipts.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// True when it has neither a word nor a number, such as `++`. Nothing is found by it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.receipts.is_empty() && self.words.is_empty()
    }

    /// The forms of each word that is no number of a receipt.
    pub(super) fn words(&self) -> &[Vec<String>] {
        &self.words
    }

    /// The words as an expression of the database (`… in boolean mode`), for the deposits of a scope; `None` if there are
    /// none. Only tokens are in it, and the signs that this function writes.
    #[must_use]
    pub fn boolean_expression(&self, scope: &Scope) -> Option<String> {
        let term = |forms: &Vec<String>| {
            let tokens: Vec<String> = forms.iter().map(|form| format!("{}{form}", scope.prefix())).collect();
            match tokens.as_slice() {
                [only] => format!("+{only}"),
                _ => format!("+({})", tokens.join(" ")),
            }
        };
        let terms: Vec<String> = self.words.iter().map(term).collect();
        (!terms.is_empty()).then(|| terms.join(" "))
    }
}

/// The number of a receipt with which some words begin, such as `2024-000123`. It is looked up in the deposit itself, which
/// so is found at once.
fn receipt_number(text: &str, words: &[Word<'_>]) -> Option<String> {
    let [year, place, ..] = words else { return None };
    let number = &text[year.start..place.end()];
    let fits = year.is_number()
        && year.text.len() == RECEIPT_YEAR_DIGITS
        && place.is_number()
        && place.text.len() >= RECEIPT_PLACE_DIGITS
        && number.len() == year.text.len() + 1 + place.text.len()
        && number[year.text.len()..].starts_with('-');
    fits.then(|| number.to_owned())
}

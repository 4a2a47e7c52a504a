//! Search in deposits: what a text is found by, and what a query asks for. Pure functions; the same ones write the index
//! and read a query, so that both always agree (decision 27).
//!
//! A word becomes its *forms*: the stems of Snowball's French and English algorithms, with the accents that it has and
//! without any, because nobody knows in which language it was written. Each form is stored with the scope of its round, as
//! a token of ASCII letters, digits and `_`. Tokens are all that the database ever sees: a text cannot be an operator, a
//! stop word, or too short.

mod company_number;
mod extract;
mod file_text;
mod passage;
mod query;
mod scope;
mod stem;
mod text_state;
mod word;

#[cfg(test)]
pub use extract::ExtractPart;
pub use extract::{Extract, best_extract};
pub use file_text::readable_text;
pub use passage::{Passage, passages};
pub use query::{SearchQuery, TooManyWords};
pub use scope::Scope;
pub use text_state::TextState;

use super::text::clean::{TextKind, clean};
use std::collections::BTreeSet;
use stem::Stemmers;

/// Version of the tokens. Another version makes the whole index anew, so it rises with every change of this module that
/// gives another token for any word.
pub const STEM_VERSION: u32 = 1;

/// Most tokens that one file adds to those of its deposit. A long book has fewer; what has more is a table or noise.
const MAX_FILE_TOKENS: usize = 20_000;
/// Most tokens of a deposit: each costs the database a row of its index.
const MAX_DEPOSIT_TOKENS: usize = 60_000;

/// The tokens of a deposit in a scope, each once, separated by spaces: those of its answers, and of the texts of its files as
/// far as there is room.
#[must_use]
pub fn index_tokens<'a>(
    scope: &Scope,
    answers: impl IntoIterator<Item = &'a str>,
    files: impl IntoIterator<Item = &'a str>,
) -> String {
    let stemmers = Stemmers::new();
    let mut tokens = BTreeSet::new();
    for text in answers {
        add_tokens(&mut tokens, &stemmers, text, MAX_DEPOSIT_TOKENS);
    }
    for text in files {
        let most = MAX_DEPOSIT_TOKENS.min(tokens.len() + MAX_FILE_TOKENS);
        add_tokens(&mut tokens, &stemmers, text, most);
    }
    let mut joined = String::new();
    for token in &tokens {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(scope.prefix());
        joined.push_str(token);
    }
    joined
}

/// Adds the tokens of a text, from its beginning, until there are `most`.
fn add_tokens(tokens: &mut BTreeSet<String>, stemmers: &Stemmers, text: &str, most: usize) {
    let add = |tokens: &mut BTreeSet<String>, token: String| {
        if tokens.len() < most {
            tokens.insert(token);
        }
        tokens.len() < most
    };
    // What nobody sees is in no query, and would end a word.
    let text = &clean(TextKind::Prose, text);
    let words = word::words(text);
    for (_, number) in company_number::numbers(text, &words) {
        // An establishment is found by the number of its company, too.
        let company = number.get(..company_number::SIREN_DIGITS).map(str::to_owned);
        for token in company.into_iter().chain([number]) {
            add(tokens, token);
        }
    }
    for word in &words {
        for token in stemmers.forms(word.text).into_iter().chain(word.name_with_signs()) {
            if !add(tokens, token) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;

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

/// The tokens of texts in a scope, each once, separated by spaces.
#[must_use]
pub fn index_tokens<'a>(scope: &Scope, texts: impl IntoIterator<Item = &'a str>) -> String {
    let stemmers = Stemmers::new();
    let mut tokens = BTreeSet::new();
    for text in texts {
        // What nobody sees is in no query, and would end a word.
        let text = &clean(TextKind::Prose, text);
        let words = word::words(text);
        for word in &words {
            tokens.extend(stemmers.forms(word.text));
            tokens.extend(word.name_with_signs());
        }
        for (_, number) in company_number::numbers(text, &words) {
            // An establishment is found by the number of its company, too.
            tokens.extend(number.get(..company_number::SIREN_DIGITS).map(str::to_owned));
            tokens.insert(number);
        }
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

#[cfg(test)]
mod tests;

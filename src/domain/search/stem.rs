//! Forms of a word: what it is stored and looked for as.

use super::word::fold;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

/// Letters with which the French algorithm reckons, besides those without accents.
const FRENCH_LETTERS: &str = "àâäçéèêëîïôöùûüÿ";
/// Longest word that is stemmed, in bytes: no word of either language is longer.
const MAX_STEMMED_BYTES: usize = 50;

/// The algorithms of both languages.
pub(super) struct Stemmers {
    french: Stemmer,
    english: Stemmer,
}

impl Stemmers {
    pub fn new() -> Self {
        Self { french: Stemmer::create(Algorithm::French), english: Stemmer::create(Algorithm::English) }
    }

    /// The forms of a word, each once; at least one. Two words are the same for a search when they share a form.
    pub fn forms(&self, word: &str) -> Vec<String> {
        let folded = fold(word);
        if folded.len() > MAX_STEMMED_BYTES || !folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return vec![folded];
        }
        let mut forms = vec![self.french.stem(&folded).into_owned(), self.english.stem(&folded).into_owned()];
        if !word.is_ascii() {
            let accented: String = word.nfc().flat_map(char::to_lowercase).collect();
            let accented = accented.replace('œ', "oe").replace('æ', "ae");
            // Of other letters the algorithm knows nothing.
            if accented.chars().all(|c| c.is_ascii_lowercase() || FRENCH_LETTERS.contains(c)) {
                forms.push(fold(&self.french.stem(&accented)));
            }
        }
        forms.retain(|form| !form.is_empty());
        forms.sort();
        forms.dedup();
        if forms.is_empty() { vec![folded] } else { forms }
    }
}

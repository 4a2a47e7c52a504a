//! Where in a deposit the words of a query stand.

use super::{
    Passage, SearchQuery,
    stem::Stemmers,
    word::{Word, fold, words},
};
use crate::domain::text::Text;
use std::collections::BTreeSet;

/// Characters of an extract before its first word that was looked for.
const CHARS_BEFORE: usize = 60;
/// Characters from there on.
const CHARS_FROM: usize = 120;

/// Some words of a passage around those that were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// The label of the passage.
    pub label: Text,
    pub parts: Vec<ExtractPart>,
}

/// A piece of an extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractPart {
    pub text: String,
    /// It was looked for.
    pub found: bool,
}

/// The extract of the passage with the most of a query's words; `None` when it has none of them.
#[must_use]
pub fn best_extract(passages: &[Passage], query: &SearchQuery) -> Option<Extract> {
    let matcher = Matcher::new(query);
    let mut best: Option<(usize, &Passage, Vec<Word<'_>>)> = None;
    for passage in passages {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for word in words(&passage.text) {
            let matched = matcher.matched(&word);
            if !matched.is_empty() {
                seen.extend(matched);
                found.push(word);
            }
        }
        if seen.len() > best.as_ref().map_or(0, |(count, ..)| *count) {
            best = Some((seen.len(), passage, found));
        }
    }
    let (_, passage, found) = best?;
    Some(Extract { label: passage.label.clone(), parts: parts(&passage.text, &found) })
}

/// Compares the words of a text with those of a query.
struct Matcher<'a> {
    stemmers: Stemmers,
    query: &'a SearchQuery,
    /// The first letters of all forms: most words of a text begin with another.
    initials: BTreeSet<u8>,
}

impl<'a> Matcher<'a> {
    fn new(query: &'a SearchQuery) -> Self {
        let initials = query.words().iter().flatten().filter_map(|form| form.bytes().next()).collect();
        Self { stemmers: Stemmers::new(), query, initials }
    }

    /// Which words of the query it is.
    fn matched(&self, word: &Word<'_>) -> Vec<usize> {
        let name = word.name_with_signs();
        let initial = fold(word.text).bytes().next();
        if name.is_none() && !initial.is_some_and(|initial| self.initials.contains(&initial)) {
            return Vec::new();
        }
        let forms = self.stemmers.forms(word.text);
        let is_one =
            |wanted: &Vec<String>| wanted.iter().any(|form| forms.contains(form) || name.as_ref() == Some(form));
        (0..).zip(self.query.words()).filter(|(_, wanted)| is_one(wanted)).map(|(index, _)| index).collect()
    }
}

/// The text around the first word, in which all words that were found are told apart.
fn parts(text: &str, found: &[Word<'_>]) -> Vec<ExtractPart> {
    let Some(first) = found.first() else { return Vec::new() };
    let begin = begin(&text[..first.start]);
    let end = text[first.start..].char_indices().nth(CHARS_FROM).map_or(text.len(), |(at, _)| first.start + at);
    let mut parts = Vec::new();
    let mut at = begin;
    let mut push = |text: &str, found| {
        let text = text.replace(['\n', '\t'], " ");
        if !text.is_empty() {
            parts.push(ExtractPart { text, found });
        }
    };
    if begin > 0 {
        push("… ", false);
    }
    for word in found.iter().filter(|word| word.end() <= end) {
        push(&text[at..word.start], false);
        push(word.text, true);
        at = word.end();
    }
    push(text.get(at..end).unwrap_or_default(), false);
    if end < text.len() {
        push("…", false);
    }
    parts
}

/// Where an extract begins whose first word that was looked for comes after a text: with a whole word, if there is one.
fn begin(before: &str) -> usize {
    let Some((at, _)) = before.char_indices().rev().nth(CHARS_BEFORE) else { return 0 };
    let space = before[at..].char_indices().find(|(_, c)| c.is_whitespace());
    space.map_or(at, |(space, c)| at + space + c.len_utf8())
}

//! Words that applicants may not know, and what they mean: those of the portal's own pages ([`portal`]), and those that a
//! call's definition adds.

mod portal;

use super::Call;
use crate::domain::text::{Lang, Text};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::OnceLock};

/// A word with its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Slug. A call explains a word of the portal in its own way under the same slug.
    pub id: String,
    pub words: Spellings,
    /// One or two sentences.
    pub meaning: Text,
}

/// How a word is written in each language; the first spelling is the one that is shown. Letter case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spellings {
    pub fr: Vec<String>,
    pub en: Vec<String>,
}

impl Spellings {
    pub fn get(&self, lang: &Lang) -> &[String] {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

impl Term {
    /// The word as shown.
    pub fn word(&self, lang: &Lang) -> &str {
        self.words.get(lang).first().map_or("", String::as_str)
    }

    /// True when a language is missing.
    pub(super) fn incomplete(&self) -> bool {
        let blank = |lang: &Lang| self.word(lang).trim().is_empty();
        self.meaning.incomplete() || Lang::ALL.iter().any(blank)
    }
}

/// A text in which words are looked for: in lower case, with one space on either side of each word.
pub struct WordText(String);

impl WordText {
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut words = String::from(" ");
        for text in texts {
            for c in text.chars() {
                if c.is_ascii_alphanumeric() {
                    words.push(c.to_ascii_lowercase());
                } else if !c.is_ascii() && c.is_alphanumeric() {
                    words.extend(c.to_lowercase());
                } else if !words.ends_with(' ') {
                    words.push(' ');
                }
            }
            if !words.ends_with(' ') {
                words.push(' ');
            }
        }
        Self(words)
    }

    /// Each word with the text that it begins.
    fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        let begins = self.0.match_indices(' ').map(|(at, _)| &self.0[at + 1..]);
        begins.filter_map(|rest| Some((rest.split_once(' ')?.0, rest)))
    }
}

/// The spellings of a glossary by their first word, so that a page is read once, whatever the number of spellings.
#[derive(Clone, Debug, Default)]
pub(super) struct WordIndex {
    fr: HashMap<String, Vec<Spelling>>,
    en: HashMap<String, Vec<Spelling>>,
}

/// A spelling of a term.
#[derive(Clone, Debug)]
struct Spelling {
    /// As in a [`WordText`], from its first letter, with the space behind it.
    words: String,
    /// Index of the term in the glossary.
    term: usize,
}

impl WordIndex {
    fn new(glossary: &[Term]) -> Self {
        let of = |lang: &Lang| {
            let mut spellings: HashMap<String, Vec<Spelling>> = HashMap::new();
            for (term, entry) in glossary.iter().enumerate() {
                for spelling in entry.words.get(lang) {
                    let text = WordText::new([spelling.as_str()]);
                    let Some((first, words)) = text.words().next() else { continue };
                    spellings.entry(first.to_owned()).or_default().push(Spelling { words: words.to_owned(), term });
                }
            }
            spellings
        };
        Self { fr: of(&Lang::Fr), en: of(&Lang::En) }
    }

    fn get(&self, lang: &Lang) -> &HashMap<String, Vec<Spelling>> {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

impl Call {
    /// The words of the glossary that a text uses, in the order of the glossary.
    pub fn terms_in(&self, text: &WordText, lang: &Lang) -> Vec<&Term> {
        let spellings = self.word_index.get_or_init(|| WordIndex::new(&self.glossary)).get(lang);
        let mut used = vec![false; self.glossary.len()];
        for (word, rest) in text.words() {
            for spelling in spellings.get(word).into_iter().flatten() {
                used[spelling.term] |= rest.starts_with(&spelling.words);
            }
        }
        self.glossary.iter().zip(used).filter(|(_, used)| *used).map(|(term, _)| term).collect()
    }

    /// Adds the words of the portal that the call does not explain itself.
    pub(super) fn add_portal_terms(&mut self) {
        for term in portal::terms() {
            if !self.glossary.iter().any(|own| own.id == term.id) {
                self.glossary.push(term);
            }
        }
        self.word_index = OnceLock::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{CALL, SMALL};

    fn found(text: &str, lang: Lang) -> Vec<&'static str> {
        CALL.terms_in(&WordText::new([text]), &lang).into_iter().map(|term| term.id.as_str()).collect()
    }

    #[test]
    fn words_are_found_whatever_their_case_and_what_is_around_them() {
        assert_eq!(found("L’ASSIETTE doit atteindre 125 000 €.", Lang::Fr), ["base"]);
        assert_eq!(found("(TRL, de 1 à 9)", Lang::Fr), ["trl"]);
        assert_eq!(found("une entreprise\u{a0}unique", Lang::Fr), ["single-undertaking"]);
        assert!(found("bases de données, verrouiller", Lang::Fr).is_empty(), "parts of longer words");
    }

    #[test]
    fn the_index_finds_what_is_found_spelling_by_spelling() {
        let mut texts: Vec<&Text> = CALL.faq.iter().flat_map(|entry| [&entry.question, &entry.answer]).collect();
        texts.extend(CALL.glossary.iter().map(|term| &term.meaning));
        texts.extend(CALL.sections.iter().flat_map(|section| &section.fields).filter_map(|field| field.help.as_ref()));
        let mut found = 0;
        for (text, lang) in texts.into_iter().flat_map(|text| Lang::ALL.map(|lang| (text, lang))) {
            let text = WordText::new([text.get(&lang)]);
            let mentions = |spelling: &String| text.0.contains(&WordText::new([spelling.as_str()]).0);
            let one_by_one: Vec<&str> = CALL
                .glossary
                .iter()
                .filter(|term| term.words.get(&lang).iter().any(mentions))
                .map(|term| term.id.as_str())
                .collect();
            let indexed: Vec<&str> = CALL.terms_in(&text, &lang).iter().map(|term| term.id.as_str()).collect();
            assert_eq!(indexed, one_by_one, "{}", text.0);
            found += indexed.len();
        }
        assert!(found > 50, "texts that use words: {found}");
    }

    #[test]
    fn every_word_that_company_heads_asked_about_is_explained() {
        for word in ["assiette", "relève", "porteur", "verrou", "TRL", "UTA", "entreprise unique"] {
            assert_eq!(found(word, Lang::Fr).len(), 1, "{word}");
        }
        for word in
            ["eligible base", "round", "technological obstacle", "TRL", "annual work unit", "single undertaking"]
        {
            assert!(!found(word, Lang::En).is_empty(), "{word}");
        }
    }

    #[test]
    fn no_word_stands_twice() {
        for call in [&*CALL, &*SMALL] {
            for lang in Lang::ALL {
                let mut seen = std::collections::BTreeSet::new();
                for term in &call.glossary {
                    for word in term.words.get(&lang) {
                        assert!(seen.insert(word.to_lowercase()), "{}: {word} stands twice", term.id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_call_may_explain_a_word_of_the_portal_itself() {
        assert!(SMALL.glossary.iter().any(|term| term.id == "round"), "the portal's words are there");
        let mut call = CALL.clone();
        call.glossary = vec![Term {
            id: "round".into(),
            words: Spellings { fr: vec!["relève".into()], en: vec!["round".into()] },
            meaning: Text::new("Un tour.", "A turn."),
        }];
        call.add_portal_terms();
        let rounds: Vec<_> = call.glossary.iter().filter(|term| term.id == "round").collect();
        assert_eq!(rounds.len(), 1);
        assert_eq!(rounds[0].meaning.fr, "Un tour.");
    }
}

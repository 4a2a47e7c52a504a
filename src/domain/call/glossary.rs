//! Words that applicants may not know, and what they mean: those of the portal's own pages ([`portal`]), and those that a
//! call's definition adds.

mod portal;

use super::Call;
use crate::domain::text::{Lang, Text};
use serde::{Deserialize, Serialize};

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
                if c.is_alphanumeric() {
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

    /// True when the text uses the word in this language.
    pub fn mentions(&self, term: &Term, lang: &Lang) -> bool {
        term.words.get(lang).iter().any(|word| self.0.contains(&Self::new([word.as_str()]).0))
    }
}

impl Call {
    /// The words of the glossary that a text uses, in the order of the glossary.
    pub fn terms_in(&self, text: &WordText, lang: &Lang) -> Vec<&Term> {
        self.glossary.iter().filter(|term| text.mentions(term, lang)).collect()
    }

    /// Adds the words of the portal that the call does not explain itself.
    pub(super) fn add_portal_terms(&mut self) {
        for term in portal::terms() {
            if !self.glossary.iter().any(|own| own.id == term.id) {
                self.glossary.push(term);
            }
        }
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

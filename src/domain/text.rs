//! Texts in the two languages of the portal.
//!
//! Both languages are written together wherever a sentence is made, so that a missing translation cannot compile (or,
//! for the call's data, cannot load).

pub mod clean;
pub mod spelling;
pub mod terminal;

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A language of the portal; French comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French, the language of the calls.
    #[default]
    Fr,
    /// English.
    En,
}

impl Lang {
    /// Every language, in the order of the switch on the pages.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// Chooses between the French and the English text.
    pub fn tr<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// The tag of the `lang` attribute (RFC 5646).
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
}

impl FromStr for Lang {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "fr" => Ok(Self::Fr),
            "en" => Ok(Self::En),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The first characters of a text from outside, for a message: what is repeated to its sender must not grow with the
/// input.
pub fn shorten(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number with the word for what is counted, one or several: French counts nought as one, English as several.
pub fn counted(count: usize, fr: [&str; 2], en: [&str; 2]) -> Text {
    let [one, several] = fr;
    let fr = format!("{count} {}", if count < 2 { one } else { several });
    let [one, several] = en;
    Text::new(fr, format!("{count} {}", if count == 1 { one } else { several }))
}

/// One text in both languages; neither may be empty once loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub fr: String,
    pub en: String,
}

impl Text {
    /// Makes a text from both languages.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn get(&self, lang: &Lang) -> &str {
        lang.tr(&self.fr, &self.en)
    }

    /// Replaces `{name}` in both languages.
    #[must_use]
    pub fn with(&self, name: &str, fr: &str, en: &str) -> Self {
        let key = format!("{{{name}}}");
        Self { fr: self.fr.replace(&key, fr), en: self.en.replace(&key, en) }
    }

    /// True when a language is missing.
    #[must_use]
    pub fn incomplete(&self) -> bool {
        self.fr.trim().is_empty() || self.en.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, counted, shorten};

    #[test]
    fn one_is_not_several_and_nought_is_not_the_same_in_both_languages() {
        let rows = |count| counted(count, ["ligne", "lignes"], ["row", "rows"]);
        assert_eq!(rows(0), Text::new("0 ligne", "0 rows"));
        assert_eq!(rows(1), Text::new("1 ligne", "1 row"));
        assert_eq!(rows(2), Text::new("2 lignes", "2 rows"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("été", 3), "été");
        assert_eq!(shorten("étés", 3), "été…");
        assert_eq!(shorten("", 3), "");
    }
}

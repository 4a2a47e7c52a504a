//! Countries as people write them: names in both languages and ISO 3166-1 codes, ignoring case and accents.

use super::text::{
    Lang, Text,
    clean::{TextKind, clean},
};
use std::{collections::BTreeMap, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

/// A country or territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, `FR`.
    pub code: &'static str,
    /// ISO 3166-1 alpha-3, `FRA`.
    pub alpha3: &'static str,
    fr: &'static str,
    en: &'static str,
    others: &'static str,
}

impl Country {
    pub fn name(&self, lang: &Lang) -> &'static str {
        lang.tr(self.fr, self.en)
    }

    /// Its names with its code.
    pub fn names(&self) -> Text {
        let Self { code, fr, en, .. } = self;
        Text::new(format!("{fr} ({code})"), format!("{en} ({code})"))
    }

    fn spellings(&self) -> impl Iterator<Item = &'static str> {
        let others = self.others.split('|').filter(|name| !name.is_empty());
        [self.code, self.alpha3, self.fr, self.en].into_iter().chain(others)
    }
}

const COUNTRY_TABLE: &str = include_str!("country/countries.tsv");

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let rows = COUNTRY_TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let [code, alpha3, fr, en, others] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
        Some(Country { code, alpha3, fr, en, others })
    })
    .collect()
});

/// Every spelling, normalized.
static SPELLINGS: LazyLock<BTreeMap<String, &'static Country>> =
    LazyLock::new(|| all().iter().flat_map(|one| one.spellings().map(move |name| (fold(name), one))).collect());

/// Every country, ordered by code.
#[must_use]
pub fn all() -> &'static [Country] {
    &COUNTRIES
}

pub fn by_code(code: &str) -> Option<&'static Country> {
    all().iter().find(|country| country.code == code)
}

/// Parses a country name or code.
pub fn read(text: &str) -> Option<&'static Country> {
    let folded = fold(&clean(TextKind::Identifier, text));
    let bare = ["la", "le", "les", "l", "the"].iter().find_map(|article| folded.strip_prefix(&format!("{article} ")));
    let found = |name: &str| SPELLINGS.get(name).copied();
    found(&folded).or_else(|| bare.and_then(found)).or_else(|| named_twice(&folded))
}

/// A name and the code of the same country behind it, as the portal shows it: `France (FR)`.
fn named_twice(folded: &str) -> Option<&'static Country> {
    let (name, code) = folded.rsplit_once(' ')?;
    let (name, code) = (SPELLINGS.get(name)?, SPELLINGS.get(code)?);
    (name == code).then_some(*name)
}

/// Keeps letters and digits only, without case and accents, with one space between words.
fn fold(text: &str) -> String {
    let plain: String = text
        .replace('&', " and ")
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .replace('œ', "oe")
        .replace('æ', "ae")
        // Points occur inside abbreviations: U.S.A.
        .replace('.', "");
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Option<&'static str> {
        read(text).map(|country| country.code)
    }

    #[test]
    fn b7_names_and_codes_are_read() {
        for text in [
            "France", "FRANCE", " france ", "FR", "fr", "FRA", "Fra\u{200b}nce", "la France", "République française",
            "France (FR)", "france – fra",
        ] {
            assert_eq!(code(text), Some("FR"), "{text}");
        }
        for (text, expected) in [
            ("La Réunion", "RE"),
            ("Reunion", "RE"),
            ("Guyane", "GF"),
            ("Guadeloupe", "GP"),
            ("martinique", "MQ"),
            ("Mayotte", "YT"),
            ("États-Unis", "US"),
            ("etats unis", "US"),
            ("U.S.A.", "US"),
            ("Germany", "DE"),
            ("allemagne", "DE"),
            ("Cote d'Ivoire", "CI"),
            ("Trinidad and Tobago", "TT"),
            ("Royaume Uni", "GB"),
            ("the Netherlands", "NL"),
            ("DEU", "DE"),
            ("République tchèque", "CZ"),
        ] {
            assert_eq!(code(text), Some(expected), "{text}");
        }
        for text in ["", "X", "XX", "Francie", "Europe", "France Belgique", "75", "France (DE)", "FR DE"] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn no_spelling_means_two_countries() {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for country in all() {
            for name in country.spellings() {
                let known = seen.insert(fold(name), country.code);
                assert!(known.is_none_or(|known| known == country.code), "{name}: {known:?} and {}", country.code);
            }
            assert_eq!((country.code.len(), country.alpha3.len()), (2, 3));
            assert_eq!(by_code(country.code), Some(country));
        }
        assert_eq!(all().len(), 250);
    }

    proptest! {
        #[test]
        fn every_name_is_read_back_in_any_case(index in 0_usize..250, upper in any::<bool>()) {
            let country = &all()[index];
            for name in country.spellings() {
                let typed = if upper { name.to_uppercase() } else { name.to_lowercase() };
                prop_assert_eq!(code(&typed), Some(country.code), "{}", typed);
            }
            for shown in [country.names().fr, country.names().en] {
                prop_assert_eq!(code(&shown), Some(country.code), "{}", shown);
            }
        }
        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let _judged = read(&text);
        }
    }
}

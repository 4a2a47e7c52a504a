//! One scalar, brought to its normal form.

use super::{
    date::day,
    number::{NumberError, parse_hundredths, parse_integer},
    phone::phone,
    url::url,
};
use crate::domain::{
    call::{Choice, FieldKind},
    company, country,
    email::EmailAddress,
    money::decimal,
    text::{Text, clean::clean, spelling::plain},
};

pub(super) fn known(options: &[Choice], id: &str) -> bool {
    options.iter().any(|option| option.id == id)
}

/// Brings one scalar to its normal form, or says why it cannot be read.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn normal(kind: FieldKind, options: &[Choice], text: &str) -> Result<String, Text> {
    normal_within(kind, options, Bounds::default(), text)
}

/// The least and the most of a number, as the form has them: a whole number as is, others in hundredths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

impl Bounds {
    /// What is expected instead of a text that is no whole number, with an example that the form would take.
    fn whole_number_expected(self) -> Text {
        let (low, high) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
        let example = match (self.min, self.max) {
            _ if (low..=high).contains(&EXAMPLE_NUMBER) => EXAMPLE_NUMBER,
            (Some(low), Some(high)) => low.midpoint(high),
            _ => self.min.or(self.max).unwrap_or(EXAMPLE_NUMBER),
        };
        let (fr, en) = match (self.min, self.max) {
            (Some(low), Some(high)) => (format!(" de {low} à {high}"), format!(" from {low} to {high}")),
            _ => Default::default(),
        };
        Text::new(
            format!("un nombre entier{fr} est attendu, par exemple {example}."),
            format!("a whole number{en} is expected, such as {example}."),
        )
    }
}

/// The whole number that messages give as an example, where it is possible.
const EXAMPLE_NUMBER: i64 = 12;

/// As [`normal`]; what is said of a text that is no whole number gives an example within the bounds.
pub(super) fn normal_within(kind: FieldKind, options: &[Choice], bounds: Bounds, text: &str) -> Result<String, Text> {
    let text = clean(kind.text_kind(), text);
    let text = text.trim();
    let refuse = |ok: Option<String>, fr: &str, en: &str| ok.ok_or_else(|| Text::new(fr, en));
    match kind {
        FieldKind::Text | FieldKind::LongText => Ok(text.to_owned()),
        FieldKind::Siren => refuse(
            company::siren(text),
            "ce n’est pas un SIREN : 9 chiffres, dont une clé de contrôle.",
            "this is not a SIREN: 9 digits, one of them a check digit.",
        ),
        FieldKind::Siret => refuse(
            company::siret(text),
            "ce n’est pas un SIRET : 14 chiffres, dont une clé de contrôle.",
            "this is not a SIRET: 14 digits, one of them a check digit.",
        ),
        FieldKind::Naf => refuse(
            company::naf(text),
            "un code NAF a quatre chiffres et une lettre, par exemple 62.01Z.",
            "a NAF code has four digits and a letter, such as 62.01Z.",
        ),
        FieldKind::Date => day(text).map(|day| day.to_string()),
        FieldKind::Money => parse_hundredths(text).map(decimal).map_err(|error| error.message()),
        // A share may be written with its sign.
        FieldKind::Hundredths => {
            let bare = plain(kind.text_kind(), text);
            parse_hundredths(bare.trim_end_matches('%')).map(decimal).map_err(|error| match error {
                NumberError::Malformed => {
                    Text::new("un nombre est attendu, par exemple 12,5.", "a number is expected, such as 12.5.")
                }
                error => error.message(),
            })
        }
        FieldKind::Integer => parse_integer(text).map(|number| number.to_string()).map_err(|error| match error {
            NumberError::Ambiguous(..) | NumberError::TooLarge | NumberError::TaxIncluded => error.message(),
            NumberError::Malformed | NumberError::TooPrecise => bounds.whole_number_expected(),
        }),
        FieldKind::Choice => refuse(
            known(options, text).then(|| text.to_owned()),
            "choisissez l’une des réponses proposées.",
            "choose one of the answers offered.",
        ),
        FieldKind::YesNo => refuse(
            matches!(text, "yes" | "no").then(|| text.to_owned()),
            "répondez par oui ou par non.",
            "answer yes or no.",
        ),
        FieldKind::Email => {
            EmailAddress::parse(text).map(|address| address.to_string()).map_err(|fault| fault.message())
        }
        FieldKind::Url => url(text).map_err(|fault| fault.message()),
        FieldKind::Phone => refuse(
            phone(text),
            "ce n’est pas un numéro de téléphone : 8 à 15 chiffres, dont neuf après +33, par exemple +33 1 23 45 67 89.",
            "this is not a telephone number: 8 to 15 digits, nine of them after +33, such as +33 1 23 45 67 89.",
        ),
        FieldKind::Country => refuse(
            country::read(text).map(|country| country.code.to_owned()),
            "ce pays n’est pas reconnu : écrivez son nom ou son code, par exemple France ou FR.",
            "this country is not recognised: write its name or its code, such as France or FR.",
        ),
        FieldKind::Choices | FieldKind::Declaration | FieldKind::Table => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [FieldKind; 14] = [
        FieldKind::Text,
        FieldKind::LongText,
        FieldKind::Siren,
        FieldKind::Siret,
        FieldKind::Naf,
        FieldKind::Date,
        FieldKind::Money,
        FieldKind::Hundredths,
        FieldKind::Integer,
        FieldKind::Email,
        FieldKind::Url,
        FieldKind::Phone,
        FieldKind::Country,
        FieldKind::YesNo,
    ];

    #[test]
    fn b5_what_cannot_be_seen_changes_no_answer() {
        for (kind, text) in [
            (FieldKind::Siret, "73282932000074"),
            (FieldKind::Siren, "732829320"),
            (FieldKind::Naf, "62.01Z"),
            (FieldKind::Date, "2024-07-31"),
            (FieldKind::Money, "125000.50"),
            (FieldKind::Hundredths, "12.50"),
            (FieldKind::Integer, "12"),
            (FieldKind::Phone, "+33123456789"),
            (FieldKind::Email, "ada@exemple.fr"),
            (FieldKind::Url, "https://exemple.fr"),
            (FieldKind::Country, "FR"),
            (FieldKind::YesNo, "yes"),
            (FieldKind::Text, "Exemple"),
        ] {
            for hidden in ["\u{200b}", "\u{feff}", "\u{202e}", "\u{61c}", "\u{3164}", "\u{2800}", "\u{ad}"] {
                let (head, tail) = text.split_at(1);
                let typed = format!("{hidden}{head}{hidden}{tail}{hidden}");
                assert_eq!(normal(kind, &[], &typed).as_deref(), Ok(text), "{kind:?} {typed:?}");
            }
        }
    }

    #[test]
    fn a_share_and_a_whole_number() {
        assert_eq!(normal(FieldKind::Hundredths, &[], "12,5 %").as_deref(), Ok("12.50"));
        assert_eq!(normal(FieldKind::Integer, &[], "1 250").as_deref(), Ok("1250"));
        assert!(normal(FieldKind::Integer, &[], "1,5").is_err_and(|words| words.en.contains("whole number")));
        assert!(normal(FieldKind::Integer, &[], "1.250").is_err_and(|words| words.en.contains("1,250 or 1.25")));
    }

    /// Seen for a maturity from 1 to 9: “such as 12”.
    #[test]
    fn an_example_is_one_that_the_form_takes() {
        let told = |min, max| normal_within(FieldKind::Integer, &[], Bounds { min, max }, "six").unwrap_err();
        let maturity = told(Some(1), Some(9));
        assert_eq!(maturity.fr, "un nombre entier de 1 à 9 est attendu, par exemple 5.");
        assert_eq!(maturity.en, "a whole number from 1 to 9 is expected, such as 5.");
        for (min, max, example) in [
            (None, None, "12."),
            (Some(0), None, "12."),
            (Some(20), None, "20."),
            (None, Some(9), "9."),
            (Some(1), Some(99), "12."),
        ] {
            let told = told(min, max);
            assert!(told.fr.ends_with(example) && told.en.ends_with(example), "{min:?} {max:?}: {}", told.en);
        }
        assert!(normal(FieldKind::Hundredths, &[], "dix").is_err_and(|told| told.fr.ends_with("par exemple 12,5.")));
    }

    proptest! {
        #[test]
        fn an_example_is_within_the_bounds(low in -100_i64..100, span in 0_i64..100) {
            let bounds = Bounds { min: Some(low), max: Some(low + span) };
            let told = bounds.whole_number_expected().en;
            let example: i64 = told.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
            prop_assert!((low..=low + span).contains(&example), "{}", told);
        }
        #[test]
        fn normal_forms_are_stable(text in any::<String>()) {
            for kind in KINDS {
                if let Ok(once) = normal(kind, &[], &text) {
                    prop_assert_eq!(normal(kind, &[], &once), Ok(once));
                }
            }
        }
    }
}

//! The answers of a form against a record of the register.

use super::{CompanyRecord, Place, legal_form::legal_form};
use crate::domain::{
    answers::{day, holds},
    call::{Call, Field, FieldKind, RegisterValue},
    company,
    document::Document,
};
use unicode_normalization::UnicodeNormalization;

/// How an answer relates to the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Not answered; the answer that the form offers is nobody’s yet.
    Empty,
    /// The same but for case, accents, punctuation and spaces.
    Same,
    Different,
}

/// What the register has for one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterAnswer {
    /// `section.field`.
    pub path: String,
    /// The value as it would be an answer.
    pub value: String,
    pub comparison: Comparison,
}

/// Compares the fields that the call marks with `register`, in the order of the form. Fields that are not asked, and those
/// for which the record has nothing, are left out.
#[must_use]
pub fn compare(call: &Call, answers: &Document, record: &CompanyRecord) -> Vec<RegisterAnswer> {
    let fields = call.sections.iter().flat_map(|section| section.fields.iter().map(move |field| (section, field)));
    fields
        .filter_map(|(section, field)| {
            let wanted = field.register.filter(|_| holds(field.when.as_ref(), answers))?;
            let value = value_of(record, wanted)?;
            if field.max_chars.is_some_and(|most| value.chars().count() > most) {
                return None;
            }
            let path = format!("{}.{}", section.id, field.id);
            let typed = answers.text(&path);
            let comparison = if typed.is_empty() || field.offered.as_deref() == Some(typed) {
                Comparison::Empty
            } else if is_same(field, typed, &value, &other_spellings(record, wanted, &value)) {
                Comparison::Same
            } else {
                Comparison::Different
            };
            Some(RegisterAnswer { path, value, comparison })
        })
        .collect()
}

fn value_of(record: &CompanyRecord, wanted: RegisterValue) -> Option<String> {
    match wanted {
        RegisterValue::LegalName => record.legal_name.clone(),
        RegisterValue::LegalForm => Some(legal_form(record.legal_form_code.as_deref()?)?.short.to_owned()),
        RegisterValue::Naf => record.naf.clone(),
        RegisterValue::Address => record.establishment.address.clone(),
        RegisterValue::City => record.establishment.city.clone(),
        RegisterValue::HeadOfficeAddress => record.head_office.address.clone(),
        RegisterValue::HeadOfficeCity => record.head_office.city.clone(),
        RegisterValue::CreatedOn => record.created_on.map(|day| day.to_string()),
        RegisterValue::RegisteredOn => record.registered_on.map(|day| day.to_string()),
    }
}

/// Other ways to write the same: a legal form in full, an address with its town.
fn other_spellings(record: &CompanyRecord, wanted: RegisterValue, value: &str) -> Vec<String> {
    let with_city = |place: &Place| place.city.iter().map(|city| format!("{value} {city}")).collect();
    match wanted {
        RegisterValue::LegalForm => {
            let form = record.legal_form_code.as_deref().and_then(legal_form);
            let long = form.map_or("", |form| form.long);
            vec![long.to_owned(), format!("{value} {long}"), format!("{long} {value}")]
        }
        RegisterValue::Address => with_city(&record.establishment),
        RegisterValue::HeadOfficeAddress => with_city(&record.head_office),
        _ => Vec::new(),
    }
}

fn is_same(field: &Field, typed: &str, value: &str, others: &[String]) -> bool {
    match field.kind {
        FieldKind::Date => day(typed).is_ok_and(|typed| typed.to_string() == value),
        FieldKind::Naf => company::naf(typed).is_some_and(|typed| typed == value),
        _ => {
            let typed = folded(typed);
            typed == folded(value) || others.iter().any(|other| typed == folded(other))
        }
    }
}

/// Letters and digits alone, without case and accents: registers write in capitals.
fn folded(text: &str) -> String {
    let plain = text.to_lowercase().replace('œ', "oe").replace('æ', "ae");
    plain.nfkd().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        document::Value,
        fixture::{CALL, SMALL},
    };
    use jiff::civil::date;
    use proptest::prelude::*;

    fn record() -> CompanyRecord {
        let text = |text: &str| Some(text.to_owned());
        CompanyRecord {
            siret: "99991234800011".into(),
            legal_name: text("GUINDEAU LOGICIELS"),
            legal_form_code: text("5710"),
            naf: text("62.01Z"),
            head_office: Place { address: text("12 RUE DU PALAN 69100"), city: text("VILLEURBANNE") },
            created_on: Some(date(2016, 3, 14)),
            registered_on: Some(date(2016, 3, 21)),
            ..CompanyRecord::default()
        }
    }

    fn typed(answers: &[(&str, &str)]) -> Document {
        let mut document = Document::default();
        for (path, text) in answers {
            document.set(&CALL, path, Value::Text((*text).into())).unwrap();
        }
        document
    }

    fn comparison_of(path: &str, text: &str) -> Comparison {
        let all = compare(&CALL, &typed(&[(path, text)]), &record());
        all.into_iter().find(|answer| answer.path == path).unwrap().comparison
    }

    #[test]
    fn an_empty_form_may_take_everything_that_the_call_asks_for() {
        let all = compare(&CALL, &Document::default(), &record());
        let paths: Vec<&str> = all.iter().map(|answer| answer.path.as_str()).collect();
        let names = ["name", "legal_form", "naf", "address", "city", "rcs_date", "created"];
        assert_eq!(paths, names.map(|name| format!("applicant.{name}")));
        assert!(all.iter().all(|answer| answer.comparison == Comparison::Empty));
        assert_eq!(all[1].value, "SAS");
        assert_eq!(all[5].value, "2016-03-21");
    }

    #[test]
    fn spellings_of_the_same_are_the_same() {
        for (path, text) in [
            ("applicant.name", "Guindeau Logiciels"),
            ("applicant.name", "guindeau-logiciels"),
            ("applicant.legal_form", "sas"),
            ("applicant.legal_form", "Société par actions simplifiée"),
            ("applicant.legal_form", "SAS (société par actions simplifiée)"),
            ("applicant.naf", "6201z"),
            ("applicant.address", "12 rue du Palan, 69100"),
            ("applicant.address", "12, rue du Palan – 69100 Villeurbanne"),
            ("applicant.city", "Villeurbanne"),
            ("applicant.created", "14/03/2016"),
        ] {
            assert_eq!(comparison_of(path, text), Comparison::Same, "{path}: {text}");
        }
        for (path, text) in [
            ("applicant.name", "Guindeau"),
            ("applicant.legal_form", "SASU"),
            ("applicant.naf", "62.02A"),
            ("applicant.created", "15/03/2016"),
            ("applicant.created", "naguère"),
        ] {
            assert_eq!(comparison_of(path, text), Comparison::Different, "{path}: {text}");
        }
    }

    #[test]
    fn what_the_register_does_not_say_is_left_out() {
        let unknown = CompanyRecord { legal_form_code: Some("9999".into()), ..CompanyRecord::default() };
        assert!(compare(&CALL, &Document::default(), &unknown).is_empty());
        let most = CALL.field("applicant.city").unwrap().max_chars.unwrap();
        let place = Place { address: None, city: Some("É".repeat(most + 1)) };
        let long = CompanyRecord { head_office: place, ..CompanyRecord::default() };
        assert!(compare(&CALL, &Document::default(), &long).is_empty(), "too long to be an answer");
    }

    #[test]
    fn a_call_without_marked_fields_takes_nothing() {
        assert!(compare(&SMALL, &Document::default(), &record()).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_compared_and_never_lost(text in "\\PC{0,60}") {
            let draft = typed(&[("applicant.name", &text)]);
            let before = draft.clone();
            let all = compare(&CALL, &draft, &record());
            let name = all.iter().find(|answer| answer.path == "applicant.name").unwrap();
            prop_assert_eq!(name.comparison == Comparison::Empty, draft.text("applicant.name").is_empty());
            prop_assert_eq!(draft, before);
        }

        #[test]
        fn a_value_that_was_taken_is_the_same_afterwards(
            name in "[A-Z][A-Z '&.-]{0,40}[A-Z]",
            city in "[A-Z][A-Z -]{0,30}[A-Z]",
        ) {
            let place = Place { address: Some(format!("1 RUE {city} 75001")), city: Some(city) };
            let record = CompanyRecord { legal_name: Some(name), head_office: place, ..record() };
            let mut draft = Document::default();
            for answer in compare(&CALL, &draft, &record) {
                draft.set(&CALL, &answer.path, Value::Text(answer.value)).unwrap();
            }
            for answer in compare(&CALL, &draft, &record) {
                prop_assert_eq!(answer.comparison, Comparison::Same, "{}", answer.path);
            }
        }
    }
}

//! What the public register of companies says of an establishment, and what it gives to the answers of a form.
//!
//! The shape is that of the State's *Recherche d’entreprises*. Its values are only offered: what the applicant typed stays,
//! and nothing here blocks a deposit.

mod comparison;
mod legal_form;
mod outcome;
mod warning;

pub use comparison::{Comparison, RegisterAnswer, compare};
pub use outcome::LookupOutcome;
pub use warning::RegisterWarning;

use super::{
    calendar::{day, show_day},
    call::Call,
    company,
    document::Document,
    text::{
        Text,
        clean::{TextKind, clean, is_blank},
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// At most this many characters of one text of the register are kept; a longer one is no name and no address.
const MAX_REGISTER_TEXT_CHARS: usize = 300;

/// Where an establishment is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Street and postcode.
    pub address: Option<String>,
    pub city: Option<String>,
}

/// The end of a company, an establishment or a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Its day, where the register gives it.
    pub on: Option<Date>,
}

/// Insolvency proceedings (*procédure collective*) as published in the BODACC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insolvency {
    /// Kind or state of the proceedings, in the register’s words.
    pub nature: Option<String>,
    /// Day of the judgment.
    pub on: Option<Date>,
}

/// What the register says of one establishment and its company. Whatever it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyRecord {
    /// The establishment that was asked for, fourteen digits.
    pub siret: String,
    pub legal_name: Option<String>,
    /// Code of the legal form in the nomenclature of Insee (*catégories juridiques*, level III), four digits.
    pub legal_form_code: Option<String>,
    /// Main activity, `62.01Z`.
    pub naf: Option<String>,
    pub establishment: Place,
    pub head_office: Place,
    pub created_on: Option<Date>,
    pub registered_on: Option<Date>,
    /// The company has ceased.
    pub company_closed: Option<Closure>,
    /// The establishment is closed, whatever its company does.
    pub establishment_closed: Option<Closure>,
    /// The company was struck off the RCS.
    pub struck_off: Option<Closure>,
    pub insolvency: Option<Insolvency>,
}

/// A record, and when the register was asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedRecord {
    pub taken_at: Timestamp,
    pub record: CompanyRecord,
}

impl DatedRecord {
    /// The source of a value, with its date in the zone of the call.
    #[must_use]
    pub fn source(&self, zone: &TimeZone) -> Text {
        let taken_on = day(self.taken_at, zone);
        Text::new(
            format!("Registre public, relevé le {}", show_day(taken_on).fr),
            format!("Public register, read on {}", show_day(taken_on).en),
        )
    }
}

impl CompanyRecord {
    /// What the applicant and those who examine should know; none of it blocks.
    #[must_use]
    pub fn warnings(&self) -> Vec<RegisterWarning> {
        let company = self.company_closed.map(RegisterWarning::CompanyClosed);
        // Every establishment of a company that has ceased is closed.
        let establishment =
            self.establishment_closed.filter(|_| company.is_none()).map(RegisterWarning::EstablishmentClosed);
        let struck_off = self.struck_off.map(RegisterWarning::StruckOff);
        let insolvency = self.insolvency.clone().map(RegisterWarning::Insolvency);
        [company, establishment, struck_off, insolvency].into_iter().flatten().collect()
    }
}

/// A text of the register as it is kept: cleaned like an answer of one line. None for what is empty, masked
/// (`[NON-DIFFUSIBLE]`) or longer than [`MAX_REGISTER_TEXT_CHARS`].
#[must_use]
pub fn register_text(text: &str) -> Option<String> {
    let text = clean(TextKind::Line, text).split_whitespace().collect::<Vec<_>>().join(" ");
    let masked = text.starts_with('[') && text.ends_with(']');
    (!is_blank(&text) && !masked && text.chars().count() <= MAX_REGISTER_TEXT_CHARS).then_some(text)
}

/// The SIRET in the answers, in its normal form; none while it cannot be one.
#[must_use]
pub fn siret_of(call: &Call, answers: &Document) -> Option<String> {
    company::siret(answers.text(&call.company.siret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn texts_of_the_register_are_kept_only_when_they_say_something() {
        assert_eq!(register_text(" GUINDEAU\u{200b}  LOGICIELS ").as_deref(), Some("GUINDEAU LOGICIELS"));
        for nothing in ["", " ", "\u{2060}", "[NON-DIFFUSIBLE]", "[ND]", &"A".repeat(MAX_REGISTER_TEXT_CHARS + 1)] {
            assert_eq!(register_text(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_record_of_an_earlier_release_can_be_read() {
        let record: CompanyRecord =
            serde_json::from_str(r#"{"siret":"99991234800011","struck_off":{"on":null}}"#).unwrap();
        assert_eq!((record.siret.as_str(), record.struck_off), ("99991234800011", Some(Closure { on: None })));
        let again = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<CompanyRecord>(&again).unwrap(), record);
    }

    #[test]
    fn a_source_names_the_day_in_the_zone_of_the_call() {
        let taken_at = "2026-11-29T23:30:00Z".parse().unwrap();
        let found = DatedRecord { taken_at, record: CompanyRecord::default() };
        let paris = TimeZone::get("Europe/Paris").unwrap();
        assert_eq!(found.source(&paris).fr, "Registre public, relevé le 30 novembre 2026");
        assert_eq!(found.source(&TimeZone::UTC).en, "Public register, read on 29 November 2026");
    }

    #[test]
    fn a_company_that_has_ceased_is_said_once() {
        let on = Some(date(2025, 3, 1));
        let closed = Some(Closure { on });
        let record = CompanyRecord { company_closed: closed, establishment_closed: closed, ..Default::default() };
        assert_eq!(record.warnings(), [RegisterWarning::CompanyClosed(Closure { on })]);
        let moved = CompanyRecord { establishment_closed: closed, ..Default::default() };
        assert_eq!(moved.warnings(), [RegisterWarning::EstablishmentClosed(Closure { on })]);
        assert!(CompanyRecord::default().warnings().is_empty());
    }
}

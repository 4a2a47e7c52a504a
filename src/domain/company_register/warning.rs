//! What the register says that an applicant should hear before the deposit. It warns, and never blocks.

use super::{Closure, Insolvency};
use crate::domain::{calendar::show_day, text::Text};
use jiff::civil::Date;

/// Something to know about a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterWarning {
    CompanyClosed(Closure),
    EstablishmentClosed(Closure),
    /// Struck off the RCS.
    StruckOff(Closure),
    Insolvency(Insolvency),
}

impl RegisterWarning {
    /// Name in the API.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::CompanyClosed(_) => "company_closed",
            Self::EstablishmentClosed(_) => "establishment_closed",
            Self::StruckOff(_) => "struck_off",
            Self::Insolvency(_) => "insolvency",
        }
    }

    #[must_use]
    pub fn message(&self) -> Text {
        match self {
            Self::CompanyClosed(closure) => dated(
                "Selon le registre public, cette entreprise a cessé son activité",
                "According to the public register, this company has ceased its activity",
                closure.on,
            ),
            Self::EstablishmentClosed(closure) => dated(
                "Selon le registre public, cet établissement est fermé",
                "According to the public register, this establishment is closed",
                closure.on,
            ),
            Self::StruckOff(closure) => dated(
                "Selon le registre public, cette entreprise est radiée du RCS",
                "According to the public register, this company is struck off the RCS",
                closure.on,
            ),
            Self::Insolvency(Insolvency { nature, on }) => {
                let nature = nature.as_deref().map_or_else(String::new, |nature| format!(" ({nature})"));
                dated(
                    &format!("Le registre public signale une procédure collective{nature}"),
                    &format!("The public register reports insolvency proceedings{nature}"),
                    *on,
                )
            }
        }
    }
}

/// A sentence, with the day where there is one.
fn dated(fr: &str, en: &str, on: Option<Date>) -> Text {
    match on {
        Some(on) => Text::new(format!("{fr} (le {}).", show_day(on).fr), format!("{en} (on {}).", show_day(on).en)),
        None => Text::new(format!("{fr}."), format!("{en}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn warnings_name_the_day_and_the_proceedings_where_they_are_known() {
        let closed = RegisterWarning::CompanyClosed(Closure { on: Some(date(2025, 3, 1)) });
        assert!(closed.message().fr.ends_with("a cessé son activité (le 1er mars 2025)."), "{closed:?}");
        let nature = Some("Liquidation judiciaire".to_owned());
        let proceedings = RegisterWarning::Insolvency(Insolvency { nature, on: None });
        let said = proceedings.message();
        assert!(said.fr.ends_with("une procédure collective (Liquidation judiciaire)."), "{}", said.fr);
        assert!(said.en.ends_with("proceedings (Liquidation judiciaire)."), "{}", said.en);
    }
}

//! The part of the register’s answers that we read, and what becomes of it. A member of another type makes the answer
//! unreadable; a text that is none of its kind, such as a day that does not exist, is left out.

use crate::domain::{
    company,
    company_register::{Closure, CompanyRecord, Insolvency, Place, register_text},
};
use jiff::civil::Date;
use serde::Deserialize;

/// An answer to `/search`.
#[derive(Debug, Deserialize)]
pub struct Answer {
    results: Vec<Company>,
}

/// A company (*unité légale*).
#[derive(Debug, Deserialize)]
struct Company {
    siren: String,
    nom_complet: Option<String>,
    nom_raison_sociale: Option<String>,
    nature_juridique: Option<String>,
    activite_principale: Option<String>,
    date_creation: Option<String>,
    date_fermeture: Option<String>,
    /// `A` (active) or `C` (ceased).
    etat_administratif: Option<String>,
    siege: Option<Establishment>,
    matching_etablissements: Option<Vec<Establishment>>,
    immatriculation: Option<Registration>,
    bodacc: Option<Bodacc>,
}

#[derive(Debug, Deserialize)]
struct Establishment {
    siret: Option<String>,
    adresse: Option<String>,
    code_postal: Option<String>,
    libelle_commune: Option<String>,
    date_fermeture: Option<String>,
    /// `A` (active) or `F` (closed).
    etat_administratif: Option<String>,
}

/// The registration in the national register of companies.
#[derive(Debug, Deserialize)]
struct Registration {
    date_immatriculation: Option<String>,
    date_radiation: Option<String>,
}

/// What the BODACC has published. Its members were nested in one version of the interface, and are not in another.
#[derive(Debug, Deserialize)]
struct Bodacc {
    radiation_rcs: Option<bool>,
    radiation_rcs_date: Option<String>,
    procedure_collective: Option<Proceedings>,
    procedure_collective_nature: Option<String>,
    procedure_collective_date_jugement: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Proceedings {
    statut: Option<String>,
    date: Option<String>,
}

impl Answer {
    /// The record of an establishment; none if the answer is about others only.
    pub fn record_of(self, siret: &str) -> Option<CompanyRecord> {
        let company = self.results.into_iter().find(|company| siret.get(..9) == Some(company.siren.as_str()))?;
        let establishments = || company.siege.iter().chain(company.matching_etablissements.iter().flatten());
        let own = establishments().find(|one| one.siret.as_deref() == Some(siret))?;
        let registration = company.immatriculation.as_ref();
        let struck_off = registration.and_then(|one| day(one.date_radiation.as_deref()));
        Some(CompanyRecord {
            siret: siret.to_owned(),
            legal_name: [&company.nom_raison_sociale, &company.nom_complet].into_iter().find_map(text),
            legal_form_code: company.nature_juridique.clone().filter(|code| is_legal_form_code(code)),
            naf: company.activite_principale.as_deref().and_then(company::naf),
            establishment: own.place(),
            head_office: company.siege.as_ref().map(Establishment::place).unwrap_or_default(),
            created_on: day(company.date_creation.as_deref()),
            registered_on: registration.and_then(|one| day(one.date_immatriculation.as_deref())),
            company_closed: closure(&company.etat_administratif, &company.date_fermeture, "C"),
            establishment_closed: closure(&own.etat_administratif, &own.date_fermeture, "F"),
            struck_off: company
                .bodacc
                .as_ref()
                .filter(|bodacc| bodacc.radiation_rcs == Some(true))
                .map(|bodacc| Closure { on: day(bodacc.radiation_rcs_date.as_deref()).or(struck_off) })
                .or(struck_off.map(|on| Closure { on: Some(on) })),
            insolvency: company.bodacc.as_ref().and_then(Bodacc::insolvency),
        })
    }
}

impl Establishment {
    fn place(&self) -> Place {
        let city = text(&self.libelle_commune);
        let postcode = text(&self.code_postal);
        let address = text(&self.adresse).map(|address| {
            // The register’s line ends with the town, which a form asks for in a field of its own.
            let end = postcode.iter().zip(&city).map(|(postcode, city)| format!(" {postcode} {city}")).next();
            let street = end.and_then(|end| address.strip_suffix(&end));
            match (street, &postcode) {
                (Some(street), Some(postcode)) => format!("{street} {postcode}"),
                _ => address,
            }
        });
        Place { address, city }
    }
}

impl Bodacc {
    fn insolvency(&self) -> Option<Insolvency> {
        let nested = self.procedure_collective.as_ref();
        let nature = text(&self.procedure_collective_nature).or_else(|| text(&nested?.statut));
        let on = day(self.procedure_collective_date_jugement.as_deref()).or_else(|| day(nested?.date.as_deref()));
        (nature.is_some() || on.is_some()).then_some(Insolvency { nature, on })
    }
}

fn text(value: &Option<String>) -> Option<String> {
    value.as_deref().and_then(register_text)
}

/// A day as `YYYY-MM-DD`.
fn day(text: Option<&str>) -> Option<Date> {
    text?.parse().ok()
}

/// Whether it is a code of four digits.
fn is_legal_form_code(code: &str) -> bool {
    code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The end of something, by its state or by a day of closing.
fn closure(state: &Option<String>, closed_on: &Option<String>, closed: &str) -> Option<Closure> {
    let on = day(closed_on.as_deref());
    (state.as_deref() == Some(closed) || on.is_some()).then_some(Closure { on })
}

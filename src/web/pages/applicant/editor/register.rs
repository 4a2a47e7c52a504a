//! What the editor shows of the public register of companies: the button that asks it, what it has for each field, and how
//! the last look-up ended.

use crate::{
    domain::{
        answers::readable::scalar,
        call::{Call, Field, Section},
        company_register::{Comparison, DatedRecord, LookupOutcome, RegisterAnswer, compare},
        ids::DossierId,
        text::Text,
    },
    web::{frame::PageContext, pages::applicant::dossier::DossierPage},
};
use askama::Template;
use serde::Deserialize;

/// The query of the editor after a look-up: its outcome, and the answers that it filled in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct LookupQuery {
    #[serde(default)]
    looked_up: String,
    /// Paths, separated by commas.
    #[serde(default)]
    filled: String,
}

impl LookupQuery {
    /// What such an address tells.
    #[cfg(test)]
    pub fn of(outcome: LookupOutcome, filled: &[&str]) -> Self {
        Self { looked_up: outcome.slug().to_owned(), filled: filled.join(",") }
    }

    /// The address of a section of the editor that tells how a look-up ended.
    pub fn address(id: DossierId, section: &str, outcome: LookupOutcome, filled: &[String]) -> String {
        let (outcome, filled) = (outcome.slug(), filled.join(","));
        format!("/dossiers/{id}/edit/{section}?looked_up={outcome}&filled={filled}#company-register")
    }
}

/// What is shown below a field.
#[derive(Template)]
#[template(path = "pages/applicant/editor/register_note.html")]
pub struct RegisterNote<'a> {
    s: &'a PageContext<'a>,
    dossier: DossierId,
    path: String,
    label: &'a str,
    /// Section whose form asks the register, below the field of the SIRET.
    asks: Option<&'a str>,
    /// Source and date, once the register has answered.
    source: Option<Text>,
    /// The register's value, as shown.
    value: Option<String>,
    /// The register's value as an answer, where another one was typed and may be replaced.
    offered: Option<String>,
    warnings: Vec<Text>,
}

impl askama::filters::HtmlSafe for RegisterNote<'_> {}

/// The register against the draft of one page.
pub struct RegisterView<'a> {
    s: &'a PageContext<'a>,
    dossier: DossierId,
    looks_up: bool,
    writes: bool,
    found: Option<&'a DatedRecord>,
    answers: Vec<RegisterAnswer>,
}

impl<'a> RegisterView<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &DossierPage<'a>, writes: bool) -> Self {
        let found = page.register;
        let answers = found.map(|found| compare(s.call, &page.dossier.draft, &found.record)).unwrap_or_default();
        Self { s, dossier: page.dossier.id, looks_up: page.looks_up, writes, found, answers }
    }

    /// The note of a field, if there is anything to say.
    pub fn note(&self, section: &'a Section, field: &'a Field) -> Option<RegisterNote<'a>> {
        let (s, path) = (self.s, format!("{}.{}", section.id, field.id));
        let of_siret = path == s.call.company.siret;
        let asks = (of_siret && self.looks_up && self.writes).then_some(section.id.as_str());
        let answer = self.answers.iter().find(|answer| answer.path == path);
        let found = self.found.filter(|_| of_siret || answer.is_some());
        if asks.is_none() && found.is_none() {
            return None;
        }
        let differs = answer.filter(|answer| self.writes && answer.comparison == Comparison::Different);
        Some(RegisterNote {
            s,
            dossier: self.dossier,
            label: field.label.get(s.lang),
            asks,
            source: found.map(|found| found.source(&s.zone())),
            value: answer.map(|answer| scalar(field.kind, &field.options, &answer.value, s.lang)),
            offered: differs.map(|answer| answer.value.clone()),
            warnings: found.filter(|_| of_siret).map(warnings).unwrap_or_default(),
            path,
        })
    }

    /// How the look-up that led to this page ended.
    pub fn notice(&self, told: &LookupQuery) -> Option<RegisterNotice<'a>> {
        let outcome: LookupOutcome = told.looked_up.parse().ok()?;
        let labels = |paths: &mut dyn Iterator<Item = &str>| -> Vec<FieldLink<'a>> {
            paths.filter_map(|path| FieldLink::new(self.s, self.dossier, path)).collect()
        };
        let found = self.found.filter(|_| outcome == LookupOutcome::Found);
        let different = self.answers.iter().filter(|answer| answer.comparison == Comparison::Different);
        Some(RegisterNotice {
            s: self.s,
            found: outcome == LookupOutcome::Found,
            sentence: outcome.message(),
            source: found.map(|found| found.source(&self.s.zone())),
            filled: labels(&mut told.filled.split(',')),
            different: labels(&mut different.map(|answer| answer.path.as_str())),
            warnings: found.map(warnings).unwrap_or_default(),
        })
    }
}

fn warnings(found: &DatedRecord) -> Vec<Text> {
    found.record.warnings().iter().map(crate::domain::company_register::RegisterWarning::message).collect()
}

/// How a look-up ended.
#[derive(Template)]
#[template(path = "pages/applicant/editor/register_notice.html")]
pub struct RegisterNotice<'a> {
    s: &'a PageContext<'a>,
    found: bool,
    sentence: Text,
    source: Option<Text>,
    filled: Vec<FieldLink<'a>>,
    different: Vec<FieldLink<'a>>,
    warnings: Vec<Text>,
}

impl askama::filters::HtmlSafe for RegisterNotice<'_> {}

/// A field of the form, with the address of its place in the editor.
struct FieldLink<'a> {
    address: String,
    label: &'a str,
}

impl<'a> FieldLink<'a> {
    fn new(s: &PageContext<'a>, dossier: DossierId, path: &str) -> Option<Self> {
        let call: &'a Call = s.call;
        let (section, _) = path.split_once('.')?;
        let label = call.field(path)?.label.get(s.lang);
        Some(Self { address: format!("{}/{dossier}/edit/{section}#field-{path}", s.url("/dossiers")), label })
    }
}

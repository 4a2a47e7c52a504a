//! What the public register had said of the company, beside a deposit.

use crate::{
    domain::{
        answers::readable::scalar,
        company_register::{Comparison, DatedRecord, RegisterAnswer, RegisterWarning},
        text::Text,
    },
    web::frame::PageContext,
};
use askama::Template;

/// Date, warnings, and what differs from the deposited answers.
#[derive(Template)]
#[template(path = "pages/examiner/register.html")]
pub struct RegisterBox<'a> {
    s: &'a PageContext<'a>,
    siret: &'a str,
    source: Text,
    warnings: Vec<Text>,
    /// Label of a field, and the register's value.
    different: Vec<(&'a str, String)>,
}

impl askama::filters::HtmlSafe for RegisterBox<'_> {}

impl<'a> RegisterBox<'a> {
    pub fn new(s: &'a PageContext<'a>, found: &'a DatedRecord, compared: &[RegisterAnswer]) -> Self {
        let different = compared.iter().filter(|answer| answer.comparison == Comparison::Different);
        let shown = different.filter_map(|answer| {
            let field = s.call.field(&answer.path)?;
            Some((field.label.get(s.lang), scalar(field.kind, &field.options, &answer.value, s.lang)))
        });
        Self {
            s,
            siret: &found.record.siret,
            source: found.source(&s.zone()),
            warnings: found.record.warnings().iter().map(RegisterWarning::message).collect(),
            different: shown.collect(),
        }
    }
}

//! The banner on the pages of a dossier: whether it is deposited, and until when.

use crate::{
    domain::dossier::status::DepositStatus,
    web::{
        frame::{PageContext, status::Sentence},
        pages::applicant::dossier::DossierPage,
    },
};
use askama::Template;

#[derive(Template)]
#[template(path = "pages/applicant/banner.html")]
pub struct Banner<'a> {
    s: &'a PageContext<'a>,
    p: &'a DossierPage<'a>,
    status: DepositStatus,
    sentence: Sentence<'a>,
    missing: usize,
}

impl askama::filters::HtmlSafe for Banner<'_> {}

impl<'a> Banner<'a> {
    pub fn new(s: &'a PageContext<'a>, p: &'a DossierPage<'a>) -> Self {
        let status = p.status(s);
        let sentence = Sentence::new(s, status.sentence());
        Self { s, p, status, sentence, missing: p.evaluation.blocking_count() }
    }
}

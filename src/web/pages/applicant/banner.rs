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
    /// Where the deposit is made, on pages on which it may be far below or elsewhere.
    deposit_link: Option<String>,
}

impl askama::filters::HtmlSafe for Banner<'_> {}

impl<'a> Banner<'a> {
    pub fn new(s: &'a PageContext<'a>, p: &'a DossierPage<'a>) -> Self {
        let status = p.status(s);
        let sentence = Sentence::new(s, status.sentence());
        Self { s, p, status, sentence, missing: p.evaluation.blocking_count(), deposit_link: None }
    }

    /// The banner with a link to the deposit, for those who may deposit and while it is possible.
    pub fn with_deposit_link(self, link: String) -> Self {
        let possible = self.status.depositable() && self.p.share.whole() && self.p.share.deposits();
        Self { deposit_link: possible.then_some(link), ..self }
    }
}

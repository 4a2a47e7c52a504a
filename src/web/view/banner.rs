//! The banner on the pages of a dossier: whether it is deposited, and until when.

use super::{
    DossierPage,
    shell::Shell,
    status::{Sentence, status},
};
use crate::domain::dossier::status::DepositStatus;
use askama::Template;

#[derive(Template)]
#[template(path = "view/banner.html")]
pub(super) struct Banner<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    status: DepositStatus,
    sentence: Sentence<'a>,
    missing: usize,
}

impl askama::filters::HtmlSafe for Banner<'_> {}

impl<'a> Banner<'a> {
    pub(super) fn new(s: &'a Shell<'a>, p: &'a DossierPage<'a>) -> Self {
        let status = status(s, p);
        let sentence = Sentence::new(s, status.sentence());
        Self { s, p, status, sentence, missing: p.evaluation.missing() }
    }
}

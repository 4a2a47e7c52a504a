//! What the pages that ask before an act on a dossier have in common.

use crate::{
    domain::dossier::status::DepositStatus,
    web::{
        frame::{PageContext, status::PrintHead},
        pages::applicant::{banner::Banner, dossier::DossierPage},
    },
};

/// The dossier that the act is about. Templates that extend `confirmation.html` call it `c`.
pub struct Confirmation<'a> {
    pub p: &'a DossierPage<'a>,
    pub banner: Banner<'a>,
    pub status: DepositStatus,
    pub print_head: PrintHead<'a>,
}

impl<'a> Confirmation<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &'a DossierPage<'a>) -> Self {
        Self { p: page, banner: Banner::new(s, page), status: page.status(s), print_head: page.print_head(s) }
    }
}

//! Exactly what would be sealed.

use crate::{
    domain::{dossier::status::DepositStatus, ids::DossierId},
    web::{
        extract::Path,
        frame::{PageRequest, PageResult, Shell, answers::Answers, money::AmountsBox, status::PrintHead},
        pages::applicant::{
            banner::Banner,
            dossier::{DossierPage, OpenedDossier},
        },
    },
};
use askama::Template;
use axum::response::Html;

pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> PageResult {
    let opened = OpenedDossier::load(&app, &ctx, id).await?;
    Ok(Html(opened.render(&app, &ctx, &here, |shell, page| PreviewPage::new(shell, &page).render())?))
}

#[derive(Template)]
#[template(path = "pages/applicant/preview.html")]
pub struct PreviewPage<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    answers: Answers<'a>,
    amounts: AmountsBox<'a>,
    missing: usize,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

impl<'a> PreviewPage<'a> {
    pub fn new(s: &'a Shell<'a>, page: &'a DossierPage<'a>) -> Self {
        Self {
            s,
            p: page,
            banner: Banner::new(s, page),
            answers: Answers::new(s, &page.evaluation.document, true),
            amounts: AmountsBox::new(s, &page.evaluation.amounts, false),
            missing: page.evaluation.missing(),
            status: page.status(s),
            print_head: page.print_head(s),
        }
    }
}

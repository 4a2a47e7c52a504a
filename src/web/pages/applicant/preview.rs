//! Exactly what would be sealed.

use crate::{
    domain::{dossier::status::DepositStatus, ids::DossierId},
    web::{
        extract::Path,
        frame::{PageContext, PageRequest, PageResult, answers::Answers, money::AmountsBox, status::PrintHead},
        pages::applicant::{
            banner::Banner,
            dossier::{DossierPage, LoadedDossier},
        },
    },
};
use askama::Template;
use axum::response::Html;

pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> PageResult {
    let opened = LoadedDossier::load(&app, &ctx, id).await?;
    Ok(Html(opened.render(&app, &ctx, &here, |context, page| PreviewPage::new(context, &page).render())?))
}

#[derive(Template)]
#[template(path = "pages/applicant/preview.html")]
pub struct PreviewPage<'a> {
    s: &'a PageContext<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    answers: Answers<'a>,
    amounts: AmountsBox<'a>,
    missing: usize,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

impl<'a> PreviewPage<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &'a DossierPage<'a>) -> Self {
        Self {
            s,
            p: page,
            banner: Banner::new(s, page),
            answers: Answers::new(s, &page.evaluation.document, true),
            amounts: AmountsBox::new(s, &page.evaluation.amounts, false),
            missing: page.evaluation.blocking_count(),
            status: page.status(s),
            print_head: page.print_head(s),
        }
    }
}

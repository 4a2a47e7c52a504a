//! Withdrawing a deposit, after confirmation.

use crate::{
    app::{App, AppError, Ctx, Withdrawal},
    domain::{
        dossier::status::{DepositStatus, Step as Act},
        ids::DossierId,
    },
    web::{
        address::{here, see_other},
        error::{Failure, describe},
        extract::Path,
        frame::{Shell, status::PrintHead},
        pages::applicant::{
            banner::Banner,
            dossier::{DossierPage, OpenedDossier},
        },
        posted::PostedForm,
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};

/// Asks for confirmation.
pub async fn ask(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = OpenedDossier::load(&app, &ctx, id).await?;
    if !opened.view.share.owned {
        return Err(AppError::NotFound.into());
    }
    Ok(Html(opened.render(&app, &ctx, &here(&uri), |shell, page| WithdrawPage::new(shell, &page).render())?))
}

/// Withdraws the version that the page showed; otherwise shows the page again, with what changed.
pub async fn withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    posted: PostedForm,
) -> Result<Response, Failure> {
    let shown = Withdrawal { receipt: posted.text("receipt").to_owned(), is_final: posted.text("final") == "true" };
    match app.withdraw(&ctx, id, &shown).await {
        Ok(()) => Ok(see_other(ctx.lang, &format!("/dossiers/{id}"))),
        Err(error @ AppError::DepositChanged) => {
            let notice = describe(&Failure::App(error)).detail;
            let opened = OpenedDossier::load(&app, &ctx, id).await?;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}/withdraw"), |shell, page| {
                WithdrawPage::new(shell, &DossierPage { notice: Some(&notice), ..page }).render()
            })?;
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "pages/applicant/withdraw.html")]
pub struct WithdrawPage<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

impl<'a> WithdrawPage<'a> {
    pub fn new(s: &'a Shell<'a>, page: &'a DossierPage<'a>) -> Self {
        Self { s, p: page, banner: Banner::new(s, page), status: page.status(s), print_head: page.print_head(s) }
    }
}

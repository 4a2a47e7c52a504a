//! Withdrawing a deposit, after confirmation.

use crate::{
    app::{AppError, WithdrawalConfirmation},
    domain::{dossier::status::PossibleAction, ids::DossierId},
    web::{
        address::see_other,
        error::{Failure, describe},
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult},
        pages::applicant::{
            confirmation::Confirmation,
            dossier::{DossierPage, LoadedDossier},
        },
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};

/// Asks for confirmation.
pub async fn ask(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> PageResult {
    let opened = LoadedDossier::load(&app, &ctx, id).await?;
    if !opened.view.share.owned {
        return Err(AppError::NotFound.into());
    }
    Ok(Html(opened.render(&app, &ctx, &here, |context, page| WithdrawPage::new(context, &page).render())?))
}

/// Withdraws the version that the page showed; otherwise shows the page again, with what changed.
pub async fn withdraw(Path(id): Path<DossierId>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let shown =
        WithdrawalConfirmation { receipt: posted.text("receipt").to_owned(), is_final: posted.text("final") == "true" };
    match app.withdraw(&ctx, id, &shown).await {
        Ok(()) => Ok(see_other(ctx.lang, &format!("/dossiers/{id}"))),
        Err(error @ AppError::DepositChanged) => {
            let notice = describe(&Failure::App(error)).detail;
            let opened = LoadedDossier::load(&app, &ctx, id).await?;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}/withdraw"), |context, page| {
                WithdrawPage::new(context, &DossierPage { notice: Some(&notice), ..page }).render()
            })?;
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "pages/applicant/withdraw.html")]
pub struct WithdrawPage<'a> {
    s: &'a PageContext<'a>,
    c: Confirmation<'a>,
}

impl<'a> WithdrawPage<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &'a DossierPage<'a>) -> Self {
        Self { s, c: Confirmation::new(s, page) }
    }
}

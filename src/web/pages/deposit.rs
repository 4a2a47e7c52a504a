//! Depositing and withdrawing.

use super::{dossier::OverviewState, here, see_other};
use crate::web::extract::Path;
use crate::{
    app::{App, AppError, Ctx, DraftChanged, Submission, Withdrawal},
    domain::ids::{AttemptId, DossierId},
    web::{
        error::{Failure, describe},
        posted::PostedForm,
        view::{self, DossierPage},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};

/// Deposits; answers with the receipt, or with the page and everything that prevents the deposit.
pub async fn deposit(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    posted: PostedForm,
) -> Result<Response, Failure> {
    let attempt = AttemptId(posted.parse("attempt")?);
    let revision = match posted.text("revision") {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::BadRequest)?),
    };
    let asked = Submission { attempt, revision };
    match app.deposit(&ctx, id, asked).await {
        // A retried attempt after a withdrawal is not a deposit: the dossier's page shows the current status.
        Ok(done) if !done.standing => Ok(see_other(ctx.lang, &format!("/dossiers/{id}"))),
        // The page was outdated: the deposit contains what it showed, not the changes made since.
        Ok(done) if !done.current => {
            let opened = OverviewState::load(&app, &ctx, id).await?;
            let dossier = &opened.page.dossier;
            let changed = DraftChanged::since_deposit(app.call(&dossier.call)?, dossier, done.receipt);
            opened.draft_changed(&app, &ctx, &changed)
        }
        Ok(done) => Ok(see_other(ctx.lang, &format!("/receipts/{}", done.receipt))),
        Err(AppError::DraftChanged(changed)) => {
            OverviewState::load(&app, &ctx, id).await?.draft_changed(&app, &ctx, &changed)
        }
        Err(AppError::Refused(evaluation)) => {
            let mut opened = OverviewState::load(&app, &ctx, id).await?;
            opened.page.evaluation = *evaluation;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}"), |shell, page| {
                view::overview(shell, &DossierPage { refused: true, ..page })
            })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

impl OverviewState {
    /// The dossier as it is now, with what changed.
    fn draft_changed(&self, app: &App, ctx: &Ctx, changed: &DraftChanged) -> Result<Response, Failure> {
        let notice = changed.message();
        let path = format!("/dossiers/{}", self.page.dossier.id);
        let page = self.render(app, ctx, &path, |shell, page| {
            view::overview(shell, &DossierPage { notice: Some(&notice), ..page })
        })?;
        Ok((StatusCode::CONFLICT, Html(page)).into_response())
    }
}

/// A reload of a rejected deposit, or a sign-in on the way, ends on the dossier's page.
pub async fn back(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>) -> Result<Response, Failure> {
    app.dossier_whole(&ctx, id).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}")))
}

/// Asks for confirmation.
pub async fn ask_withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = OverviewState::load(&app, &ctx, id).await?;
    if !opened.page.share.owned {
        return Err(AppError::NotFound.into());
    }
    Ok(Html(opened.render(&app, &ctx, &here(&uri), |shell, page| view::withdraw(shell, &page))?))
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
            let opened = OverviewState::load(&app, &ctx, id).await?;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}/withdraw"), |shell, page| {
                view::withdraw(shell, &DossierPage { notice: Some(&notice), ..page })
            })?;
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

//! Depositing.

use crate::{
    app::{App, AppError, Ctx, DepositRequest, DraftChanged},
    domain::ids::{AttemptId, DossierId},
    web::{
        address::see_other,
        error::Failure,
        extract::Path,
        frame::{FormRequest, HandlerResult},
        pages::applicant::{
            dossier::{DossierPage, LoadedDossier},
            overview::OverviewPage,
        },
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse},
};

/// Deposits; answers with the receipt, or with the page and everything that prevents the deposit.
pub async fn deposit(Path(id): Path<DossierId>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let attempt = AttemptId(posted.parse("attempt")?);
    let revision = match posted.text("revision") {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::BadRequest)?),
    };
    let request = DepositRequest { attempt, revision };
    match app.deposit(&ctx, id, request).await {
        // A retried attempt after a withdrawal is not a deposit: the dossier's page shows the current status.
        Ok(done) if !done.is_current => Ok(see_other(ctx.lang, &format!("/dossiers/{id}"))),
        // The page was outdated: the deposit contains what it showed, not the changes made since.
        Ok(done) if !done.draft_unchanged => {
            let opened = LoadedDossier::load(&app, &ctx, id).await?;
            let dossier = &opened.view.dossier;
            let changed = DraftChanged::since_deposit(app.call(&dossier.call)?, dossier, done.receipt);
            opened.draft_changed(&app, &ctx, &changed)
        }
        Ok(done) => Ok(see_other(ctx.lang, &format!("/receipts/{}", done.receipt))),
        Err(AppError::DraftChanged(changed)) => {
            LoadedDossier::load(&app, &ctx, id).await?.draft_changed(&app, &ctx, &changed)
        }
        Err(AppError::Refused(evaluation)) => {
            let mut opened = LoadedDossier::load(&app, &ctx, id).await?;
            opened.view.evaluation = *evaluation;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}"), |context, page| {
                OverviewPage::new(context, &DossierPage { refused: true, ..page }).render()
            })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

impl LoadedDossier {
    /// The dossier as it is now, with what changed.
    fn draft_changed(&self, app: &App, ctx: &Ctx, changed: &DraftChanged) -> HandlerResult {
        let notice = changed.message();
        let path = format!("/dossiers/{}", self.view.dossier.id);
        let page = self.render(app, ctx, &path, |context, page| {
            OverviewPage::new(context, &DossierPage { notice: Some(&notice), ..page }).render()
        })?;
        Ok((StatusCode::CONFLICT, Html(page)).into_response())
    }
}

/// A reload of a rejected deposit, or a sign-in on the way, ends on the dossier's page.
pub async fn redirect_to_dossier(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>) -> HandlerResult {
    app.dossier_whole(&ctx, id).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}")))
}

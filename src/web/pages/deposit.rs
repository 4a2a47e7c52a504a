//! Depositing and withdrawing.

use super::{dossier::Opened, here, see_other};
use crate::web::extract::Path;
use crate::{
    app::{App, AppError, Ctx},
    domain::ids::{AttemptId, DossierId},
    web::{
        error::Failure,
        extract::Posted,
        view::{self, DossierPage},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};

/// Deposits; the receipt follows at once, or the page with everything that prevents it.
pub async fn deposit(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    posted: Posted,
) -> Result<Response, Failure> {
    let attempt = AttemptId(posted.parse("attempt")?);
    match app.deposit(&ctx, id, attempt).await {
        // An old attempt sent again after a withdrawal is no deposit: the dossier's page says how things stand.
        Ok(done) if !done.standing => Ok(see_other(ctx.lang, &format!("/dossiers/{id}"))),
        Ok(done) => Ok(see_other(ctx.lang, &format!("/receipts/{}", done.receipt))),
        Err(AppError::Refused(_)) => {
            let opened = Opened::load(&app, &ctx, id).await?;
            let page = opened.render(&app, &ctx, &format!("/dossiers/{id}"), |shell, page| {
                view::overview(shell, &DossierPage { refused: true, ..page })
            })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// A reload of a refused deposit, or a sign-in on the way, ends on the dossier.
pub async fn back(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>) -> Result<Response, Failure> {
    app.page(&ctx, id).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}")))
}

/// Asks for confirmation.
pub async fn ask_withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = Opened::load(&app, &ctx, id).await?;
    if !opened.page.share.owned {
        return Err(AppError::NotFound.into());
    }
    Ok(Html(opened.render(&app, &ctx, &here(&uri), |shell, page| view::withdraw(shell, &page))?))
}

/// Withdraws.
pub async fn withdraw(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    _posted: Posted,
) -> Result<Response, Failure> {
    app.withdraw(&ctx, id).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}")))
}

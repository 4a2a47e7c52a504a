//! How things stand with a dossier, for pages that were open for a while; and taking a draft over to another round.

use super::see_other;
use crate::web::extract::Path;
use crate::{
    app::{App, Ctx},
    domain::{
        calendar::RoundId,
        ids::{AttemptId, DossierId},
    },
    web::{error::Failure, extract::PostedForm, view},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

/// Whether the dossier is deposited, and what may still be done.
pub async fn show(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>) -> Result<Response, Failure> {
    let (status, share) = app.deposit_status(&ctx, id).await?;
    Ok(Json(view::status_json(&status, &share, &ctx.lang)).into_response())
}

/// Takes a draft that its round has closed over to an open one; the new dossier follows.
pub async fn carry_over(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    posted: PostedForm,
) -> Result<Response, Failure> {
    // All rounds of the page share its attempt, and each is an act of its own.
    let round = posted.text("round");
    let attempt = AttemptId(posted.parse("attempt")?).towards(&format!("{id} {round}"));
    let begun = app.carry_over(&ctx, id, &RoundId(round.to_owned()), attempt).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{begun}?from={id}")))
}

//! The status of a dossier, for pages that have been open for a while; and carrying a draft over to another round.

use crate::{
    app::{App, Ctx},
    domain::{
        calendar::RoundId,
        ids::{AttemptId, DossierId},
    },
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult, status::status_json},
    },
};
use axum::{Json, extract::State, response::IntoResponse};

/// Whether the dossier is deposited, and what may still be done.
pub async fn show(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>) -> HandlerResult {
    let (status, share) = app.deposit_status(&ctx, id).await?;
    Ok(Json(status_json(&status, &share, &ctx.lang)).into_response())
}

/// Carries a draft of a closed round over to an open one; redirects to the new dossier.
pub async fn carry_over(Path(id): Path<DossierId>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    // All rounds on the page share one attempt id, and each is a separate operation.
    let round = posted.text("round");
    let attempt = AttemptId(posted.parse("attempt")?).for_target(&format!("{id} {round}"));
    let begun = app.carry_over(&ctx, id, &RoundId(round.to_owned()), attempt).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{begun}?from={id}")))
}

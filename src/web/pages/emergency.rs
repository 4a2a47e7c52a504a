//! Emergency access: requesting it, and approving a colleague's request.

use super::{here, render, see_other};
use crate::{
    app::{App, AppError, Ctx, examination::break_glass::REQUEST_LIFETIME},
    domain::{access::Role, calendar::show_instant, text::Text},
    web::{
        error::Failure,
        extract::Path,
        posted::PostedForm,
        view::{self, EmergencyRow},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use uuid::Uuid;

/// The requests.
pub async fn show(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    Ok(Html(page(&app, &ctx, &here(&uri), ("", ""), &[]).await?))
}

/// Creates a request; an incomplete form comes back as typed.
pub async fn ask(State(app): State<App>, ctx: Ctx, uri: Uri, posted: PostedForm) -> Result<Response, Failure> {
    let (receipt, reason) = (posted.text("receipt"), posted.text("reason"));
    let faults = match app.ask_emergency(&ctx, receipt, reason).await {
        Ok(()) => return Ok(see_other(ctx.lang, "/emergency")),
        Err(AppError::Emergency(faults)) => faults,
        Err(error) => return Err(error.into()),
    };
    let problems: Vec<(&str, Text)> = faults.iter().map(|fault| (fault.field(), fault.words())).collect();
    let page = page(&app, &ctx, &here(&uri), (receipt, reason), &problems).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// Approves a colleague's request.
pub async fn allow(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    _posted: PostedForm,
) -> Result<Response, Failure> {
    app.allow_emergency(&ctx, id).await?;
    Ok(see_other(ctx.lang, "/emergency"))
}

async fn page(
    app: &App,
    ctx: &Ctx,
    path: &str,
    typed: (&str, &str),
    problems: &[(&str, Text)],
) -> Result<String, Failure> {
    let call = app.call_of_host(ctx)?;
    let zone = call.time_zone();
    let own = ctx.account()?;
    let rows: Vec<EmergencyRow> = app
        .emergencies(ctx)
        .await?
        .into_iter()
        .map(|request| EmergencyRow {
            id: request.id,
            own: request.asked_by == own,
            waits: request.allowed_by.is_none() && request.asked_at > ctx.now - REQUEST_LIFETIME,
            readable: request.asked_by == own && request.ends_at.is_some_and(|ends| ends >= ctx.now),
            receipt: request.receipt,
            who: request.email,
            reason: request.reason,
            asked: show_instant(request.asked_at, &zone),
            allowed_by: request.allowed_by,
            until: request.ends_at.map(|ends| show_instant(ends, &zone)),
        })
        .collect();
    let asks = ctx.actor()?.account.roles.has(Role::Operator);
    Ok(render(app, ctx, call, path, |shell| view::emergency(shell, &rows, asks, typed, problems))?)
}

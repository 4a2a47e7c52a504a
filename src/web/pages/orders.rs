//! Orders about the service that wait for confirmation by a person.

use super::{here, render, see_other};
use crate::{
    app::{App, Ctx, service::order::ORDER_LIFETIME},
    domain::calendar::show_instant,
    web::{
        error::Failure,
        extract::Path,
        posted::PostedForm,
        view::{self, OrderRow},
    },
};
use axum::{
    extract::State,
    http::Uri,
    response::{Html, Response},
};
use uuid::Uuid;

/// The orders of the last day.
pub async fn list(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    let call = app.call_of_host(&ctx)?;
    let zone = call.time_zone();
    let row = |order: crate::store::order::Order| OrderRow {
        id: order.id,
        detail: order.detail,
        asked_by: order.asked_by,
        asked: show_instant(order.asked_at, &zone),
        waits: order.confirmed_by.is_none() && order.asked_at > ctx.now - ORDER_LIFETIME,
        confirmed_by: order.confirmed_by,
    };
    let rows: Vec<OrderRow> = app.orders(&ctx).await?.into_iter().map(row).collect();
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::orders(shell, &rows))?))
}

/// Confirms one; asks for a passkey first unless one was just used.
pub async fn confirm(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    _posted: PostedForm,
) -> Result<Response, Failure> {
    app.confirm_order(&ctx, id).await?;
    Ok(see_other(ctx.lang, "/orders"))
}

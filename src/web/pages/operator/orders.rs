//! Orders about the service that wait for confirmation by a person.

use crate::{
    app::{App, Ctx, service::order::ORDER_LIFETIME},
    store::order::Order,
    web::{
        address::{here, see_other},
        error::Failure,
        extract::Path,
        frame::{Shell, render},
        posted::PostedForm,
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::Uri,
    response::{Html, Response},
};
use uuid::Uuid;

/// The orders of the last day.
pub async fn list(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    let (call, orders) = (app.call_of_host(&ctx)?, app.orders(&ctx).await?);
    Ok(Html(render(&app, &ctx, call, &here(&uri), |s| OrdersPage { s, orders: &orders }.render())?))
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

#[derive(Template)]
#[template(path = "pages/operator/orders.html")]
pub struct OrdersPage<'a> {
    pub s: &'a Shell<'a>,
    pub orders: &'a [Order],
}

impl OrdersPage<'_> {
    /// It can still be confirmed.
    fn waits(&self, order: &Order) -> bool {
        order.confirmed_by.is_none() && order.asked_at > self.s.now - ORDER_LIFETIME
    }
}

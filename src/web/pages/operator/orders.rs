//! Orders about the service that wait for confirmation by a person.

use crate::{
    app::service::order::ORDER_LIFETIME,
    store::order::Order,
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::response::Html;
use uuid::Uuid;

/// The orders of the last day.
pub async fn list(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    let (call, orders) = (app.call_of_host(&ctx)?, app.orders(&ctx).await?);
    Ok(Html(render(&app, &ctx, call, &here, |s| OrdersPage { s, orders: &orders }.render())?))
}

/// Confirms one; asks for a passkey first unless one was just used.
pub async fn confirm(Path(id): Path<Uuid>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.confirm_order(&ctx, id).await?;
    Ok(see_other(ctx.lang, "/orders"))
}

#[derive(Template)]
#[template(path = "pages/operator/orders.html")]
pub struct OrdersPage<'a> {
    pub s: &'a PageContext<'a>,
    pub orders: &'a [Order],
}

impl OrdersPage<'_> {
    /// It can still be confirmed.
    fn waits(&self, order: &Order) -> bool {
        order.confirmed_by.is_none() && order.asked_at > self.s.now - ORDER_LIFETIME
    }
}

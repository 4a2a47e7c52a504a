//! The delivery of mails: those that wait, and the addresses that fail.

use crate::{
    app::service::mail::FailingAddresses,
    domain::delivery::FailureKind,
    web::frame::{PageContext, PageRequest, PageResult, render},
};
use askama::Template;
use axum::response::Html;

/// For operators of the service.
pub async fn list(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    let (call, mails) = (app.call_of_host(&ctx)?, app.failing_addresses(&ctx).await?);
    Ok(Html(render(&app, &ctx, call, &here, |s| DeliveryPage { s, mails: &mails }.render())?))
}

#[derive(Template)]
#[template(path = "pages/operator/delivery.html")]
pub struct DeliveryPage<'a> {
    pub s: &'a PageContext<'a>,
    pub mails: &'a FailingAddresses,
}

impl DeliveryPage<'_> {
    /// The number of failing addresses beyond those listed.
    fn more(&self) -> i64 {
        self.mails.total - i64::try_from(self.mails.addresses.len()).unwrap_or(i64::MAX)
    }
}

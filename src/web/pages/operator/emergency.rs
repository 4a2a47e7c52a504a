//! Emergency access: requesting it, and approving a colleague's request.

use crate::{
    app::{App, AppError, Ctx, examination::break_glass::REQUEST_LIFETIME},
    domain::{access::Role, ids::AccountId, text::Text},
    store::break_glass::Request,
    web::{
        address::see_other,
        error::Failure,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};
use uuid::Uuid;

/// The requests.
pub async fn show(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    Ok(Html(page(&app, &ctx, &here, ("", ""), &[]).await?))
}

/// Creates a request; an incomplete form comes back as typed.
pub async fn ask(FormRequest { app, ctx, here, posted }: FormRequest) -> HandlerResult {
    let (receipt, reason) = (posted.text("receipt"), posted.text("reason"));
    let faults = match app.ask_break_glass(&ctx, receipt, reason).await {
        Ok(()) => return Ok(see_other(ctx.lang, "/emergency")),
        Err(AppError::BreakGlass(faults)) => faults,
        Err(error) => return Err(error.into()),
    };
    let problems: Vec<(&str, Text)> = faults.iter().map(|fault| (fault.field(), fault.message())).collect();
    let page = page(&app, &ctx, &here, (receipt, reason), &problems).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// Approves a colleague's request.
pub async fn allow(Path(id): Path<Uuid>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.allow_break_glass(&ctx, id).await?;
    Ok(see_other(ctx.lang, "/emergency"))
}

async fn page(
    app: &App,
    ctx: &Ctx,
    path: &str,
    (receipt, reason): (&str, &str),
    problems: &[(&str, Text)],
) -> Result<String, Failure> {
    let (call, own) = (app.call_of_host(ctx)?, ctx.account()?);
    let requests = app.break_glass_requests(ctx).await?;
    let asks = ctx.actor()?.account.roles.has(Role::Operator);
    Ok(render(app, ctx, call, path, |s| {
        EmergencyPage { s, requests: &requests, own, asks, receipt, reason, problems }.render()
    })?)
}

/// The requests, and the form for a new one.
#[derive(Template)]
#[template(path = "pages/operator/emergency.html")]
pub struct EmergencyPage<'a> {
    pub s: &'a PageContext<'a>,
    pub requests: &'a [Request],
    /// The user's account.
    pub own: AccountId,
    /// The user may make a request.
    pub asks: bool,
    /// The form, as typed.
    pub receipt: &'a str,
    pub reason: &'a str,
    /// What is wrong in it: field and message.
    pub problems: &'a [(&'a str, Text)],
}

impl EmergencyPage<'_> {
    fn problem(&self, field: &str) -> Option<&Text> {
        self.problems.iter().find(|(of, _)| *of == field).map(|(_, words)| words)
    }
    fn is_own(&self, request: &Request) -> bool {
        request.asked_by == self.own
    }
    /// It can still be approved.
    fn waits(&self, request: &Request) -> bool {
        request.allowed_by.is_none() && request.asked_at > self.s.now - REQUEST_LIFETIME
    }
    /// The user may read the dossier now.
    fn readable(&self, request: &Request) -> bool {
        self.is_own(request) && request.ends_at.is_some_and(|ends| ends >= self.s.now)
    }
}

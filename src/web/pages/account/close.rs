//! Closing one's account, after confirmation.

use crate::{
    app::{App, AppError, ClosingList, ClosingSummary, Ctx, account::close::ClosingFault},
    domain::text::Text,
    web::{
        address::see_other,
        error::Failure,
        extract::SESSION_COOKIE,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse},
};

/// Says what goes and what stays, and asks for confirmation.
pub async fn ask(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    Ok(Html(page(&app, &ctx, &here, "", &[]).await?))
}

/// Closes the account; otherwise shows the page again, with what is wrong.
pub async fn close(FormRequest { app, ctx, here, posted }: FormRequest) -> HandlerResult {
    let typed = posted.text("email");
    match app.close_account(&ctx, typed, posted.text("shown")).await {
        Ok(()) => {
            let gone = format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
            Ok(([(header::SET_COOKIE, gone)], see_other(ctx.lang, "/sign-in?done=closed")).into_response())
        }
        Err(AppError::Closing(faults)) => {
            let page = page(&app, &ctx, &here, typed, &faults).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(app: &App, ctx: &Ctx, here: &str, typed: &str, faults: &[ClosingFault]) -> Result<String, Failure> {
    let summary = app.closing_summary(ctx).await?;
    let obstacle = app.closing_obstacle(ctx)?.map(ClosingFault::message);
    let messages: Vec<(ClosingFault, Text)> = faults.iter().map(|fault| (*fault, fault.message())).collect();
    let of = |wanted| messages.iter().find(|(fault, _)| *fault == wanted).map(|(_, message)| message);
    let unconfirmed = ctx.actor()?.rights.unconfirmed(ctx.now);
    let page = |s: &PageContext<'_>| {
        ClosePage {
            s,
            summary: &summary,
            obstacle: obstacle.as_ref(),
            unconfirmed,
            typed,
            problem: of(ClosingFault::Address),
            notice: of(ClosingFault::Changed),
        }
        .render()
    };
    Ok(render(app, ctx, app.call_of_host(ctx)?, here, page)?)
}

/// How many dossiers a list does not name, and how many accesses to them end.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/close_others.html")]
struct ClosingOthers<'a> {
    s: &'a PageContext<'a>,
    list: &'a ClosingList,
}

impl askama::filters::HtmlSafe for ClosingOthers<'_> {}

#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/close.html")]
pub struct ClosePage<'a> {
    pub s: &'a PageContext<'a>,
    /// What becomes of the user's dossiers.
    pub summary: &'a ClosingSummary,
    /// Why the account cannot be closed at all.
    pub obstacle: Option<&'a Text>,
    /// The user has to present a passkey first.
    pub unconfirmed: bool,
    /// The address, as typed.
    pub typed: &'a str,
    /// What is wrong with it.
    pub problem: Option<&'a Text>,
    /// Why the page is shown again.
    pub notice: Option<&'a Text>,
}

impl ClosePage<'_> {
    fn others<'a>(&'a self, list: &'a ClosingList) -> ClosingOthers<'a> {
        ClosingOthers { s: self.s, list }
    }
}

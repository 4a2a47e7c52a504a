//! The frame of every page, and the parts that pages of several readers show. It knows no page.

pub mod answers;
pub mod deposit_period;
pub mod error_page;
pub mod field;
pub mod mail_failure;
pub mod manifest;
pub mod money;
mod page_context;
pub mod scan;
pub mod show;
pub mod status;
pub mod why;
pub mod words;

pub use page_context::{LocalizedUrl, PageContext, Viewer};

use crate::{
    app::{Actor, App, Ctx},
    auth,
    domain::call::Call,
    web::{
        error::Failure,
        posted::{PostedForm, form_session},
    },
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
    response::{Html, Response},
};
use serde::Deserialize;

/// The query of a page: a code for what was just done.
#[derive(Deserialize)]
pub struct DoneQuery {
    #[serde(default)]
    pub done: String,
}

/// What a page answers.
pub type PageResult = Result<Html<String>, Failure>;

/// What any other handler answers: a redirect, a file, a page with another status.
pub type HandlerResult = Result<Response, Failure>;

/// The request for a page: who asks, and the path and query of the page without its language.
pub struct PageRequest {
    pub app: App,
    pub ctx: Ctx,
    pub here: String,
}

impl FromRequestParts<App> for PageRequest {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let ctx = Ctx::from_request_parts(parts, app).await?;
        let here = parts.uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string);
        Ok(Self { app: app.clone(), ctx, here })
    }
}

/// A form that was sent from a page and passed the CSRF check.
pub struct FormRequest {
    pub app: App,
    pub ctx: Ctx,
    pub here: String,
    pub posted: PostedForm,
}

impl FromRequest<App> for FormRequest {
    type Rejection = Failure;
    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let PageRequest { app, ctx, here } = PageRequest::from_request_parts(&mut parts, app).await?;
        let posted = PostedForm::from_request(Request::from_parts(parts, body), &app).await?;
        Ok(Self { app, ctx, here, posted })
    }
}

/// Renders a page at a path in its frame, and explains the words that it uses.
pub fn render<E: From<askama::Error>>(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    path: &str,
    page: impl FnOnce(&PageContext<'_>) -> Result<String, E>,
) -> Result<String, E> {
    let csrf = form_session(ctx).map_or_else(String::new, |session| auth::form_token(&app.keys, &session));
    let viewer = ctx.actor.as_ref().map(|Actor { account, .. }| Viewer {
        email: &account.email,
        officer: account.roles.lists(),
        evaluates: account.roles.evaluates(),
    });
    let page = page(&PageContext {
        lang: &ctx.lang,
        path,
        viewer,
        csrf: &csrf,
        demonstration: app.config.portal.demonstration,
        call,
        publisher: &app.config.publisher,
        origin: app.origin(ctx),
        now: ctx.now,
        several_calls: app.calls.len() > 1,
    })?;
    Ok(words::explain(page, call, &ctx.lang)?)
}

//! The public pages of the call.

use super::render;
use crate::web::extract::Path;
use crate::{
    app::{App, AppError, Ctx},
    domain::call::Call,
    web::{
        cache,
        error::Failure,
        view::{self, Shell},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};

type PageResult = Result<Response, Failure>;
/// The extractors of every page of a call.
type CallPageRequest = (State<App>, Ctx, Path<String>, Uri, HeaderMap);

fn cached(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    uri: &Uri,
    headers: &HeaderMap,
    view: impl FnOnce(&Shell<'_>) -> Result<String, askama::Error>,
) -> PageResult {
    // Without the query: it changes nothing on these pages, and a stranger must not fill the cache with variants.
    let path = uri.path();
    // The same path leads to another call on another host.
    Ok(cache::page(ctx, headers, &format!("{} {path}", call.id), || render(app, ctx, call, path, view))?)
}

/// The home page of the host's call, or of the first call.
pub async fn first(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> PageResult {
    cached(&app, &ctx, app.call_of_host(&ctx)?, &uri, &headers, view::home)
}

/// Legal notice and privacy.
pub async fn legal(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> PageResult {
    cached(&app, &ctx, app.call_of_host(&ctx)?, &uri, &headers, view::legal)
}

macro_rules! page_of_call {
    ($($(#[$doc:meta])* $name:ident => $view:path),* $(,)?) => {$(
        $(#[$doc])*
        pub async fn $name((State(app), ctx, Path(call), uri, headers): CallPageRequest) -> PageResult {
            cached(&app, &ctx, app.call(&call)?, &uri, &headers, $view)
        }
    )*};
}

page_of_call! {
    /// Calendar, budget and benefits.
    home => view::home,
    bricks => view::bricks,
    /// Questions and answers.
    faq => view::faq,
    rules => view::rules,
    criteria => view::criteria,
    /// How contradictions are interpreted.
    interpretations => view::interpretations,
}

/// One brick.
pub async fn brick(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, slug)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> PageResult {
    let call = app.call(&call)?;
    let brick = call.brick(&slug).ok_or(AppError::NotFound)?;
    cached(&app, &ctx, call, &uri, &headers, |shell| view::brick(shell, brick))
}

//! The public pages of the call.

use crate::{
    app::{App, AppError, Ctx},
    domain::{
        call::{Brick, Call},
        finding::Severity,
    },
    web::{
        cache,
        extract::Path,
        frame::{HandlerResult, PageContext, render},
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

/// The extractors of every page of a call.
type CallPageRequest = (State<App>, Ctx, Path<String>, Uri, HeaderMap);

/// Answers a public page from the cache, or renders it.
pub(super) fn cached(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    uri: &Uri,
    headers: &HeaderMap,
    view: impl FnOnce(&PageContext<'_>) -> Result<String, askama::Error>,
) -> HandlerResult {
    // Without the query: it changes nothing on these pages, and a stranger must not fill the cache with variants.
    let path = uri.path();
    // The same path leads to another call on another host, and a page names its own address.
    let key = format!("{} {} {path}", app.origin(ctx), call.id);
    Ok(cache::page(ctx, headers, &key, || render(app, ctx, call, path, view))?)
}

/// The pages that show a call alone.
macro_rules! call_pages {
    ($($(#[$doc:meta])* $name:ident, $page:ident, $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        pub struct $page<'a> {
            pub s: &'a PageContext<'a>,
        }

        $(#[$doc])*
        pub async fn $name((State(app), ctx, Path(call), uri, headers): CallPageRequest) -> HandlerResult {
            cached(&app, &ctx, app.call(&call)?, &uri, &headers, |s| $page { s }.render())
        }
    )*};
}

call_pages! {
    /// Purpose, calendar, budget and procedure.
    home, HomePage, "pages/public/home.html";
    bricks, BricksPage, "pages/public/bricks.html";
    /// Questions and answers.
    faq, FaqPage, "pages/public/faq.html";
    rules, RulesPage, "pages/public/rules.html";
    criteria, CriteriaPage, "pages/public/criteria.html";
    /// How contradictions are interpreted.
    interpretations, InterpretationsPage, "pages/public/interpretations.html";
}

impl HomePage<'_> {
    fn company_pieces(&self) -> usize {
        self.s.call.attached_pieces().filter(|piece| piece.required && piece.when.is_none()).count()
    }
}

/// The home page of the host's call, or of the first call.
pub async fn front_page(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> HandlerResult {
    cached(&app, &ctx, app.call_of_host(&ctx)?, &uri, &headers, |s| HomePage { s }.render())
}

/// One brick.
#[derive(Template)]
#[template(path = "pages/public/brick.html")]
pub struct BrickPage<'a> {
    pub s: &'a PageContext<'a>,
    pub brick: &'a Brick,
}

pub async fn brick(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, slug)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> HandlerResult {
    let call = app.call(&call)?;
    let brick = call.brick(&slug).ok_or(AppError::NotFound)?;
    cached(&app, &ctx, call, &uri, &headers, |s| BrickPage { s, brick }.render())
}

//! The public pages of the call.

use crate::{
    app::{App, AppError, Ctx},
    domain::{
        calendar::Round,
        call::{Brick, Call},
        finding::Severity,
    },
    web::{
        cache,
        extract::Path,
        frame::{HandlerResult, PageContext, deposit_period::PeriodSentence, render},
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};

/// The extractors of every page of a call.
type CallPageRequest = (State<App>, Ctx, Path<String>, Uri, HeaderMap);

fn cached(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    uri: &Uri,
    headers: &HeaderMap,
    view: impl FnOnce(&PageContext<'_>) -> Result<String, askama::Error>,
) -> HandlerResult {
    // Without the query: it changes nothing on these pages, and a stranger must not fill the cache with variants.
    let path = uri.path();
    // The same path leads to another call on another host.
    Ok(cache::page(ctx, headers, &format!("{} {path}", call.id), || render(app, ctx, call, path, view))?)
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
    bricks, BricksPage, "pages/public/bricks.html";
    rules, RulesPage, "pages/public/rules.html";
    criteria, CriteriaPage, "pages/public/criteria.html";
    /// How contradictions are interpreted.
    interpretations, InterpretationsPage, "pages/public/interpretations.html";
}

/// Purpose, calendar, budget and procedure.
#[derive(Template)]
#[template(path = "pages/public/home.html")]
pub struct HomePage<'a> {
    s: &'a PageContext<'a>,
    period: PeriodSentence<'a>,
}

pub async fn home((State(app), ctx, Path(call), uri, headers): CallPageRequest) -> HandlerResult {
    cached(&app, &ctx, app.call(&call)?, &uri, &headers, |s| HomePage::new(s).render())
}

impl<'a> HomePage<'a> {
    pub fn new(s: &'a PageContext<'a>) -> Self {
        Self { s, period: PeriodSentence::new(s) }
    }
}

impl HomePage<'_> {
    /// The interpretations of a round's dates.
    fn interpretations(&self, round: &Round) -> Vec<String> {
        round.interpretation.iter().cloned().collect()
    }

    fn cost_rules(&self) -> Vec<String> {
        self.s.call.funding.costs.iter().map(|cost| cost.rule.clone()).collect()
    }

    fn duty_rules(&self) -> Vec<String> {
        self.s.call.duties.iter().map(|duty| duty.id.clone()).collect()
    }

    fn company_pieces(&self) -> usize {
        self.s.call.attached_pieces().filter(|piece| piece.required && piece.when.is_none()).count()
    }
}

/// The home page of the host's call, or of the first call.
pub async fn front_page(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> HandlerResult {
    cached(&app, &ctx, app.call_of_host(&ctx)?, &uri, &headers, |s| HomePage::new(s).render())
}

/// Questions and answers, below until when one may deposit.
#[derive(Template)]
#[template(path = "pages/public/faq.html")]
pub struct FaqPage<'a> {
    s: &'a PageContext<'a>,
    period: PeriodSentence<'a>,
}

pub async fn faq((State(app), ctx, Path(call), uri, headers): CallPageRequest) -> HandlerResult {
    cached(&app, &ctx, app.call(&call)?, &uri, &headers, |s| FaqPage::new(s).render())
}

impl<'a> FaqPage<'a> {
    pub fn new(s: &'a PageContext<'a>) -> Self {
        Self { s, period: PeriodSentence::new(s) }
    }
}

/// Legal notice and privacy.
#[derive(Template)]
#[template(path = "pages/public/legal.html")]
pub struct LegalPage<'a> {
    pub s: &'a PageContext<'a>,
}

pub async fn legal(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> HandlerResult {
    cached(&app, &ctx, app.call_of_host(&ctx)?, &uri, &headers, |s| LegalPage { s }.render())
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

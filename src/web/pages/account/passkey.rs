//! One's own passkeys; signing in and confirming with a passkey.

use super::sign_in::landing;
use crate::{
    app::{App, Ceremony, Ctx, Key, SignedIn, encode},
    domain::text::Text,
    web::{
        address::{safe_next_typed, see_other},
        error::Failure,
        extract::{Path, Query, session_cookie},
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
        posted::{AnyonesJson, PostedJson},
    },
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

/// Empty: a ceremony starts without parameters.
#[derive(Deserialize)]
pub struct Begin {}

/// The end of a ceremony.
#[derive(Deserialize)]
pub struct End {
    ceremony: Uuid,
    answer: serde_json::Value,
    #[serde(default)]
    next: String,
    #[serde(default)]
    name: Option<String>,
}

/// Where to go next, and what was just done.
#[derive(Deserialize)]
pub struct PasskeyPageQuery {
    next: Option<String>,
    #[serde(default)]
    done: String,
}

/// Starts a sign-in.
pub async fn begin_sign_in(
    State(app): State<App>,
    ctx: Ctx,
    AnyonesJson(Begin {}): AnyonesJson<Begin>,
) -> Result<Json<Ceremony>, Failure> {
    Ok(Json(app.begin_passkey_sign_in(&ctx).await?))
}

/// Finishes a sign-in.
pub async fn sign_in(State(app): State<App>, ctx: Ctx, AnyonesJson(end): AnyonesJson<End>) -> HandlerResult {
    let session = app.sign_in_by_passkey(&ctx, end.ceremony, end.answer).await?;
    let next = landing(&app, &session.account.roles, &end.next);
    Ok(go_on(&ctx, &session, &next))
}

/// The list of one's own.
pub async fn list(PageRequest { app, ctx, here }: PageRequest, Query(shown): Query<PasskeyPageQuery>) -> PageResult {
    let keys = app.passkeys(&ctx).await?;
    let notice = match shown.done.as_str() {
        "added" => Some(Text::new(
            "Clé d’accès ajoutée. Un courriel vous le confirme.",
            "Passkey added. An e-mail confirms it.",
        )),
        "renamed" => Some(Text::new("Clé d’accès renommée.", "Passkey renamed.")),
        "removed" => Some(Text::new(
            "Clé d’accès supprimée. Un courriel vous le confirme.",
            "Passkey removed. An e-mail confirms it.",
        )),
        _ => None,
    };
    let page = render(&app, &ctx, app.call_of_host(&ctx)?, &here, |s| {
        PasskeysPage {
            s,
            keys: &keys,
            usable: app.has_passkeys(&ctx),
            public_url: &app.config.portal.public_url,
            required: ctx.actor.as_ref().is_some_and(|actor| app.must_have_passkey(&actor.account)),
            next: shown.next.as_deref().map(safe_next_typed),
            notice: notice.as_ref(),
        }
        .render()
    })?;
    Ok(Html(page))
}

/// Starts to add a passkey.
pub async fn begin_adding(
    State(app): State<App>,
    ctx: Ctx,
    PostedJson(Begin {}): PostedJson<Begin>,
) -> Result<Json<Ceremony>, Failure> {
    Ok(Json(app.begin_adding_passkey(&ctx).await?))
}

/// Adds one.
pub async fn add(State(app): State<App>, ctx: Ctx, PostedJson(end): PostedJson<End>) -> HandlerResult {
    let name = end.name.unwrap_or_default();
    let session = app.add_passkey(&ctx, end.ceremony, &name, end.answer).await?;
    let next = match end.next.as_str() {
        "" => "/account/passkeys?done=added",
        next => safe_next_typed(next),
    };
    Ok(match session {
        Some(session) => go_on(&ctx, &session, next),
        None => lead(&ctx, next).into_response(),
    })
}

/// Renames a passkey.
pub async fn rename(Path(id): Path<Uuid>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    app.rename_passkey(&ctx, id, posted.text("name")).await?;
    Ok(see_other(ctx.lang, "/account/passkeys?done=renamed"))
}

/// Removes a passkey.
pub async fn remove(Path(id): Path<Uuid>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.remove_passkey(&ctx, id).await?;
    Ok(see_other(ctx.lang, "/account/passkeys?done=removed"))
}

/// Asks for a passkey.
pub async fn ask_confirmation(
    PageRequest { app, ctx, here }: PageRequest,
    Query(shown): Query<PasskeyPageQuery>,
) -> PageResult {
    let keys = app.passkeys(&ctx).await?;
    let next = safe_next_typed(shown.next.as_deref().unwrap_or_default());
    let page = |s: &PageContext<'_>| {
        ConfirmPage {
            s,
            next,
            has_one: !keys.is_empty(),
            usable: app.has_passkeys(&ctx),
            public_url: &app.config.portal.public_url,
        }
        .render()
    };
    Ok(Html(render(&app, &ctx, app.call_of_host(&ctx)?, &here, page)?))
}

/// Starts a confirmation.
pub async fn begin_confirming(
    State(app): State<App>,
    ctx: Ctx,
    PostedJson(Begin {}): PostedJson<Begin>,
) -> Result<Json<Ceremony>, Failure> {
    Ok(Json(app.begin_step_up(&ctx).await?))
}

/// Finishes a confirmation.
pub async fn confirm(State(app): State<App>, ctx: Ctx, PostedJson(end): PostedJson<End>) -> HandlerResult {
    let session = app.step_up_by_passkey(&ctx, end.ceremony, end.answer).await?;
    Ok(go_on(&ctx, &session, safe_next_typed(&end.next)))
}

/// Sends the page's script the next address, with the current session.
fn go_on(ctx: &Ctx, session: &SignedIn, next: &str) -> Response {
    let cookie = session_cookie(&session.token, session.ends, ctx.now);
    ([(header::SET_COOKIE, cookie)], lead(ctx, next)).into_response()
}

fn lead(ctx: &Ctx, next: &str) -> Json<serde_json::Value> {
    let redirect = format!("{}{next}", ctx.lang.tr("", "/en"));
    Json(serde_json::json!({ "redirect": redirect }))
}

/// The page of one's own passkeys.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/passkeys.html")]
pub struct PasskeysPage<'a> {
    pub s: &'a PageContext<'a>,
    /// The passkeys, oldest first.
    pub keys: &'a [Key],
    /// Whether passkeys can be used at this host.
    pub usable: bool,
    /// The address at which they can be used otherwise.
    pub public_url: &'a str,
    /// Whether the user must have one.
    pub required: bool,
    /// Where to go next, when the user was redirected here.
    pub next: Option<&'a str>,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

impl PasskeysPage<'_> {
    fn led_here(&self) -> bool {
        self.required && self.keys.is_empty()
    }
    fn last_stays(&self) -> bool {
        self.required && self.keys.len() == 1
    }
}

/// The page that asks for a passkey.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/confirm.html")]
pub struct ConfirmPage<'a> {
    pub s: &'a PageContext<'a>,
    /// Where to go next.
    pub next: &'a str,
    /// Whether the user has a passkey.
    pub has_one: bool,
    /// Whether passkeys can be used at this host.
    pub usable: bool,
    /// The address at which they can be used otherwise.
    pub public_url: &'a str,
}

impl ConfirmPage<'_> {
    fn next_encoded(&self) -> String {
        encode(self.next)
    }
}

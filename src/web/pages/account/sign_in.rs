//! Signing in by a link, and signing out. Opening the link changes nothing, because mail scanners open links too; the
//! button on its page signs in.

use crate::{
    app::{App, AppError, Ctx, Duty, SignedIn, encode},
    domain::text::Text,
    web::{
        address::{safe_next, see_other},
        extract::{Path, Query, SESSION_COOKIE, named_cookie, session_cookie},
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse},
};
use serde::Deserialize;

/// Where to go after signing in.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

impl Next {
    /// The path as requested.
    pub fn next(&self) -> &str {
        &self.next
    }
}

/// The form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Query(query): Query<Next>) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    let next = safe_next(&query.next);
    Ok(Html(render(&app, &ctx, call, &here, |s| sign_in_page(&app, &ctx, s, next).render())?))
}

/// The empty form.
fn sign_in_page<'a>(app: &'a App, ctx: &Ctx, s: &'a PageContext<'a>, next: &'a str) -> SignInPage<'a> {
    let (passkeys, provider) = (app.has_passkeys(ctx), app.provider_name(ctx));
    SignInPage { s, email: "", problem: None, next, passkeys, provider }
}

/// Sends the link; the response does not reveal whether the address is known.
pub async fn ask(FormRequest { app, ctx, here, posted }: FormRequest) -> HandlerResult {
    let call = app.call_of_host(&ctx)?;
    let (email, next) = (posted.text("email"), safe_next(posted.text("next")));
    let problem = match app.ask_link(&ctx, email, next).await {
        Ok(email) => {
            let mailbox = app.mail_folder().filter(|_| app.config.portal.demonstration).map(|_| "/demo/mails");
            let page = render(&app, &ctx, call, &here, |s| LinkSentPage { s, email: &email, mailbox }.render())?;
            let mark = format!(
                "{LINK_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900",
                app.asked_mark(&email)
            );
            return Ok(([(header::SET_COOKIE, mark)], Html(page)).into_response());
        }
        Err(AppError::NotAnAddress(fault)) => fault.sentence(),
        Err(AppError::TooManyLinks) => Text::new(
            "Plusieurs liens viennent d’être envoyés à cette adresse : utilisez le dernier reçu, ou attendez 15 minutes.",
            "Several links have just been sent to this address: use the last one received, or wait 15 minutes.",
        ),
        Err(error) => return Err(error.into()),
    };
    let page = render(&app, &ctx, call, &here, |s| {
        SignInPage { email, problem: Some(&problem), ..sign_in_page(&app, &ctx, s, next) }.render()
    })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// Cookie that identifies the browser that asked for the link.
const LINK_COOKIE: &str = "__Host-guichet-asked";

/// The button, and the account that it opens. A browser that did not ask for the link, and is not signed in with the
/// same address, sees only a part of the address.
pub async fn confirm(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(secret): Path<String>,
    Query(query): Query<Next>,
) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    // The language switch must not add the secret to the browser history a second time.
    let address = app.link_address(&ctx, &secret).await?;
    let page = render(&app, &ctx, call, "/sign-in", |s| {
        let signed_in = s.viewer.as_ref().map(|viewer| viewer.email);
        let asked = |email: &str| named_cookie(&headers, LINK_COOKIE).is_some_and(|mark| app.asked_here(email, mark));
        let opens = address
            .as_deref()
            .map(|email| if signed_in == Some(email) || asked(email) { email.to_owned() } else { masked(email) });
        let other = signed_in.filter(|own| address.as_deref().is_some_and(|email| email != *own));
        let next = safe_next(&query.next);
        LinkConfirmPage { s, secret: &secret, next, opens: opens.as_deref(), other }.render()
    })?;
    Ok(Html(page))
}

/// A partly masked address: its owner recognizes it, and others cannot learn it.
fn masked(email: &str) -> String {
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    format!("{}…@{host}", name.chars().take(1).collect::<String>())
}

/// Consumes the link and opens the session.
pub async fn use_link(Path(secret): Path<String>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let done = app.use_link(&ctx, &secret).await?;
    go_on_signed_in(&app, &ctx, &done, posted.text("next")).await
}

/// Stores the session cookie, and redirects.
pub async fn go_on_signed_in(app: &App, ctx: &Ctx, session: &SignedIn, next: &str) -> HandlerResult {
    let next = landing(app, session, next);
    // Staff must use a passkey.
    let next = match app.passkey_duty(&session.account).await? {
        None => next,
        Some(Duty::Add) => format!("/account/passkeys?next={}", encode(&next)),
        Some(Duty::Use) => format!("/account/confirm?next={}", encode(&next)),
    };
    Ok(([(header::SET_COOKIE, session_cookie(&session.token, session.ends, ctx.now))], see_other(ctx.lang, &next))
        .into_response())
}

/// The page to go to after signing in.
pub fn landing(app: &App, session: &SignedIn, next: &str) -> String {
    match next {
        "" | "/dossiers" if session.account.roles.lists() => officer_home(app),
        "" | "/dossiers" if session.account.roles.evaluates() => "/reviews".to_owned(),
        next => safe_next(next).to_owned(),
    }
}

/// An officer starts at the latest round of the first call.
fn officer_home(app: &App) -> String {
    let call = app.calls.first();
    let round = call.and_then(|call| call.rounds.iter().rev().find(|round| round.window.is_some()));
    match (call, round) {
        (Some(call), Some(round)) => format!("/calls/{}/rounds/{}/dossiers", call.id, round.id),
        _ => "/".into(),
    }
}

/// Ends the session.
pub async fn sign_out(FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.sign_out(&ctx).await?;
    let gone = format!("{SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(([(header::SET_COOKIE, gone)], see_other(ctx.lang, "/")).into_response())
}

/// Asks for an email address, or for a passkey.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/sign_in.html")]
pub struct SignInPage<'a> {
    pub s: &'a PageContext<'a>,
    /// The address, as typed.
    pub email: &'a str,
    /// The error in it.
    pub problem: Option<&'a Text>,
    /// Where to go next.
    pub next: &'a str,
    /// Whether passkeys can be used at this host.
    pub passkeys: bool,
    /// The name of the identity provider, if there is one.
    pub provider: Option<&'a str>,
}

impl SignInPage<'_> {
    fn next_encoded(&self) -> String {
        encode(self.next)
    }
}

/// The link has been sent; a demonstration links to its mailbox.
#[derive(Template)]
#[template(path = "pages/account/link_sent.html")]
pub struct LinkSentPage<'a> {
    pub s: &'a PageContext<'a>,
    pub email: &'a str,
    pub mailbox: Option<&'a str>,
}

/// The page of a sign-in link.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/link_confirm.html")]
pub struct LinkConfirmPage<'a> {
    pub s: &'a PageContext<'a>,
    /// The secret in the link.
    pub secret: &'a str,
    /// Where to go next.
    pub next: &'a str,
    /// The account that it opens, or a part of its address; `None` when the link is no longer valid.
    pub opens: Option<&'a str>,
    /// The address of another account that is signed in in this browser.
    pub other: Option<&'a str>,
}

//! Signing in by a link, and signing out. Opening the link changes nothing, because mail scanners open links too; the
//! button on its page signs in.

use crate::{
    app::{App, AppError, Ctx, Duty, LinkState, SignedIn, encode},
    domain::{access::Roles, text::Text},
    web::{
        address::{safe_next, see_other},
        extract::{Path, Query, SESSION_COOKIE, named_cookie, session_cookie},
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
        posted::OriginForm,
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

/// The query of the form's page.
#[derive(Deserialize)]
pub struct SignInPageQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

/// The form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Query(query): Query<SignInPageQuery>) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    let next = safe_next(&query.next);
    let closed = Text::new(
        "Votre compte est fermé ; un courriel vous le confirme. Vous reconnecter avec la même adresse ouvrirait un compte neuf et vide.",
        "Your account is closed; an e-mail confirms it. Signing in again with the same address would open a new and empty account.",
    );
    let notice = (query.done == "closed").then_some(&closed);
    let page = |s: &PageContext<'_>| SignInPage { notice, ..sign_in_page(&app, &ctx, s, next) }.render();
    Ok(Html(render(&app, &ctx, call, &here, page)?))
}

/// The empty form.
fn sign_in_page<'a>(app: &'a App, ctx: &Ctx, s: &'a PageContext<'a>, next: &'a str) -> SignInPage<'a> {
    let (passkeys, provider) = (app.has_passkeys(ctx), app.provider_name(ctx));
    SignInPage { s, email: "", problem: None, notice: None, next, passkeys, provider }
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
/// same address, sees only a part of the address. A link that has just signed in this browser leads on.
pub async fn confirm(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(secret): Path<String>,
    Query(query): Query<Next>,
) -> HandlerResult {
    let email = match app.link_state(&ctx, &secret).await? {
        LinkState::Valid { email } => email,
        LinkState::OpenedThisSession => return lead_on(&app, &ctx, &query.next).await,
        LinkState::Spent { email } => return spent(&app, &ctx, &headers, email, &query.next),
    };
    let call = app.call_of_host(&ctx)?;
    // The language switch must not add the secret to the browser history a second time.
    let page = render(&app, &ctx, call, "/sign-in", |s| {
        let signed_in = s.viewer.as_ref().map(|viewer| viewer.email);
        let known = signed_in == Some(email.as_str()) || asked_here(&app, &headers, &email);
        let opens = if known { email.clone() } else { masked(&email) };
        let other = signed_in.filter(|own| email != *own);
        let next = safe_next(&query.next);
        LinkConfirmPage { s, secret: &secret, next, opens: &opens, other }.render()
    })?;
    Ok(Html(page).into_response())
}

/// Whether this browser asked for a link to an address.
fn asked_here(app: &App, headers: &HeaderMap, email: &str) -> bool {
    named_cookie(headers, LINK_COOKIE).is_some_and(|mark| app.asked_here(email, mark))
}

/// The form that asks for another link, where one is spent. A browser that asked for that one finds its address in it.
fn spent(app: &App, ctx: &Ctx, headers: &HeaderMap, email: Option<String>, next: &str) -> HandlerResult {
    let email = email.filter(|email| asked_here(app, headers, email)).unwrap_or_default();
    let notice = Text::new(
        "Ce lien de connexion a déjà servi ou a plus de 15 minutes. Demandez-en un autre ici.",
        "This sign-in link has been used or is more than 15 minutes old. Ask for another one here.",
    );
    // The language switch leads to the form, not to the secret.
    let page = render(app, ctx, app.call_of_host(ctx)?, "/sign-in", |s| {
        SignInPage { email: &email, notice: Some(&notice), ..sign_in_page(app, ctx, s, safe_next(next)) }.render()
    })?;
    Ok((StatusCode::GONE, Html(page)).into_response())
}

/// A partly masked address: its owner recognizes it, and others cannot learn it.
fn masked(email: &str) -> String {
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    format!("{}…@{host}", name.chars().take(1).collect::<String>())
}

/// Consumes the link and opens the session. The page of a link that has opened the session of this browser already was
/// made before, without its form token: pressed again, the button leads on.
pub async fn use_link(
    State(app): State<App>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(secret): Path<String>,
    posted: OriginForm,
) -> HandlerResult {
    if ctx.actor.is_some() && app.link_state(&ctx, &secret).await? == LinkState::OpenedThisSession {
        return lead_on(&app, &ctx, posted.text("next")).await;
    }
    let posted = posted.checked(&app, &ctx)?;
    let next = posted.text("next");
    match app.use_link(&ctx, &secret).await {
        Err(AppError::LinkSpent) => match app.link_state(&ctx, &secret).await? {
            LinkState::Spent { email } => spent(&app, &ctx, &headers, email, next),
            _ => Err(AppError::LinkSpent.into()),
        },
        done => go_on_signed_in(&app, &ctx, &done?, next).await,
    }
}

/// Where a link leads that has opened the session of this browser.
async fn lead_on(app: &App, ctx: &Ctx, next: &str) -> HandlerResult {
    let actor = ctx.actor_even_if_suspended()?;
    let next = landing(app, &actor.account.roles, next);
    let duty = if actor.rights.lacks_passkey() { app.passkey_duty(&actor.account).await? } else { None };
    Ok(see_other(ctx.lang, &after_duty(duty, next)))
}

/// Staff must use a passkey first.
fn after_duty(duty: Option<Duty>, next: String) -> String {
    match duty {
        None => next,
        Some(Duty::Add) => format!("/account/passkeys?next={}", encode(&next)),
        Some(Duty::Use) => format!("/account/confirm?next={}", encode(&next)),
    }
}

/// Stores the session cookie, and redirects.
pub async fn go_on_signed_in(app: &App, ctx: &Ctx, session: &SignedIn, next: &str) -> HandlerResult {
    let next = landing(app, &session.account.roles, next);
    let next = after_duty(app.passkey_duty(&session.account).await?, next);
    Ok(([(header::SET_COOKIE, session_cookie(&session.token, session.ends, ctx.now))], see_other(ctx.lang, &next))
        .into_response())
}

/// The page to go to after signing in.
pub fn landing(app: &App, roles: &Roles, next: &str) -> String {
    match next {
        "" | "/dossiers" if roles.lists() => officer_home(app),
        "" | "/dossiers" if roles.evaluates() => "/reviews".to_owned(),
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
    /// What was just done, or why the user is here.
    pub notice: Option<&'a Text>,
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
    /// The account that it opens, or a part of its address.
    pub opens: &'a str,
    /// The address of another account that is signed in in this browser.
    pub other: Option<&'a str>,
}

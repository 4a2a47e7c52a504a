//! Somebody's own account: where they are signed in, and the tokens of their programs.

use super::{here, render, role_names, see_other};
use crate::{
    app::{App, Ctx},
    domain::{
        access::{Action, Amr},
        calendar::show_instant,
        ids::SessionId,
        text::{Lang, Text},
    },
    web::{
        error::Failure,
        extract::{Path, Posted, Query},
        view::{self, AccountPage, SessionRow, TokenRow},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Longest life of a token, days.
const LONGEST: i64 = 366;

/// What the page is told by its address.
#[derive(Deserialize)]
pub struct Told {
    #[serde(default)]
    done: String,
}

/// The account.
pub async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Query(told): Query<Told>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let notice = match told.done.as_str() {
        "ended" => Some(Text::new("Cette connexion est fermée.", "That sign-in is ended.")),
        "revoked" => Some(Text::new(
            "Le jeton est révoqué : il est refusé partout en moins de cinq secondes.",
            "The token is revoked: it is refused everywhere within five seconds.",
        )),
        _ => None,
    };
    Ok(Html(page(&app, &ctx, &here(&uri), None, notice.as_ref()).await?))
}

/// Ends one session.
pub async fn end_session(
    State(app): State<App>,
    ctx: Ctx,
    Path(session): Path<SessionId>,
    _posted: Posted,
) -> Result<Response, Failure> {
    app.end_sessions(&ctx, Some(session)).await?;
    let next = if app.own_session(&ctx) == Some(session) { "/sign-in" } else { "/account?done=ended" };
    Ok(see_other(ctx.lang, next))
}

/// Ends every session, this one too.
pub async fn end_all(State(app): State<App>, ctx: Ctx, _posted: Posted) -> Result<Response, Failure> {
    app.end_sessions(&ctx, None).await?;
    Ok(see_other(ctx.lang, "/sign-in"))
}

/// Makes a token and shows it, this once.
pub async fn make_token(State(app): State<App>, ctx: Ctx, uri: Uri, posted: Posted) -> Result<Response, Failure> {
    let allowed = app.token_actions(&ctx)?;
    let actions: Vec<Action> = posted.all("action").filter_map(|word| word.parse().ok()).collect();
    let days = posted.text("days").trim().parse().ok().filter(|days| (1..=LONGEST).contains(days));
    let label = posted.text("label").trim();
    let fits = !label.is_empty() && label.chars().count() <= 100;
    let (Some(days), true, false, true) =
        (days, fits, actions.is_empty(), actions.iter().all(|action| allowed.contains(action)))
    else {
        let problem = Text::new(
            "Le jeton n'est pas créé : donnez-lui un nom, cochez au moins une chose qu'il pourra faire, et de 1 à 366 jours.",
            "The token was not made: give it a name, tick at least one thing that it may do, and 1 to 366 days.",
        );
        let page = page(&app, &ctx, "/account", None, Some(&problem)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    };
    let ends = ctx.now + SignedDuration::from_hours(24 * days);
    let made = app.make_own_token(&ctx, label, &actions, ends).await?;
    Ok(Html(page(&app, &ctx, &here(&uri), Some(&made.token), None).await?).into_response())
}

/// Revokes a token, or one that was narrowed from it.
pub async fn revoke_token(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<String>,
    _posted: Posted,
) -> Result<Response, Failure> {
    app.revoke_token(&ctx, &id).await?;
    Ok(see_other(ctx.lang, "/account?done=revoked"))
}

async fn page(app: &App, ctx: &Ctx, path: &str, made: Option<&str>, notice: Option<&Text>) -> Result<String, Failure> {
    let call = app.front(ctx)?;
    let zone = call.time_zone();
    let shown = |at: Timestamp| show_instant(at, &zone);
    let own = app.own_session(ctx);
    let sessions: Vec<SessionRow> = app
        .sessions(ctx)
        .await?
        .into_iter()
        .map(|session| SessionRow {
            this: Some(session.id) == own,
            id: session.id,
            agent: short(&session.agent, ctx.lang),
            by: by(session.amr, ctx.lang),
            since: shown(session.created_at),
            seen: shown(session.last_seen_at),
        })
        .collect();
    let (tokens, narrowed) = app.own_tokens(ctx).await?;
    let mut rows = Vec::new();
    for token in tokens {
        let id = token.id;
        rows.push(TokenRow {
            id: id.to_string(),
            label: token.label,
            actions: token.actions.iter().map(|action| action_name(*action, ctx.lang).to_owned()).collect(),
            until: shown(token.expires_at),
            used: token.last_used_at.map(shown),
            narrowed: false,
            revoked: false,
        });
        rows.extend(narrowed.iter().filter(|one| one.token == id).map(|one| TokenRow {
            id: hex::encode(one.revocation_id),
            label: one.checks.clone(),
            actions: Vec::new(),
            until: String::new(),
            used: Some(shown(one.last_used_at)),
            narrowed: true,
            revoked: one.revoked,
        }));
    }
    let allowed = app.token_actions(ctx)?;
    let actions: Vec<_> =
        allowed.iter().map(|action| (action.slug(), action_name(*action, ctx.lang).to_owned())).collect();
    let roles = role_names(ctx.actor()?.account.roles.iter(), ctx.lang);
    let page = AccountPage { roles: &roles, sessions: &sessions, tokens: &rows, actions: &actions, made, notice };
    Ok(render(app, ctx, call, path, |shell| view::account(shell, &page))?)
}

fn by(amr: Amr, lang: Lang) -> &'static str {
    match amr {
        Amr::Email => lang.tr("par un lien reçu par courriel", "by a link sent by e-mail"),
        Amr::Passkey => lang.tr("par une clé d'accès", "by a passkey"),
        Amr::Oidc => lang.tr("par un fournisseur d'identité", "by an identity provider"),
    }
}

/// The browser and the system out of what the browser says of itself.
fn short(agent: &str, lang: Lang) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = find(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => lang.tr("Navigateur inconnu", "Unknown browser").to_owned(),
    }
}

/// What an action is, as people read it.
pub(super) fn action_name(action: Action, lang: Lang) -> &'static str {
    match action {
        Action::DossierCreate => lang.tr("commencer un dossier", "start a dossier"),
        Action::DraftRead => lang.tr("lire les brouillons", "read drafts"),
        Action::DraftWrite => lang.tr("remplir les brouillons et joindre des pièces", "fill drafts and attach pieces"),
        Action::DossierDeposit => lang.tr("déposer", "deposit"),
        Action::DossierWithdraw => lang.tr("retirer un dépôt", "withdraw a deposit"),
        Action::DepositRead => lang.tr("lire les dépôts et les reçus", "read deposits and receipts"),
        Action::RoundList => lang.tr("lister les dépôts d'une relève", "list the deposits of a round"),
        Action::ServiceToken => lang.tr("se faire connaître d'un autre service", "be known to another service"),
        other => other.slug(),
    }
}

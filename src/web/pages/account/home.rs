//! One's own account: active sessions, and API tokens.

use crate::{
    app::{App, Ctx},
    domain::{
        access::{Amr, Role},
        calendar::short_instant,
        ids::SessionId,
        text::{Lang, Text, terminal::escape_for_terminal},
    },
    web::{
        address::see_other,
        error::Failure,
        extract::{Path, Query},
        frame::{
            FormRequest, HandlerResult, PageContext, PageRequest, PageResult, mail_failure::MailFailureNotice, render,
        },
        pages::{
            account::token_form::{TokenDraft, TokenForm},
            words::{action_name, role_names},
        },
    },
};
use askama::Template;
use axum::response::Html;
use jiff::Timestamp;
use serde::Deserialize;

/// The query of the page.
#[derive(Deserialize)]
pub struct AccountPageQuery {
    #[serde(default)]
    done: String,
    #[serde(flatten)]
    draft: TokenDraft,
}

/// The account.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Query(told): Query<AccountPageQuery>) -> PageResult {
    let notice = match told.done.as_str() {
        "ended" => Some(Text::new("Cette connexion est fermée.", "That sign-in is ended.")),
        "revoked" => Some(Text::new(
            "Le jeton est révoqué : il est refusé partout en moins de cinq secondes.",
            "The token is revoked: it is refused everywhere within five seconds.",
        )),
        "made" => Some(Text::new(
            "Ce jeton a déjà été créé, et affiché une fois. Si vous ne l’avez pas copié, révoquez-le et créez-en un autre.",
            "This token was made already, and shown once. If you did not copy it, revoke it and make another one.",
        )),
        _ if !told.draft.is_empty() => Some(Text::new(
            "Votre saisie est revenue dans le formulaire : vérifiez-la, puis créez le jeton.",
            "What you typed is back in the form: check it, then make the token.",
        )),
        _ => None,
    };
    let shown = AccountPageState { notice, form: told.draft.form(), made: None };
    Ok(Html(page(&app, &ctx, &here, shown).await?))
}

/// Ends one session.
pub async fn end_session(Path(session): Path<SessionId>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.end_sessions(&ctx, Some(session)).await?;
    let next = if app.own_session(&ctx) == Some(session) { "/sign-in" } else { "/account?done=ended" };
    Ok(see_other(ctx.lang, next))
}

/// Ends every session, including this one.
pub async fn end_all(FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.end_sessions(&ctx, None).await?;
    Ok(see_other(ctx.lang, "/sign-in"))
}

/// The page's state beside the stored data.
pub struct AccountPageState<'a> {
    /// A token that was just made.
    pub made: Option<&'a str>,
    /// What was just done.
    pub notice: Option<Text>,
    /// The token form, as filled in.
    pub form: TokenForm,
}

impl Default for AccountPageState<'_> {
    fn default() -> Self {
        Self { made: None, notice: None, form: TokenDraft::default().form() }
    }
}

/// Renders the page.
pub async fn page(app: &App, ctx: &Ctx, path: &str, page: AccountPageState<'_>) -> Result<String, Failure> {
    let call = app.call_of_host(ctx)?;
    let zone = call.time_zone();
    let shown = |at: Timestamp| short_instant(at, &zone, ctx.lang);
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
            depth: 0,
            revoked: false,
            others: narrowed.iter().find(|one| one.token == id).map_or(0, |one| {
                one.of_token - i64::try_from(narrowed.iter().filter(|one| one.token == id).count()).unwrap_or(0)
            }),
        });
        rows.extend(narrowed.iter().filter(|one| one.token == id).map(|one| TokenRow {
            id: hex::encode(one.revocation_id),
            label: escape_for_terminal(&one.checks),
            actions: Vec::new(),
            until: String::new(),
            used: Some(shown(one.last_used_at)),
            depth: one.depth,
            revoked: one.revoked,
            others: 0,
        }));
    }
    let actor = ctx.actor_even_if_suspended()?;
    let suspended = actor.account.suspended;
    let allowed = if suspended { Vec::new() } else { app.token_actions(ctx)? };
    let actions: Vec<_> =
        allowed.iter().map(|action| (action.slug(), action_name(*action, ctx.lang).to_owned())).collect();
    let serves = !suspended && [Role::Operator, Role::Dpo].into_iter().any(|role| actor.account.roles.has(role));
    let roles = role_names(actor.account.roles.iter(), ctx.lang);
    let failure = app.own_mail_failure(ctx).await?;
    let AccountPageState { made, notice, form } = &page;
    let (made, notice) = (*made, notice.as_ref());
    let page = |s: &PageContext<'_>| {
        AccountPage {
            s,
            suspended,
            mail_failure: MailFailureNotice::new(s, failure.as_ref()),
            roles: &roles,
            serves,
            sessions: &sessions,
            tokens: &rows,
            actions: &actions,
            made,
            notice,
            typed: form,
        }
        .render()
    };
    Ok(render(app, ctx, call, path, page)?)
}

fn by(amr: Amr, lang: Lang) -> &'static str {
    match amr {
        Amr::Email => lang.tr("par un lien reçu par courriel", "by a link sent by e-mail"),
        Amr::Passkey => lang.tr("par une clé d’accès", "by a passkey"),
        Amr::Oidc => lang.tr("par un fournisseur d’identité", "by an identity provider"),
    }
}

/// Browser and system, from the `User-Agent` header.
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

/// The page of an account.
#[derive(Template)]
#[template(path = "pages/account/home.html")]
pub struct AccountPage<'a> {
    pub s: &'a PageContext<'a>,
    /// What the user is told of mails that do not arrive.
    pub mail_failure: MailFailureNotice<'a>,
    /// The user's roles, as shown.
    pub roles: &'a [String],
    /// The account is suspended: it can be read, and left.
    pub suspended: bool,
    /// The user is an operator or the data protection officer.
    pub serves: bool,
    /// The user's active sessions.
    pub sessions: &'a [SessionRow],
    /// The user's API tokens.
    pub tokens: &'a [TokenRow],
    /// The actions that a new token may be used for: slug and name.
    pub actions: &'a [(&'static str, String)],
    /// A token that was just made, shown only once.
    pub made: Option<&'a str>,
    /// What was just done, or what is wrong.
    pub notice: Option<&'a Text>,
    /// The form for a token.
    pub typed: &'a TokenForm,
}

/// A session of a browser.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    /// The browser's `User-Agent`, shortened.
    pub agent: String,
    /// How the session was opened, in words.
    pub by: &'static str,
    /// When it was opened, as shown.
    pub since: String,
    /// When it was last used, as shown.
    pub seen: String,
    /// It is the current session.
    pub this: bool,
}

/// A token, or one narrowed from it.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id in the address that revokes it.
    pub id: String,
    /// The name given by its owner; for a narrowed token, what its holder added.
    pub label: String,
    /// Its actions, in words.
    pub actions: Vec<String>,
    /// Expiry, as shown.
    pub until: String,
    /// Last use, as shown.
    pub used: Option<String>,
    /// Number of attenuation blocks: zero for the token itself.
    pub depth: u8,
    pub revoked: bool,
    /// Number of its narrowed tokens that are not shown.
    pub others: i64,
}

impl AccountPage<'_> {
    fn problem(&self, field: &str) -> Option<&Text> {
        self.typed.wrong.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| words)
    }

    fn ticked(&self, word: &str) -> bool {
        self.typed.ticked.iter().any(|ticked| ticked == word)
    }
}

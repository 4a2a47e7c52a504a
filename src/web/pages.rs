//! Page handlers: read the request, call one application function, render one view.

pub mod account;
pub mod deposit;
pub mod desk;
pub mod dossier;
pub mod editor;
pub mod emergency;
mod form;
pub mod guests;
pub mod mails;
pub mod narrow;
pub mod officer;
pub mod oidc;
pub mod orders;
pub mod passkey;
pub mod piece;
pub mod public;
pub mod receipt;
pub mod reviews;
pub mod rights;
pub mod sign_in;
pub mod simulator;
pub mod status;
mod token_form;
pub mod tokens;
pub mod upload;
pub mod verify;

use super::{
    error::Failure,
    view::{Shell, Viewer},
};
use crate::web::posted::form_session;
use crate::{
    app::{Actor, App, AppError, Ctx},
    auth,
    domain::{access::Role, call::Call, text::Lang},
};
use axum::{
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;

/// The query of a page: a code for what was just done.
#[derive(Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

/// The parts of a page's frame that must live as long as the page.
pub struct Frame {
    csrf: String,
    path: String,
    demonstration: bool,
    several_calls: bool,
}

/// Prepares the frame of the page at a path.
pub fn shell_for(app: &App, ctx: &Ctx, path: &str) -> Frame {
    Frame {
        csrf: form_session(ctx).map_or_else(String::new, |session| auth::form_token(&app.keys, &session)),
        path: path.to_owned(),
        demonstration: app.config.portal.demonstration,
        several_calls: app.calls.len() > 1,
    }
}

impl Frame {
    /// The frame as views need it.
    pub fn shell<'a>(&'a self, ctx: &'a Ctx, call: &'a Call) -> Shell<'a> {
        let viewer = ctx.actor.as_ref().map(|Actor { account, .. }| Viewer {
            email: &account.email,
            officer: account.roles.lists(),
            evaluates: account.roles.evaluates(),
        });
        Shell {
            lang: &ctx.lang,
            path: &self.path,
            viewer,
            csrf: &self.csrf,
            demonstration: self.demonstration,
            call,
            now: ctx.now,
            several_calls: self.several_calls,
        }
    }
}

/// Renders a view inside a frame.
pub fn render<E>(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    path: &str,
    view: impl FnOnce(&Shell<'_>) -> Result<String, E>,
) -> Result<String, E> {
    let frame = shell_for(app, ctx, path);
    view(&frame.shell(ctx, call))
}

/// Path and query of a request, without the language prefix.
pub fn here(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string)
}

/// 303 See Other: the response to every successful POST.
pub fn see_other(lang: Lang, path: &str) -> Response {
    Redirect::to(&format!("{}{}", lang.tr("", "/en"), utf8_percent_encode(path, NOT_IN_HEADER))).into_response()
}

/// Characters that are percent-encoded in a header, in addition to non-ASCII ones.
const NOT_IN_HEADER: &AsciiSet = &CONTROLS.add(b' ');

/// A path of our own site to go to after signing in; anything else leads to the home page.
pub fn safe_next(next: &str) -> &str {
    own_path(next, 300)
}

/// The same, for a path that carries the contents of a form; it is never sent by mail.
pub fn safe_next_typed(next: &str) -> &str {
    own_path(next, 2000)
}

fn own_path(next: &str, longest: usize) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.contains(char::is_control)
        && next.len() <= longest;
    if own { next } else { "/dossiers" }
}

/// The names of roles, as shown.
pub fn role_names(roles: impl Iterator<Item = Role>, lang: Lang) -> Vec<String> {
    let name = |role| match role {
        Role::Applicant => lang.tr("porteur de projet", "applicant"),
        Role::Officer => lang.tr("instructeur", "officer"),
        Role::SeniorOfficer => lang.tr("responsable de l’instruction", "senior officer"),
        Role::Expert => lang.tr("expert", "expert"),
        Role::Jury => lang.tr("membre du jury", "jury member"),
        Role::Funder => lang.tr("financeur", "funder"),
        Role::Finance => lang.tr("service financier", "finance"),
        Role::BrickOwner => lang.tr("propriétaire d’une brique", "brick owner"),
        Role::Auditor => lang.tr("auditeur", "auditor"),
        Role::Operator => lang.tr("opérateur du service", "operator"),
        Role::Dpo => lang.tr("délégué à la protection des données", "data protection officer"),
    };
    roles.map(|role| name(role).to_owned()).collect()
}

/// 404 Not Found.
pub async fn not_found() -> Failure {
    AppError::NotFound.into()
}

/// 405 Method Not Allowed.
pub async fn wrong_method() -> Failure {
    Failure::Method
}

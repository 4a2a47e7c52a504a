//! The frame of every page, and the parts that pages of several readers show. It knows no page.

pub mod answers;
pub mod error_page;
pub mod field;
pub mod manifest;
pub mod money;
mod shell;
pub mod show;
pub mod status;

pub use shell::{Shell, Viewer};

use crate::{
    app::{Actor, App, Ctx},
    auth,
    domain::call::Call,
    web::posted::form_session,
};
use serde::Deserialize;

/// The query of a page: a code for what was just done.
#[derive(Deserialize)]
pub struct DoneQuery {
    #[serde(default)]
    pub done: String,
}

/// Renders a page at a path in its frame.
pub fn render<E>(
    app: &App,
    ctx: &Ctx,
    call: &Call,
    path: &str,
    page: impl FnOnce(&Shell<'_>) -> Result<String, E>,
) -> Result<String, E> {
    let csrf = form_session(ctx).map_or_else(String::new, |session| auth::form_token(&app.keys, &session));
    let viewer = ctx.actor.as_ref().map(|Actor { account, .. }| Viewer {
        email: &account.email,
        officer: account.roles.lists(),
        evaluates: account.roles.evaluates(),
    });
    page(&Shell {
        lang: &ctx.lang,
        path,
        viewer,
        csrf: &csrf,
        demonstration: app.config.portal.demonstration,
        call,
        now: ctx.now,
        several_calls: app.calls.len() > 1,
    })
}

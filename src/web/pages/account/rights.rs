//! "Why may I, why may I not?": the policy's decisions about the user's own rights.

use crate::{
    app::{RightAnswer, delegation::part_title},
    domain::{call::Call, ids::DossierId},
    web::{
        extract::Path,
        frame::{HandlerResult, PageContext, PageRequest, PageResult, render},
        pages::words::action_name,
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};

/// Rights on the call as a whole.
pub async fn own(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    let (rows, lacks_passkey) = (ordered(app.own_rights(&ctx)?), ctx.actor()?.rights.lacks_passkey());
    let page =
        |s: &PageContext<'_>| RightsPage { s, dossier: None, known: true, lacks_passkey, call, rows: &rows }.render();
    Ok(Html(render(&app, &ctx, call, &here, page)?))
}

/// Rights on one dossier. For a user who may see nothing of it, it does not exist, and the page says who could see it.
pub async fn on_dossier(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> HandlerResult {
    let call = app.call_of_host(&ctx)?;
    let found = app.rights_on(&ctx, id).await?;
    let known = found.known;
    let its = found.call.as_deref().map(|slug| app.call(slug)).transpose()?.unwrap_or(call);
    let (rows, lacks_passkey) = (ordered(found.verdicts), ctx.actor()?.rights.lacks_passkey());
    let page = |s: &PageContext<'_>| {
        RightsPage { s, dossier: Some(id), known, lacks_passkey, call: its, rows: &rows }.render()
    };
    let page = Html(render(&app, &ctx, call, &here, page)?);
    Ok((if known { StatusCode::OK } else { StatusCode::NOT_FOUND }, page).into_response())
}

/// What the user may do first, then the rest.
fn ordered(verdicts: Vec<RightAnswer>) -> Vec<RightAnswer> {
    let (may, may_not): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|verdict| verdict.allowed);
    may.into_iter().chain(may_not).collect()
}

/// The user's rights, with reasons.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/account/rights.html")]
pub struct RightsPage<'a> {
    pub s: &'a PageContext<'a>,
    /// The dossier; `None` for the call as a whole.
    pub dossier: Option<DossierId>,
    /// Whether the user may see anything of it.
    pub known: bool,
    /// The user's roles require a passkey that was not used in this session.
    pub lacks_passkey: bool,
    /// The call of the dossier, which names its parts.
    pub call: &'a Call,
    pub rows: &'a [RightAnswer],
}

impl RightsPage<'_> {
    fn action(&self, row: &RightAnswer) -> &'static str {
        action_name(row.action, *self.s.lang)
    }
    fn part(&self, row: &RightAnswer) -> Option<String> {
        row.part.as_ref().map(|part| part_title(self.call, part, *self.s.lang))
    }
}

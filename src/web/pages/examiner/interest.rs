//! The declaration of interests in one dossier.

use super::reviews::round_title;
use crate::{
    app::{App, Ctx, examination::review::Declaration},
    domain::{ids::DossierId, text::Text},
    web::{
        address::see_other,
        error::Failure,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};

/// The declaration form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> PageResult {
    Ok(Html(page(&app, &ctx, id, &here, None).await?))
}

/// Stores the declaration; an incomplete one is asked for again.
pub async fn declare(Path(id): Path<DossierId>, FormRequest { app, ctx, here, posted }: FormRequest) -> HandlerResult {
    let conflict = posted.text("conflict") == "yes";
    let problem = match (conflict, posted.text("sworn") == "yes", posted.text("sure") == "yes") {
        (true, _, false) => Some(Text::new(
            "Cochez que vous comprenez : cette déclaration est définitive.",
            "Tick that you understand: this declaration is final.",
        )),
        (false, false, _) => Some(Text::new(
            "Cochez la déclaration sur l’honneur, ou déclarez un conflit d’intérêts.",
            "Tick the declaration on your honour, or declare a conflict of interests.",
        )),
        _ => None,
    };
    if let Some(problem) = problem {
        let page = page(&app, &ctx, id, &here, Some((conflict, &problem))).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    }
    let standing = app.declare(&ctx, id, conflict).await?;
    let evaluates = ctx.actor()?.account.roles.evaluates();
    let next = match (conflict, evaluates) {
        (false, true) => format!("/reviews/{id}"),
        (true, true) => "/reviews?done=conflict".to_owned(),
        (_, false) => format!("/calls/{}/rounds/{}/dossiers", standing.call, standing.round),
    };
    Ok(see_other(ctx.lang, &next))
}

async fn page(
    app: &App,
    ctx: &Ctx,
    id: DossierId,
    path: &str,
    problem: Option<(bool, &Text)>,
) -> Result<String, Failure> {
    let Declaration { standing, assigned, declared } = app.declaration(ctx, id).await?;
    let may_clear = assigned && !declared;
    let back = match (may_clear, ctx.actor()?.account.roles.evaluates()) {
        (true, _) => "/reviews".to_owned(),
        (false, true) => format!("/reviews/{id}"),
        (false, false) => format!("/calls/{}/rounds/{}/dossiers/{id}", standing.call, standing.round),
    };
    let round = round_title(app, &standing.call, &standing.round, ctx.lang);
    let back = format!("{}{back}", ctx.lang.tr("", "/en"));
    let page = |s: &PageContext<'_>| {
        InterestPage {
            s,
            dossier: id,
            title: &standing.title,
            company: &standing.company,
            round: &round,
            may_clear,
            back: &back,
            problem,
        }
        .render()
    };
    Ok(render(app, ctx, app.call(&standing.call)?, path, page)?)
}

/// The page on which a user declares interests in a dossier.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/examiner/interest.html")]
pub struct InterestPage<'a> {
    pub s: &'a PageContext<'a>,
    pub dossier: DossierId,
    /// Project, empty if it has no title.
    pub title: &'a str,
    pub company: &'a str,
    /// Round, as shown.
    pub round: &'a str,
    /// The user may declare no conflict, and has not yet.
    pub may_clear: bool,
    /// The address of the dossier for this user.
    pub back: &'a str,
    /// The error: in the form that declares a conflict (true), or in the other one.
    pub problem: Option<(bool, &'a Text)>,
}

impl InterestPage<'_> {
    fn problem(&self, conflict: bool) -> Option<&Text> {
        self.problem.filter(|(form, _)| *form == conflict).map(|(_, words)| words)
    }
    fn in_conflict(&self) -> Option<&Text> {
        self.problem(true)
    }
    fn in_sworn(&self) -> Option<&Text> {
        self.problem(false)
    }
}

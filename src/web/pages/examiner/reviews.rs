//! What experts and the jury evaluate.

use crate::{
    app::{App, examination::review::Evaluation},
    domain::{
        calendar::RoundId,
        ids::DossierId,
        text::{Lang, Text},
    },
    web::{
        address::see_other,
        extract::{Path, Query},
        frame::{DoneQuery, HandlerResult, PageContext, PageRequest, PageResult, render},
        pages::examiner::deposit::{Deposit, deposit_page},
    },
};
use askama::Template;
use axum::response::{Html, IntoResponse};

/// The dossiers to evaluate.
pub async fn list(PageRequest { app, ctx, here }: PageRequest, Query(told): Query<DoneQuery>) -> PageResult {
    let mut rows = Vec::new();
    for one in app.to_evaluate(&ctx).await? {
        rows.push(ReviewRow {
            round: round_title(&app, &one.standing.call, &one.standing.round, ctx.lang),
            dossier: one.standing.dossier,
            title: one.standing.title,
            company: one.standing.company,
            assigned: one.assigned,
            readable: one.readable,
        });
    }
    let notice = (told.done == "conflict").then(|| {
        Text::new(
            "Votre conflit d’intérêts est noté : ce dossier ne vous est plus montré.",
            "Your conflict of interests is noted: this application is not shown to you any more.",
        )
    });
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here, |s| ReviewsPage { s, rows: &rows, notice: notice.as_ref() }.render())?))
}

/// Call and round, as shown.
pub fn round_title(app: &App, call: &str, round: &RoundId, lang: Lang) -> String {
    app.call(call).map_or_else(
        |_| round.to_string(),
        |call| {
            let round = call.round(round).map_or("", |round| round.title.get(&lang));
            format!("{} – {round}", call.title.get(&lang))
        },
    )
}

/// One dossier, or the declaration that must come first.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> HandlerResult {
    let standing = match app.evaluation(&ctx, id).await? {
        Evaluation::Undeclared => return Ok(see_other(ctx.lang, &format!("/reviews/{id}/interest"))),
        Evaluation::Open(standing) => standing,
    };
    let deposit = &standing.examined;
    let call = app.call(&deposit.call)?;
    let page = Deposit {
        receipt: &deposit.receipt,
        answers: &deposit.answers,
        round: app.round(call, &deposit.round)?,
        versions: &standing.versions,
        evaluation: &deposit.evaluation,
        scans: &standing.scans,
        desk: None,
        evaluates: true,
        register: deposit.register.as_ref(),
        notice: None,
    };
    let page = render(&app, &ctx, call, &here, |context| deposit_page(context, &page))?;
    Ok(Html(page).into_response())
}

/// A dossier to evaluate.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    pub dossier: DossierId,
    /// Project, empty if it has no title.
    pub title: String,
    pub company: String,
    /// Call and round, as shown.
    pub round: String,
    /// It is assigned to this expert; otherwise the user is a member of the jury.
    pub assigned: bool,
    /// It may be read now.
    pub readable: bool,
}

/// The list.
#[derive(Template)]
#[template(path = "pages/examiner/reviews.html")]
pub struct ReviewsPage<'a> {
    pub s: &'a PageContext<'a>,
    pub rows: &'a [ReviewRow],
    pub notice: Option<&'a Text>,
}

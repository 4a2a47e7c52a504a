//! Answers of the simulator, found again after signing in: a dossier begins with them.

use crate::{
    app::AppError,
    domain::{calendar::Round, document::Document},
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
        pages::{applicant::dossier::first_section, public::simulator::round_closed},
    },
};
use askama::Template;
use axum::response::Html;

/// The answers as they were kept. Opening the page changes nothing, because the link of a mail leads here.
pub async fn show(
    PageRequest { app, ctx, here }: PageRequest,
    Path((call, secret)): Path<(String, String)>,
) -> PageResult {
    let kept = app.kept_simulation(&ctx, &call, &secret).await?;
    let call = app.call(&call)?;
    let (round, answers) = (app.round(call, &kept.round)?, count(&kept.answers));
    let page = render(&app, &ctx, call, &here, |s| SimulationPage { s, secret: &secret, round, answers }.render())?;
    Ok(Html(page))
}

/// Begins the dossier; pressed twice, it leads to the same one.
pub async fn begin(
    Path((call, secret)): Path<(String, String)>,
    FormRequest { app, ctx, .. }: FormRequest,
) -> HandlerResult {
    let kept = app.kept_simulation(&ctx, &call, &secret).await?;
    match app.create_from_simulation(&ctx, &kept).await {
        Ok(id) => Ok(see_other(ctx.lang, &first_section(app.call(&call)?, id))),
        Err(AppError::RoundClosed) => round_closed(&app, &ctx, kept).await,
        Err(error) => Err(error.into()),
    }
}

fn count(answers: &Document) -> usize {
    answers.0.values().map(|section| section.len()).sum()
}

/// The button that begins a dossier with kept answers.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/applicant/simulation.html")]
pub struct SimulationPage<'a> {
    pub s: &'a PageContext<'a>,
    /// Under which the answers are kept.
    pub secret: &'a str,
    pub round: &'a Round,
    /// The number of questions answered.
    pub answers: usize,
}

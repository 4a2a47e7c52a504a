//! What experts and the jury evaluate, and the declaration of interests.

use super::{Done, dossier::version_rows, here, render, see_other};
use crate::{
    app::{
        App, Ctx,
        examination::review::{Declaration, Evaluation},
    },
    domain::{
        calendar::RoundId,
        ids::DossierId,
        text::{Lang, Text},
    },
    web::{
        error::Failure,
        extract::{Path, Query},
        posted::PostedForm,
        view::{self, InterestPage, OfficerDossier, ReviewRow},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};

/// The dossiers to evaluate.
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Query(told): Query<Done>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
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
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::reviews(shell, &rows, notice.as_ref()))?))
}

/// Call and round, as shown.
fn round_title(app: &App, call: &str, round: &RoundId, lang: Lang) -> String {
    app.call(call).map_or_else(
        |_| round.to_string(),
        |call| {
            let round = call.round(round).map_or("", |round| round.title.get(&lang));
            format!("{} – {round}", call.title.get(&lang))
        },
    )
}

/// One dossier, or the declaration that must come first.
pub async fn show(State(app): State<App>, ctx: Ctx, Path(id): Path<DossierId>, uri: Uri) -> Result<Response, Failure> {
    let (deposit, versions) = match app.evaluation(&ctx, id).await? {
        Evaluation::Undeclared => return Ok(see_other(ctx.lang, &format!("/reviews/{id}/interest"))),
        Evaluation::Open(deposit, versions) => (deposit, versions),
    };
    let call = app.call(&deposit.call)?;
    let page = OfficerDossier {
        receipt: &deposit.receipt,
        round: app.round(call, &deposit.round)?,
        versions: &version_rows(&versions, &call.time_zone()),
        evaluation: &deposit.evaluation,
        desk: None,
        evaluates: true,
        notice: None,
    };
    let page = render(&app, &ctx, call, &here(&uri), |shell| view::officer_dossier(shell, &page))?;
    Ok(Html(page).into_response())
}

/// The declaration form.
pub async fn interest(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    Ok(Html(page(&app, &ctx, id, &here(&uri), None).await?))
}

/// Stores the declaration; an incomplete one is asked for again.
pub async fn declare(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
    posted: PostedForm,
) -> Result<Response, Failure> {
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
        let page = page(&app, &ctx, id, &here(&uri), Some((conflict, &problem))).await?;
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
    let page = InterestPage {
        dossier: id,
        title: &standing.title,
        company: &standing.company,
        round: &round_title(app, &standing.call, &standing.round, ctx.lang),
        may_clear,
        back: &format!("{}{back}", ctx.lang.tr("", "/en")),
        problem,
    };
    let call = app.call(&standing.call)?;
    Ok(render(app, ctx, call, path, |shell| view::interest(shell, &page))?)
}

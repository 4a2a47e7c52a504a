//! The examination of one deposit: reading it, admitting it, assigning it to experts.

use crate::{
    app::{App, AppError, Ctx, DossierPath},
    domain::{ids::AccountId, text::Text},
    web::{
        address::see_other,
        error::Failure,
        extract::{Path, Query},
        frame::{DoneQuery, FormRequest, HandlerResult, PageRequest, PageResult, render},
        pages::examiner::{
            deposit::{Deposit, deposit_page},
            examination::{DeskForm, Examination},
        },
    },
};
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

/// An assignment of the dossier in a path.
#[derive(Deserialize)]
pub struct AssignmentPath {
    assignment: Uuid,
}

/// One deposit, evaluated at the time it was made, and the state of its examination.
pub async fn show(
    PageRequest { app, ctx, here }: PageRequest,
    Path(path): Path<DossierPath>,
    Query(told): Query<DoneQuery>,
) -> PageResult {
    let notice = match told.done.as_str() {
        "admitted" => Some(Text::new("Le dossier est recevable.", "The application is admissible.")),
        "not-admitted" => {
            Some(Text::new("Le dossier n’est plus recevable.", "The application is not admissible any more."))
        }
        "assigned" => Some(Text::new(
            "Le dossier est confié : l’expert en est averti par courriel.",
            "The application is given: the expert is told by e-mail.",
        )),
        "released" => Some(Text::new(
            "Le dossier est retiré à l’expert : sa prochaine requête est refusée.",
            "The application is taken back: the expert's next request is refused.",
        )),
        _ => None,
    };
    Ok(Html(page(&app, &ctx, &path, &here, notice.as_ref(), None, "").await?))
}

/// Finds it admissible.
pub async fn admit(Path(path): Path<DossierPath>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.admit(&ctx, &path).await?;
    Ok(back(&ctx, &path, "admitted"))
}

/// Takes the admission back; a missing reason is asked for again.
pub async fn revoke_admission(
    Path(path): Path<DossierPath>,
    FormRequest { app, ctx, posted, .. }: FormRequest,
) -> HandlerResult {
    let reason = posted.text("reason");
    match app.take_back_admission(&ctx, &path, reason).await {
        Ok(()) => Ok(back(&ctx, &path, "not-admitted")),
        Err(AppError::Reason) => {
            let problem = Text::new(
                "Dites pourquoi, en 500 caractères au plus : ce motif reste au journal.",
                "Say why, in 500 characters at most: the reason stays in the journal.",
            );
            refused(&app, &ctx, &path, (DeskForm::Admission, &problem), reason).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Assigns it to an expert.
pub async fn assign(Path(path): Path<DossierPath>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let done = match posted.text("expert").parse::<AccountId>() {
        Ok(expert) => app.assign(&ctx, &path, expert).await,
        Err(_) => Err(AppError::NoExpert),
    };
    match done {
        Ok(()) => Ok(back(&ctx, &path, "assigned")),
        Err(AppError::NoExpert) => {
            let problem = Text::new(
                "Ce dossier ne peut pas être confié à cette personne : choisissez dans la liste.",
                "This application cannot be given to this person: choose from the list.",
            );
            refused(&app, &ctx, &path, (DeskForm::Experts, &problem), "").await
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes it back from an expert.
pub async fn revoke_assignment(
    Path(path): Path<DossierPath>,
    Path(AssignmentPath { assignment }): Path<AssignmentPath>,
    FormRequest { app, ctx, .. }: FormRequest,
) -> HandlerResult {
    app.release(&ctx, &path, assignment).await?;
    Ok(back(&ctx, &path, "released"))
}

fn address(path: &DossierPath) -> String {
    let DossierPath { call, round, id } = path;
    format!("/calls/{call}/rounds/{round}/dossiers/{id}")
}

fn back(ctx: &Ctx, path: &DossierPath, done: &str) -> Response {
    see_other(ctx.lang, &format!("{}?done={done}", address(path)))
}

/// The page again, with what is wrong.
async fn refused(app: &App, ctx: &Ctx, path: &DossierPath, problem: (DeskForm, &Text), reason: &str) -> HandlerResult {
    let page = page(app, ctx, path, &address(path), None, Some(problem), reason).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

async fn page(
    app: &App,
    ctx: &Ctx,
    path: &DossierPath,
    here: &str,
    notice: Option<&Text>,
    problem: Option<(DeskForm, &Text)>,
    reason: &str,
) -> Result<String, Failure> {
    let standing = app.standing_deposit(ctx, path).await?;
    let deposit = &standing.examined;
    let call = app.call(&path.call)?;
    let base = format!("{}{}", ctx.lang.tr("", "/en"), address(path));
    let desk = standing.desk.as_ref().map(|desk| Examination { desk, base: &base, problem, reason });
    let page = Deposit {
        receipt: &deposit.receipt,
        answers: &deposit.answers,
        round: app.round(call, &deposit.round)?,
        versions: &standing.versions,
        evaluation: &deposit.evaluation,
        scans: &standing.scans,
        desk,
        evaluates: false,
        register: deposit.register.as_ref(),
        notice,
    };
    Ok(render(app, ctx, call, here, |context| deposit_page(context, &page))?)
}

//! The files of a draft: attached, removed, downloaded.

use super::upload;
use crate::{
    app::{App, AppError, Ctx, dossier::upload::Destination},
    domain::{ids::DossierId, scan::ScanWarning, text::Text},
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageRequest},
        pages::applicant::{
            dossier::{DossierPage, LoadedDossier},
            open_piece::send_or_warn,
            overview::OverviewPage,
        },
        posted::PostedFile,
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse},
};

/// Attaches a piece. A refused file leaves everything as it was, and says why beside the piece.
pub async fn attach(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, code)): Path<(DossierId, String)>,
    headers: HeaderMap,
    posted: PostedFile,
) -> HandlerResult {
    let script = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"));
    let PostedFile { fields, name, file } = posted;
    let to = Destination { dossier: id, code: &code };
    let (issued, attached) = (fields.text("issued"), fields.text("sha256"));
    // A browser sends a file without a name when none was chosen: what is left to say of an attached one is its date.
    let done = if name.is_empty() && !issued.is_empty() && !attached.is_empty() {
        app.date_piece(&ctx, to, attached, issued).await
    } else {
        app.attach(&ctx, to, &name, issued, None, file).await
    };
    match done {
        Ok(attached) if script => Ok(upload::answer(ctx.lang, id, &code, &attached)),
        Ok(attached) => Ok(see_other(ctx.lang, &upload::place(id, &code, &attached))),
        Err(error) if script => Err(error.into()),
        Err(error) => refused(&app, &ctx, id, &code, error).await,
    }
}

async fn refused(app: &App, ctx: &Ctx, id: DossierId, code: &str, error: AppError) -> HandlerResult {
    let why = match &error {
        AppError::File(refusal) => refusal.message(),
        AppError::IssueDate => Text::new(
            "La date d’émission n’est pas une date : écrivez-la jj/mm/aaaa, puis renvoyez.",
            "The day of issue is not a date: write it dd/mm/yyyy, then send again.",
        ),
        AppError::BrokenOff => Text::new(
            "Le fichier n’est pas arrivé entier : envoyez-le de nouveau.",
            "The file did not arrive whole: send it again.",
        ),
        _ => return Err(error.into()),
    };
    let opened = LoadedDossier::load_shared(app, ctx, id).await?;
    let page = opened.render(app, ctx, &format!("/dossiers/{id}"), |context, page| {
        OverviewPage::new(context, &DossierPage { upload_problem: Some((code, &why)), ..page }).render()
    })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// Gives the day of issue of a piece that is attached.
pub async fn date_piece(
    Path((id, code)): Path<(DossierId, String)>,
    FormRequest { app, ctx, posted, .. }: FormRequest,
) -> HandlerResult {
    let to = Destination { dossier: id, code: &code };
    match app.date_piece(&ctx, to, posted.text("sha256"), posted.text("issued")).await {
        Ok(dated) => Ok(see_other(ctx.lang, &upload::place(id, &code, &dated))),
        Err(error) => refused(&app, &ctx, id, &code, error).await,
    }
}

/// Removes a piece from the draft.
pub async fn remove_piece(
    Path((id, code)): Path<(DossierId, String)>,
    FormRequest { app, ctx, posted, .. }: FormRequest,
) -> HandlerResult {
    app.remove_piece(&ctx, id, &code, posted.text("sha256")).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}#piece-{code}")))
}

/// A piece of the draft.
pub async fn piece(
    request: PageRequest,
    headers: HeaderMap,
    Path((id, code)): Path<(DossierId, String)>,
) -> HandlerResult {
    let opened = request.app.draft_piece(&request.ctx, id, &code, ScanWarning::NotShown).await;
    send_or_warn(&request, &headers, &code, opened)
}

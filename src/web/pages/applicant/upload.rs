//! A file that arrives in parts, for the page's script; without script the form sends it whole.

use crate::{
    app::{App, AttachOutcome, Ctx, dossier::upload::Destination},
    domain::{ids::DossierId, text::Lang},
    web::{
        error::Failure,
        extract::{Path, Query},
        frame::HandlerResult,
        posted::CheckedCtx,
        resumable::{self, Fields},
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// What is said of a file that will come.
#[derive(Deserialize)]
pub struct Coming {
    #[serde(default)]
    name: String,
    #[serde(default)]
    issued: String,
}

/// Begins an upload; its parts come later.
pub async fn begin(
    State(app): State<App>,
    CheckedCtx(ctx): CheckedCtx,
    Path((id, code)): Path<(DossierId, String)>,
    Query(coming): Query<Coming>,
    headers: HeaderMap,
) -> HandlerResult {
    let Fields { complete: Some(false), length, part_bytes: None | Some(0), .. } = Fields::creation(&headers)? else {
        return Err(Failure::UploadFields);
    };
    let to = Destination { dossier: id, code: &code };
    let (upload, state) = app.begin_upload(&ctx, to, &coming.name, &coming.issued, length).await?;
    let prefix = ctx.lang.tr("", "/en");
    resumable::begun(&format!("{prefix}/dossiers/{id}/pieces/{code}/uploads/{upload}"), &state)
}

/// How an upload stands.
pub async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, code, upload)): Path<(DossierId, String, String)>,
) -> HandlerResult {
    let to = Destination { dossier: id, code: &code };
    Ok(resumable::state(StatusCode::NO_CONTENT, &app.upload_state(&ctx, to, &upload).await?))
}

/// Appends a part; the last one attaches the piece, and is answered like the form.
pub async fn append(
    State(app): State<App>,
    CheckedCtx(ctx): CheckedCtx,
    Path((id, code, upload)): Path<(DossierId, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let to = Destination { dossier: id, code: &code };
    let part = Fields::part(&headers)?;
    let done = app.append(&ctx, to, &upload, part, body.into_data_stream()).await;
    Ok(resumable::appended(done, |attached| answer(ctx.lang, id, &code, &attached)))
}

/// Ends an upload.
pub async fn cancel(
    State(app): State<App>,
    CheckedCtx(ctx): CheckedCtx,
    Path((id, code, upload)): Path<(DossierId, String, String)>,
) -> Result<StatusCode, Failure> {
    app.cancel_upload(&ctx, Destination { dossier: id, code: &code }, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where the script goes once the piece is attached.
pub(super) fn answer(lang: Lang, id: DossierId, code: &str, attached: &AttachOutcome) -> Response {
    let redirect = format!("{}{}", lang.tr("", "/en"), place(id, code, attached));
    Json(serde_json::json!({ "ok": true, "redirect": redirect })).into_response()
}

/// Where a piece is seen once it is attached.
pub(super) fn place(id: DossierId, code: &str, attached: &AttachOutcome) -> String {
    match &attached.same_as {
        Some(other) => format!("/dossiers/{id}?same={other}#piece-{code}"),
        None => format!("/dossiers/{id}#piece-{code}"),
    }
}

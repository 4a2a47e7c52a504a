//! A dossier from its first answer to its receipt.

mod body;
pub mod company_register;
pub mod upload;

use super::{ApiQuery, ProgramCtx, id, tag, tags};
use crate::{
    app::{App, AppError, DepositRequest, DossierView, dossier::upload::Destination},
    domain::{document::Document, ids::AttemptId},
    web::{
        error::Failure,
        extract::Path,
        posted::read_json,
        resumable::{self, Fields},
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use body::{AttachedBody, CreatedBody, DepositBody, FileQuery, NewCarryOver, NewDeposit, NewDossier, Replaced};
use uuid::Uuid;

/// Begins a dossier.
#[utoipa::path(
    post, path = "/api/v1/dossiers", tag = "dossier", security(("bearer" = [])),
    request_body = NewDossier,
    responses(
        (status = 201, description = "Begun, or begun before by the same attempt; Location is its document", body = CreatedBody),
        (status = 400, description = "Not the expected JSON"),
        (status = 404, description = "No such call or round"),
        (status = 409, description = "The round is not open"),
        (status = 422, description = "Not answers to the form"),
    ),
)]
pub async fn create(State(app): State<App>, ProgramCtx(ctx): ProgramCtx, body: Body) -> Result<Response, Failure> {
    let new: NewDossier = read_json(body).await?;
    let document = match &new.document {
        Some(document) => Document::from_json(app.call(&new.call)?, document).map_err(AppError::Document)?,
        None => Document::default(),
    };
    let attempt = new.attempt.unwrap_or_else(|| AttemptId(Uuid::now_v7()));
    let id = app.create(&ctx, &new.call, &new.round, document, attempt).await?;
    // Only an attempt that was sent before can have given a dossier that changed since.
    let revision = if new.attempt.is_some() { app.dossier_whole(&ctx, id).await?.dossier.revision } else { 1 };
    let fixed = [(header::LOCATION, format!("/api/v1/dossiers/{id}/document")), (header::ETAG, tag(revision))];
    Ok((StatusCode::CREATED, fixed, Json(CreatedBody { id, revision })).into_response())
}

/// The document of a draft.
///
/// Its ETag is the revision to send in If-Match; `X-Guichet-Missing` counts the findings that refuse a deposit.
#[utoipa::path(
    get, path = "/api/v1/dossiers/{id}/document", tag = "dossier", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier")),
    responses(
        (status = 200, description = "The answers as typed", body = Object, headers(
            ("ETag" = String, description = "Revision"),
            ("X-Guichet-Missing" = usize, description = "Findings that refuse a deposit now"),
            ("X-Guichet-State" = String, description = "draft, deposited, changed or withdrawn"),
        )),
        (status = 404, description = "No such dossier"),
    ),
)]
pub async fn document(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
) -> Result<Response, Failure> {
    let DossierView { dossier, evaluation, .. } = app.dossier_whole(&ctx, id(&dossier)?).await?;
    let state = serde_json::json!(app.status_of(&ctx, &dossier)?.state());
    let fixed = [
        (header::ETAG, tag(dossier.revision)),
        (HeaderName::from_static("x-guichet-missing"), evaluation.blocking_count().to_string()),
        (HeaderName::from_static("x-guichet-state"), state.as_str().unwrap_or_default().to_owned()),
    ];
    Ok((fixed, Json(dossier.draft)).into_response())
}

/// Replaces the document of a draft.
///
/// If-Match names the revision that is replaced; `*` replaces whatever stands.
#[utoipa::path(
    put, path = "/api/v1/dossiers/{id}/document", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("If-Match" = String, Header, description = "ETag of the document that was read, or *"),
    ),
    request_body(content = Object, description = "The whole document; see dossier.schema.json"),
    responses(
        (status = 200, description = "Replaced and durable; the new ETag is there", body = Replaced),
        (status = 400, description = "Not the expected JSON"),
        (status = 404, description = "No such dossier"),
        (status = 412, description = "It has changed since; nothing was written"),
        (status = 422, description = "Not answers to the form"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
pub async fn replace(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id = id(&dossier)?;
    // The reading says first whether the dossier exists for this program at all.
    let before = app.dossier_whole(&ctx, id).await?.dossier;
    let matches = tags(&headers, header::IF_MATCH).ok_or(Failure::PreconditionRequired)?;
    let document = read_json(body).await?;
    let document = Document::from_json(app.call(&before.call)?, &document).map_err(AppError::Document)?;
    let expected = if matches.iter().any(|tag| tag == "*") {
        None
    } else if matches.contains(&tag(before.revision)) {
        Some(before.revision)
    } else {
        return Err(AppError::Stale { revision: before.revision }.into());
    };
    let saved = app.replace_document(&ctx, id, document, expected).await?.dossier.revision;
    let page = app.dossier_whole(&ctx, id).await?;
    let replaced = Replaced::new(app.status_of(&ctx, &page.dossier)?, page, ctx.lang);
    Ok(([(header::ETAG, tag(saved))], Json(replaced)).into_response())
}

/// Attaches a file to a draft.
///
/// The body is the file itself; it may be sent again, and the same file changes nothing. With `Upload-Complete: ?0` the
/// body is the first part of it, or nothing, and `Location` is where the others go (Resumable Uploads for HTTP,
/// draft-ietf-httpbis-resumable-upload): a file that takes long is best begun so.
#[utoipa::path(
    put, path = "/api/v1/dossiers/{id}/pieces/{code}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("code" = String, Path, description = "Code of the piece in the call"),
        ("issued" = Option<String>, Query, description = "Day of issue, YYYY-MM-DD"),
        ("name" = Option<String>, Query, description = "Name of the file"),
        ("Upload-Complete" = Option<String>, Header, description = "?0 begins an upload in parts"),
        ("Upload-Length" = Option<u64>, Header, description = "Length of the whole file; nothing is attached that is longer or shorter"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "Attached and durable", body = AttachedBody),
        (status = 201, description = "An upload in parts has begun", headers(
            ("Location" = String, description = "Where the parts go"),
            ("Upload-Offset" = u64, description = "Bytes that have arrived"),
            ("Upload-Complete" = String, description = "?0"),
            ("Upload-Limit" = String, description = "max-size in bytes, max-age in seconds"),
        )),
        (status = 400, description = "The upload broke off, is not as long as Upload-Length says, or has an Upload-Offset beyond 0"),
        (status = 404, description = "No such dossier or piece"),
        (status = 408, description = "Nothing came for 30 seconds"),
        (status = 422, description = "The file is refused; why and what to do"),
        (status = 429, description = "Too many uploads at once"),
    ),
)]
pub async fn attach(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path((dossier, code)): Path<(String, String)>,
    ApiQuery(query): ApiQuery<FileQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id = id(&dossier)?;
    let fields = Fields::creation(&headers)?;
    if fields.complete == Some(false) {
        return upload::begin(&app, &ctx, id, &code, &query, &fields, body).await;
    }
    let (to, file) = (Destination { dossier: id, code: &code }, body.into_data_stream());
    let attached = app.attach(&ctx, to, &query.name, &query.issued, fields.length, file).await?;
    let answer = upload::answer(attached);
    Ok(if fields.complete.is_some() { resumable::last(answer) } else { answer })
}

/// Deposits the draft.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{id}/deposits", tag = "dossier", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier")),
    request_body = NewDeposit,
    responses(
        (status = 201, description = "Deposited; Location is the receipt", body = DepositBody),
        (status = 200, description = "Deposited before: the receipt of then", body = DepositBody),
        (status = 400, description = "Not the expected JSON"),
        (status = 404, description = "No such dossier"),
        (status = 409, description = "The draft was changed after the revision named, or after this request was complete; nothing was deposited, what changed stands in the detail"),
        (status = 422, description = "Refused, with all findings; everything is kept"),
        (status = 503, description = "Not known to be deposited: send the same attempt again"),
    ),
)]
pub async fn deposit(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
    body: Body,
) -> Result<Response, Failure> {
    let id = id(&dossier)?;
    let NewDeposit { attempt, revision } = read_json(body).await?;
    let done = app.deposit(&ctx, id, DepositRequest { attempt, revision }).await?;
    let status = if done.new { StatusCode::CREATED } else { StatusCode::OK };
    let place = [(header::LOCATION, format!("/api/v1/receipts/{}", done.receipt))];
    let url = format!("{}/receipts/{}", app.config.portal.public_url, done.receipt);
    Ok((status, place, Json(DepositBody::new(done, url))).into_response())
}

/// Carries a draft over to another round.
///
/// A new dossier begins in the open round named, of the same call, with the answers and the pieces of this one, whose own
/// round has closed. It remains to be deposited; this one stays as it is.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{id}/carry-over", tag = "dossier", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier that is carried over")),
    request_body = NewCarryOver,
    responses(
        (status = 201, description = "Begun, or begun before by the same attempt; Location is its document", body = CreatedBody),
        (status = 400, description = "Not the expected JSON"),
        (status = 403, description = "Not the owner's program"),
        (status = 404, description = "No such dossier or round"),
        (status = 409, description = "The round named is not open (`round_closed`), or the dossier's own has not closed, or it stands deposited as it is (`not_carried_over`)"),
    ),
)]
pub async fn carry_over(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
    body: Body,
) -> Result<Response, Failure> {
    let id = id(&dossier)?;
    let NewCarryOver { round, attempt } = read_json(body).await?;
    let begun = app.carry_over(&ctx, id, &round, attempt).await?;
    let revision = app.dossier_whole(&ctx, begun).await?.dossier.revision;
    let fixed = [(header::LOCATION, format!("/api/v1/dossiers/{begun}/document")), (header::ETAG, tag(revision))];
    Ok((StatusCode::CREATED, fixed, Json(CreatedBody { id: begun, revision })).into_response())
}

/// Deletes a draft.
///
/// Its answers, pieces and invitations are gone at once and for good. What was ever deposited is kept. If-Match names the
/// revision that is deleted; `*` deletes whatever stands. A draft that was deleted before answers alike.
#[utoipa::path(
    delete, path = "/api/v1/dossiers/{id}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("If-Match" = String, Header, description = "ETag of the document that was read, or *"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such dossier, or not one that this token may delete"),
        (status = 409, description = "It was deposited (`dossier_kept`): it is kept, withdrawn or not"),
        (status = 412, description = "It has changed since; nothing was deleted"),
        (status = 428, description = "If-Match is missing"),
    ),
)]
pub async fn delete(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let id = id(&dossier)?;
    let Some(matches) = tags(&headers, header::IF_MATCH) else {
        // Whether the dossier exists for this program is said first.
        app.deletion_summary(&ctx, id).await?;
        return Err(Failure::PreconditionRequired);
    };
    let any = matches.iter().any(|tag| tag == "*");
    let named = matches.iter().find_map(|tag| tag.trim_matches('"').parse().ok());
    app.delete_draft(&ctx, id, if any { None } else { Some(named.unwrap_or(0)) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A receipt, exactly as it was signed.
#[utoipa::path(
    get, path = "/api/v1/receipts/{number}", tag = "dossier", security(("bearer" = [])),
    params(("number" = String, Path, description = "Number of the receipt")),
    responses(
        (status = 200, description = "The receipt: keep these bytes", body = Object),
        (status = 404, description = "No such receipt"),
    ),
)]
pub async fn receipt(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    let stored = app.receipt(&ctx, &number).await?.stored;
    Ok(([(header::CONTENT_TYPE, "application/json")], stored.text).into_response())
}

//! A file that arrives in parts, for programs.

use super::body::{AttachedBody, FileQuery};
use crate::{
    app::{
        App, AppError, AttachOutcome, Ctx,
        dossier::upload::{Appended, Destination, UploadFault},
    },
    domain::ids::DossierId,
    web::{
        api::{ProgramCtx, id, tag},
        error::Failure,
        extract::Path,
        resumable::{self, Fields},
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The answer to a file that was attached, in however many parts it came.
pub(super) fn answer(attached: AttachOutcome) -> Response {
    let revision = attached.revision;
    let body = AttachedBody { piece: attached.piece.into(), same_as: attached.same_as, revision };
    ([(header::ETAG, tag(revision))], Json(body)).into_response()
}

/// Begins an upload with its first part, which may be empty.
pub(super) async fn begin(
    app: &App,
    ctx: &Ctx,
    dossier: DossierId,
    code: &str,
    query: &FileQuery,
    fields: &Fields,
    body: Body,
) -> Result<Response, Failure> {
    let to = Destination { dossier, code };
    let (upload, mut state) = app.begin_upload(ctx, to, &query.name, &query.issued, fields.length).await?;
    if fields.part_bytes != Some(0) {
        match app.append(ctx, to, &upload, fields.first(), body.into_data_stream()).await {
            Ok(Appended::More(arrived)) => state = arrived,
            // Nobody has been told where to go on: what has arrived is of no use.
            Err(AppError::Upload(UploadFault::Full)) => {
                app.cancel_upload(ctx, to, &upload).await?;
                return Ok(resumable::failed(AppError::Disk(std::io::ErrorKind::StorageFull.into())));
            }
            done => return Ok(resumable::appended(done, answer)),
        }
    }
    resumable::begun(&format!("/api/v1/dossiers/{dossier}/pieces/{code}/uploads/{upload}"), &state)
}

/// What uploads of a piece may be.
#[utoipa::path(
    options, path = "/api/v1/dossiers/{id}/pieces/{code}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("code" = String, Path, description = "Code of the piece in the call"),
    ),
    responses(
        (status = 204, description = "Uploads in parts can be made here", headers(
            ("Upload-Limit" = String, description = "max-size in bytes, max-age in seconds"),
        )),
    ),
)]
pub async fn options(State(app): State<App>, ProgramCtx(_): ProgramCtx) -> Response {
    resumable::options(resumable::largest_file(&app))
}

/// How an upload stands.
///
/// A request that is still sending to it is ended, so that the offset stays true. Uploads stand on the machine where they
/// were begun, for twelve hours after the last part, and once they are finished as long as their piece is the one that
/// stands: after a 404, begin again.
#[utoipa::path(
    method(get, head), path = "/api/v1/dossiers/{id}/pieces/{code}/uploads/{upload}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("code" = String, Path, description = "Code of the piece in the call"),
        ("upload" = String, Path, description = "Id of the upload"),
    ),
    responses(
        (status = 204, description = "It stands", headers(
            ("Upload-Offset" = u64, description = "Bytes that have arrived: the next part begins there"),
            ("Upload-Complete" = String, description = "?1 once the piece is attached"),
            ("Upload-Length" = u64, description = "Length of the whole, where it was told"),
            ("Upload-Limit" = String, description = "max-size in bytes, max-age in seconds"),
        )),
        (status = 404, description = "No such upload here"),
    ),
)]
pub async fn show(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path((dossier, code, upload)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let to = Destination { dossier: id(&dossier)?, code: &code };
    Ok(resumable::state(StatusCode::NO_CONTENT, &app.upload_state(&ctx, to, &upload).await?))
}

/// Appends a part to an upload; the last one attaches the piece.
///
/// What arrived of a part that broke off is kept: ask for the offset and go on from there. The last part may be sent
/// again, empty, when its answer was lost or the portal was unavailable.
#[utoipa::path(
    patch, path = "/api/v1/dossiers/{id}/pieces/{code}/uploads/{upload}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("code" = String, Path, description = "Code of the piece in the call"),
        ("upload" = String, Path, description = "Id of the upload"),
        ("Upload-Offset" = u64, Header, description = "Where the part begins"),
        ("Upload-Complete" = String, Header, description = "?1 when the file ends with this part, else ?0"),
        ("Upload-Length" = Option<u64>, Header, description = "Length of the whole file"),
    ),
    request_body(content = Vec<u8>, content_type = "application/partial-upload"),
    responses(
        (status = 200, description = "It was the last part: attached and durable", body = AttachedBody, headers(
            ("Upload-Complete" = String, description = "?1"),
        )),
        (status = 204, description = "Appended", headers(
            ("Upload-Offset" = u64, description = "Bytes that have arrived"),
            ("Upload-Complete" = String, description = "?0"),
        )),
        (status = 400, description = "Broken off, or lengths that contradict each other"),
        (status = 404, description = "No such upload here"),
        (status = 408, description = "Nothing came for 30 seconds"),
        (status = 409, description = "The part does not begin where the last one ended (Upload-Offset tells), the upload is complete (Upload-Complete tells), or a later request took over"),
        (status = 415, description = "Not application/partial-upload"),
        (status = 422, description = "The file is whole, and refused; why and what to do"),
        (status = 507, description = "No room for the rest; what has arrived is kept"),
    ),
)]
pub async fn append(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path((dossier, code, upload)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let to = Destination { dossier: id(&dossier)?, code: &code };
    let part = Fields::part(&headers)?;
    Ok(resumable::appended(app.append(&ctx, to, &upload, part, body.into_data_stream()).await, answer))
}

/// Ends an upload and forgets its parts.
#[utoipa::path(
    delete, path = "/api/v1/dossiers/{id}/pieces/{code}/uploads/{upload}", tag = "dossier", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "Id of the dossier"),
        ("code" = String, Path, description = "Code of the piece in the call"),
        ("upload" = String, Path, description = "Id of the upload"),
    ),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 404, description = "No such upload here"),
    ),
)]
pub async fn cancel(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path((dossier, code, upload)): Path<(String, String, String)>,
) -> Result<StatusCode, Failure> {
    let to = Destination { dossier: id(&dossier)?, code: &code };
    app.cancel_upload(&ctx, to, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

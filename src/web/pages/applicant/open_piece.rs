//! Sending the file of a piece; where the virus scanner has not cleared it, a warning first.

use crate::{
    app::{App, AppError, Ctx, PieceBytes, PieceFile},
    domain::{
        ids::DossierId,
        media::file_name,
        scan::{ScanState, ScanWarning, Withheld},
    },
    web::{
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, render},
    },
};
use askama::Template;
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_util::io::ReaderStream;

/// A sealed piece, after the warning.
pub async fn sealed(
    Path((number, code)): Path<(String, String)>,
    FormRequest { app, ctx, .. }: FormRequest,
) -> HandlerResult {
    Ok(send_piece(app.receipt_piece(&ctx, &number, &code, ScanWarning::Accepted).await?))
}

/// A piece of the draft, after the warning.
pub async fn draft(
    Path((id, code)): Path<(DossierId, String)>,
    FormRequest { app, ctx, .. }: FormRequest,
) -> HandlerResult {
    Ok(send_piece(app.draft_piece(&ctx, id, &code, ScanWarning::Accepted).await?))
}

/// Sends a piece, or warns a browser of what is not known to be clean. Programs get that as a problem.
pub(super) fn send_or_warn(
    PageRequest { app, ctx, here }: &PageRequest,
    headers: &HeaderMap,
    code: &str,
    opened: Result<PieceFile, AppError>,
) -> HandlerResult {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let program = accept.contains("application/json") && !accept.contains("text/html");
    match opened {
        Err(AppError::Withheld(Withheld::WithoutWarning(state))) if !program => warn(app, ctx, here, code, state),
        opened => Ok(send_piece(opened?)),
    }
}

/// Sends a piece as a download: never inline, whatever it says it is. A copy that names its reader says so.
fn send_piece(piece: PieceFile) -> Response {
    let PieceFile { piece, bytes } = piece;
    // Names that were kept or sealed before names were made safe go out safe, too.
    let own = file_name(&piece.name, &piece.media, &piece.code);
    let (name, media, length, marked, body) = match bytes {
        PieceBytes::Attached(file) => (own, piece.media, piece.bytes, None, Body::from_stream(ReaderStream::new(file))),
        PieceBytes::Copy(file, length) => {
            let stem = own.rsplit_once('.').map_or(own.as_str(), |(stem, _)| stem);
            let media = "application/pdf".to_owned();
            let name = file_name(stem, &media, &piece.code);
            (name, media, length, Some([("x-guichet-copy", "marked")]), Body::from_stream(ReaderStream::new(file)))
        }
    };
    let ascii: String = name.chars().map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' }).collect();
    let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    (headers, marked, body).into_response()
}

fn warn(app: &App, ctx: &Ctx, here: &str, code: &str, state: ScanState) -> HandlerResult {
    let call = app.call_of_host(ctx)?;
    let file = here.split('?').next().unwrap_or_default();
    let page = render(app, ctx, call, here, |s| OpenPiecePage { s, file, code, state }.render())?;
    Ok((StatusCode::FORBIDDEN, Html(page)).into_response())
}

/// The warning.
#[derive(Template)]
#[template(path = "pages/applicant/open_piece.html")]
pub struct OpenPiecePage<'a> {
    pub s: &'a PageContext<'a>,
    /// Address of the file, without the language.
    pub file: &'a str,
    /// Code of the piece.
    pub code: &'a str,
    pub state: ScanState,
}

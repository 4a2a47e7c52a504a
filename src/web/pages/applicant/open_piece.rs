//! A file that the virus scanner has not cleared: the warning before it, and its confirmation.

use crate::{
    app::{App, AppError, Ctx, PieceFile},
    domain::{
        ids::DossierId,
        scan::{ScanState, ScanWarning, Withheld},
    },
    web::{
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, render},
        pages::applicant::piece::send_piece,
    },
};
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse},
};

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

//! Checking a receipt: here, or offline with the same keys.

use super::{here, render};
use crate::{
    app::{App, AppError, Ctx},
    domain::{
        receipt::{self, MAX_RECEIPT_BYTES, PublicKey},
        text::shorten,
    },
    web::{assets, error::Failure, posted::PostedFile, view},
};
use axum::{
    Json,
    extract::State,
    http::{Uri, header},
    response::{Html, IntoResponse, Response},
};

/// At most this many characters of the number are repeated on the page, because it comes from outside.
const MAX_NUMBER_CHARS: usize = 40;

/// The current and former signing keys of this portal.
fn published(app: &App) -> Vec<PublicKey> {
    std::iter::once(app.keys.receipt_public())
        .chain(app.keys.retired.iter().map(Vec::as_slice))
        .map(|key| PublicKey { id: receipt::key_id(key), public_key: hex::encode(key) })
        .collect()
}

/// The keys, at their well-known address.
pub async fn keys(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(published(&app))).into_response()
}

pub async fn show(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::verify(shell, None, None))?))
}

/// The report on an uploaded receipt; the file is not stored.
pub async fn run(State(app): State<App>, ctx: Ctx, uri: Uri, mut posted: PostedFile) -> Result<Html<String>, Failure> {
    let call = app.call_of_host(&ctx)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = posted.file.chunk().await.map_err(|_| Failure::BadRequest)? {
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() > MAX_RECEIPT_BYTES {
        return Err(Failure::TooLarge(MAX_RECEIPT_BYTES as u64));
    }
    let read = bytes.len();
    let keys = published(&app);
    let work = move || {
        let (report, json) = receipt::verify_bytes(&bytes, &keys);
        (report, json["statement"]["number"].as_str().map(|number| shorten(number, MAX_NUMBER_CHARS)))
    };
    let (report, number) = app.offload(read, work).await?;
    let number = number.as_deref();
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::verify(shell, Some(&report), number))?))
}

/// The verifier as a single-file page, with the portal's keys inside.
pub async fn offline(State(app): State<App>) -> Result<Response, Failure> {
    let keys = serde_json::json!(published(&app));
    let page = assets::whole("verify.html", &[("/*KEYS*/[]", keys)]).ok_or(AppError::NotFound)?;
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"guichet-verification.html\""),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((fixed, page.html).into_response())
}

//! Checking a receipt: here, or offline with the same keys.

use crate::{
    app::{App, AppError},
    domain::{
        finding::and_more,
        receipt::{self, MAX_RECEIPT_BYTES, PublicKey, VerificationReport},
        text::{Text, shorten},
    },
    web::{
        assets,
        error::Failure,
        frame::{HandlerResult, PageContext, PageRequest, PageResult, render},
        posted::PostedFile,
    },
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::header,
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

/// The form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here, |s| VerifyPage { s, report: None, number: None }.render())?))
}

/// The report on an uploaded receipt; the file is not stored.
pub async fn run(PageRequest { app, ctx, here }: PageRequest, mut posted: PostedFile) -> PageResult {
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
    Ok(Html(render(&app, &ctx, call, &here, |s| VerifyPage { s, report: Some(&report), number }.render())?))
}

/// The verifier as a single-file page, with the portal's keys inside.
pub async fn offline(State(app): State<App>) -> HandlerResult {
    let keys = serde_json::json!(published(&app));
    let page = assets::whole("verify.html", &[("/*KEYS*/[]", keys)]).ok_or(AppError::NotFound)?;
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"guichet-verification.html\""),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((fixed, page.html).into_response())
}

/// The verification of a receipt.
#[derive(Template)]
#[template(path = "pages/public/verify.html")]
pub struct VerifyPage<'a> {
    pub s: &'a PageContext<'a>,
    pub report: Option<&'a VerificationReport>,
    pub number: Option<&'a str>,
}

impl VerifyPage<'_> {
    fn more(&self) -> Option<Text> {
        and_more(self.report.map_or(0, |report| report.omitted))
    }
}

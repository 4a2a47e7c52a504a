//! Failures as pages, or as problem+json (RFC 9457) for programs.

use super::{Described, Failure, Undressed, describe};
use crate::{
    app::{App, AppError, Ctx, encode, upload::UploadFault},
    domain::{
        finding::{Finding, shown},
        text::Lang,
    },
    web::{
        extract::{Arrival, accepted_language, site},
        pages::{see_other, shell_for},
        view,
    },
};
use axum::{
    Json,
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

/// Kinds of problems that others have registered, for uploads in parts.
const REGISTERED: &str = "https://iana.org/assignments/http-problem-types";
/// Seconds after which whoever was told "not now" may try again.
const LATER: HeaderValue = HeaderValue::from_static("5");

/// The body of an error for programs.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Address of the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// Stable code.
    code: String,
    /// Kind in words.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong here.
    detail: String,
    /// What to do.
    remedy: String,
    /// Findings, when a deposit is refused: `rule`, `severity`, `path`, `message`, `interpretation`; a hundred at most.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<serde_json::Value>,
    /// How many findings there are beyond those.
    #[schema(value_type = usize)]
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
    /// Bytes of an upload that have arrived, when a part does not begin there.
    #[serde(rename = "expected-offset", skip_serializing_if = "Option::is_none")]
    expected_offset: Option<u64>,
    /// Where that part begins.
    #[serde(rename = "provided-offset", skip_serializing_if = "Option::is_none")]
    provided_offset: Option<u64>,
}

/// A finding for programs, in one language.
pub fn finding_json(finding: &Finding, lang: Lang) -> serde_json::Value {
    serde_json::json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "path": finding.path,
        "message": finding.message.get(&lang),
        "interpretation": finding.interpretation,
    })
}

/// The answer to a panic; the panic hook has logged it.
pub fn panicked() -> Response {
    Failure::Panicked.into_response()
}

/// Turns failures into pages or problems.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let arrival = match Arrival::of(&parts) {
        Ok(arrival) => arrival,
        Err(failure) => return bare(&failure),
    };
    let accepts = |kind: &str| {
        parts
            .headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains(kind))
    };
    let api = parts.uri.path().starts_with("/api/");
    let json = api || (accepts("application/json") && !accepts("text/html"));
    let safe = parts.method.is_safe();
    let here = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let from = page_before(&app, &parts.headers);
    // Whoever asks is asked for again once something has failed: known before the body has come, they might not be after.
    let asking = (!json).then(|| (parts.headers.clone(), parts.extensions.clone()));
    let lang = if api { accepted_language(&parts.headers).unwrap_or(arrival.lang) } else { arrival.lang };
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Undressed(failure)) = response.extensions().get::<Undressed>().cloned() else { return response };
    log(&failure);
    let described = describe(&failure);
    let said = response.into_parts().0.headers;
    if json {
        return later(told(problem(&failure, &described, lang), said));
    }
    if safe && matches!(*failure, Failure::App(AppError::SignInNeeded)) {
        let prefix = lang.tr("", "/en");
        return Redirect::to(&format!("{prefix}/sign-in?next={}", encode(&here))).into_response();
    }
    if matches!(*failure, Failure::App(AppError::Unconfirmed)) {
        // A form that was refused is sent again by whoever sent it, from its page.
        let back = if safe { here } else { from.unwrap_or_else(|| "/".into()) };
        return see_other(lang, &format!("/account/confirm?next={}", encode(&back)));
    }
    let ctx = match asking {
        Some((headers, extensions)) => asks(&app, headers, extensions).await,
        None => None,
    };
    later(told(page(&app, ctx, &described, arrival, &here), said))
}

/// What was said in headers beside a failure stays said.
fn told(mut response: Response, said: HeaderMap) -> Response {
    let said = said.into_iter().filter_map(|(name, value)| Some((name?, value)));
    said.filter(|(name, _)| *name != header::CONTENT_LENGTH).for_each(|(name, value)| {
        response.headers_mut().insert(name, value);
    });
    response
}

/// Who asked, for the frame of an error page; nobody when that cannot be told.
async fn asks(app: &App, headers: HeaderMap, extensions: Extensions) -> Option<Ctx> {
    let (mut parts, ()) = axum::http::Request::new(()).into_parts();
    (parts.headers, parts.extensions) = (headers, extensions);
    Ctx::from_request_parts(&mut parts, app).await.ok()
}

/// A failure without a page: not even its language is known.
fn bare(failure: &Failure) -> Response {
    log(failure);
    describe(failure).status.into_response()
}

/// Says when to try again, where that may help.
fn later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, LATER);
    }
    response
}

/// The page of ours that a request came from, without the language.
fn page_before(app: &App, headers: &HeaderMap) -> Option<String> {
    let before = headers.get(header::REFERER)?.to_str().ok()?;
    let ours = before.strip_prefix(app.config.portal.public_url.as_str()).or_else(|| {
        let site = site(app, headers)?;
        before.strip_prefix(site.origin.as_str())
    })?;
    let bare = ours.strip_prefix("/en").filter(|rest| rest.starts_with('/')).unwrap_or(ours);
    bare.starts_with('/').then(|| bare.to_owned())
}

fn page(app: &App, ctx: Option<Ctx>, described: &Described, arrival: Arrival, here: &str) -> Response {
    let ctx = ctx.unwrap_or_else(|| arrival.nobody());
    let Ok(call) = app.front(&ctx) else { return described.status.into_response() };
    let frame = shell_for(app, &ctx, here);
    let shell = frame.shell(&ctx, call);
    match view::error(&shell, described.status.as_u16(), &described.title, &described.detail, &described.remedy) {
        Ok(html) => (described.status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "page.failed");
            described.status.into_response()
        }
    }
}

fn problem(failure: &Failure, described: &Described, lang: Lang) -> Response {
    let (findings, more) = match failure {
        Failure::App(AppError::Refused(evaluation)) => shown(&evaluation.findings),
        _ => (&[][..], 0),
    };
    let (mut kind, mut offsets) = (format!("urn:guichet:problem:{}", described.code), None);
    match failure {
        Failure::App(AppError::Upload(UploadFault::Offset { expected, provided, .. })) => {
            (kind, offsets) = (format!("{REGISTERED}#mismatching-upload-offset"), Some((*expected, *provided)));
        }
        Failure::App(AppError::Upload(UploadFault::Length)) => {
            kind = format!("{REGISTERED}#inconsistent-upload-length")
        }
        _ => {}
    }
    let body = Problem {
        kind,
        code: described.code.into(),
        title: described.title.get(&lang).into(),
        status: described.status.as_u16(),
        detail: described.detail.get(&lang).into(),
        remedy: described.remedy.get(&lang).into(),
        findings: findings.iter().map(|finding| finding_json(finding, lang)).collect(),
        more: (more > 0).then_some(more),
        expected_offset: offsets.map(|(expected, _)| expected),
        provided_offset: offsets.map(|(_, provided)| provided),
    };
    let mut response = (described.status, Json(body)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if described.status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

#[derive(Debug, thiserror::Error)]
#[error("a route was served without the layer that notes when a request arrives")]
struct NoArrival;

/// Logs what is our fault, once, with its whole chain; what is the reader's is no failure of ours.
fn log(failure: &Failure) {
    let error: &dyn std::error::Error = match failure {
        Failure::App(
            error @ (AppError::Store(_)
            | AppError::Disk(_)
            | AppError::Token(_)
            | AppError::Keys(_)
            | AppError::Passkey(_)
            | AppError::TooFewCopies(_)
            | AppError::Overloaded),
        ) => error,
        Failure::Template(error) => error,
        Failure::NoArrival => &NoArrival,
        _ => return,
    };
    tracing::error!(error, "request.failed");
}

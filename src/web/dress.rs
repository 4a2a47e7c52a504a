//! Renders failures as pages, or as problem+json (RFC 9457) for programs.

use super::{
    error::{Described, Failure, Undressed, describe, problem_response},
    extract::{Arrival, accepted_language, site},
    intake::FailedForm,
    pages::{see_other, shell_for},
    view::{self, TypedForm},
};
use crate::app::{App, AppError, Ctx, encode};
use crate::web::posted::{PostedForm, same_site};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

/// Longest form that an error page gives back to the user.
const MAX_RETURNED_FORM_BYTES: usize = 512 * 1024;
/// Value of `Retry-After`, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// The response to a panic; the panic hook has already logged it.
pub fn panicked() -> Response {
    Failure::Panicked.into_response()
}

/// Turns failures into pages or problem documents.
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
    // Kept so that the user can be identified again, but only after a failure: a session that was valid before the body
    // arrived may no longer be.
    let asking = (!json).then(|| (parts.headers.clone(), parts.extensions.clone()));
    let lang = if api { accepted_language(&parts.headers).unwrap_or(arrival.lang) } else { arrival.lang };
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Undressed(failure)) = response.extensions().get::<Undressed>().cloned() else { return response };
    log(&failure);
    let described = describe(&failure);
    let form = response.extensions().get::<FailedForm>().cloned();
    let said = response.into_parts().0.headers;
    if json {
        return later(told(problem_response(&failure, &described, lang), said));
    }
    if safe && matches!(*failure, Failure::App(AppError::SignInNeeded)) {
        let prefix = lang.tr("", "/en");
        return Redirect::to(&format!("{prefix}/sign-in?next={}", encode(&here))).into_response();
    }
    if matches!(*failure, Failure::App(AppError::Unconfirmed)) {
        // A rejected form is sent again by the user, from its own page.
        let back = if safe { here } else { from.unwrap_or_else(|| "/".into()) };
        return see_other(lang, &format!("/account/confirm?next={}", encode(&back)));
    }
    let Some((headers, extensions)) = asking else { return described.status.into_response() };
    let typed = form.filter(|_| is_worth_sending_again(&failure)).and_then(|form| typed(&app, &headers, form, &here));
    let ctx = asks(&app, headers, extensions).await;
    later(told(page(&app, ctx, &described, arrival, &here, typed.as_ref()), said))
}

/// Whether the same form may succeed after signing in, or a little later.
fn is_worth_sending_again(failure: &Failure) -> bool {
    let status = describe(failure).status;
    status.is_server_error() || matches!(failure, Failure::Csrf | Failure::App(AppError::SignInNeeded))
}

/// The contents of one of our own forms. A form of another site is not offered again, because the user never saw it.
fn typed(app: &App, headers: &HeaderMap, FailedForm(form): FailedForm, here: &str) -> Option<TypedForm> {
    same_site(app, headers).ok()?;
    if form.len() > MAX_RETURNED_FORM_BYTES {
        return None;
    }
    let posted = PostedForm::unchecked(headers, form)?;
    let fields = posted.pairs().iter().filter(|(name, _)| name != "csrf").cloned().collect();
    Some(TypedForm { action: here.to_owned(), fields })
}

/// Keeps the headers that were set together with the failure.
fn told(mut response: Response, said: HeaderMap) -> Response {
    let said = said.into_iter().filter_map(|(name, value)| Some((name?, value)));
    said.filter(|(name, _)| *name != header::CONTENT_LENGTH).for_each(|(name, value)| {
        response.headers_mut().insert(name, value);
    });
    response
}

/// The user, for the frame of an error page; `None` when unknown.
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

/// Sets `Retry-After` where a retry may help.
fn later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

/// The path of our page that the request came from, without the language prefix.
fn page_before(app: &App, headers: &HeaderMap) -> Option<String> {
    let before = headers.get(header::REFERER)?.to_str().ok()?;
    let ours = before.strip_prefix(app.config.portal.public_url.as_str()).or_else(|| {
        let site = site(app, headers)?;
        before.strip_prefix(site.origin.as_str())
    })?;
    let bare = ours.strip_prefix("/en").filter(|rest| rest.starts_with('/')).unwrap_or(ours);
    bare.starts_with('/').then(|| bare.to_owned())
}

fn page(
    app: &App,
    ctx: Option<Ctx>,
    described: &Described,
    arrival: Arrival,
    here: &str,
    typed: Option<&TypedForm>,
) -> Response {
    let ctx = ctx.unwrap_or_else(|| arrival.nobody());
    let Ok(call) = app.call_of_host(&ctx) else { return described.status.into_response() };
    let frame = shell_for(app, &ctx, here);
    let shell = frame.shell(&ctx, call);
    let texts = [&described.title, &described.detail, &described.remedy];
    match view::error(&shell, described.status.as_u16(), texts, typed) {
        Ok(html) => (described.status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "page.failed");
            described.status.into_response()
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a route was served without the layer that notes when a request arrives")]
struct NoArrival;

/// Logs server errors once, with their whole cause chain; client errors are not logged.
fn log(failure: &Failure) {
    let error: &dyn std::error::Error = match failure {
        Failure::App(
            error @ (AppError::Store(_)
            | AppError::Disk(_)
            | AppError::Token(_)
            | AppError::Keys(_)
            | AppError::Passkey(_)
            | AppError::Attachment(_)
            | AppError::Overloaded),
        ) => error,
        Failure::Template(error) => error,
        Failure::NoArrival => &NoArrival,
        _ => return,
    };
    tracing::error!(error, "request.failed");
}

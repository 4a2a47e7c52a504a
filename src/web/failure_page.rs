//! Renders failures as pages, or as problem+json (RFC 9457) for programs.

use super::{
    address::see_other,
    body_mode::FailedForm,
    error::{ErrorText, Failure, PendingFailure, describe, problem_response},
    extract::{RenewedCookie, RequestMeta, accepted_language, cookie_header, site},
    frame::{
        error_page::{ErrorPage, TypedForm},
        render,
    },
};
use crate::app::{App, AppError, Ctx, encode};
use crate::web::posted::{PostedForm, same_site};
use askama::Template;
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

/// Longest form that an error page gives back to the user.
const MAX_RETURNED_FORM_BYTES: usize = 512 * 1024;
/// Value of `Retry-After` where the portal is unavailable or busy, in seconds.
const RETRY_AFTER_SECONDS: u16 = 5;
/// The same while archives are being sent, which takes longer.
const EXPORT_RETRY_AFTER_SECONDS: u16 = 60;
/// The same where a client asked too often: as long as its requests are counted.
const COUNT_RETRY_AFTER_SECONDS: u16 = 15 * 60;

/// The response to a panic; the panic hook has already logged it.
pub fn panicked() -> Response {
    Failure::Panicked.into_response()
}

/// Turns failures into pages or problem documents.
pub async fn render_failures(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let meta = match RequestMeta::from_parts(&parts) {
        Ok(meta) => meta,
        Err(failure) => return without_page(&failure),
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
    let lang = if api { accepted_language(&parts.headers).unwrap_or(meta.lang) } else { meta.lang };
    let sender = (!json).then(|| Sender::of(&app, &parts, meta));
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(PendingFailure(failure)) = response.extensions().get::<PendingFailure>().cloned() else { return response };
    log(&failure);
    let described = describe(&failure);
    let form = response.extensions().get::<FailedForm>().cloned();
    let failure_headers = response.into_parts().0.headers;
    let Some(sender) = sender else {
        return set_retry_after(&failure, keep_headers(problem_response(&failure, &described, lang), failure_headers));
    };
    let here = sender.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let headers = sender.headers();
    if sender.safe && matches!(*failure, Failure::App(AppError::SignInNeeded)) {
        let prefix = lang.tr("", "/en");
        return Redirect::to(&format!("{prefix}/sign-in?next={}", encode(&here))).into_response();
    }
    if matches!(*failure, Failure::App(AppError::Unconfirmed)) {
        // A rejected form is sent again by the user, from its own page.
        let back = if sender.safe { here } else { page_before(&app, &headers).unwrap_or_else(|| "/".into()) };
        return see_other(lang, &format!("/account/confirm?next={}", encode(&back)));
    }
    let again = is_worth_sending_again(&failure);
    let form = form.filter(|_| sender.ours && (again || loses_what_was_typed(&failure)));
    let typed = form.and_then(|form| form_contents(&headers, form, &here, again));
    let ctx = sender.identify(&app, headers).await;
    set_retry_after(&failure, keep_headers(page(&app, ctx, &described, meta, &here, typed.as_ref()), failure_headers))
}

/// What an error page needs of its request. The values share the memory of the request's head, so that a request that
/// succeeds copies none of it.
struct Sender {
    meta: RequestMeta,
    renewal: Option<RenewedCookie>,
    uri: Uri,
    safe: bool,
    /// A form of another site is not offered again, because the user never saw it.
    ours: bool,
    session: Option<HeaderValue>,
    others: [(HeaderName, Option<HeaderValue>); 3],
}

impl Sender {
    fn of(app: &App, parts: &Parts, meta: RequestMeta) -> Self {
        let safe = parts.method.is_safe();
        Self {
            meta,
            renewal: parts.extensions.get().cloned(),
            uri: parts.uri.clone(),
            safe,
            ours: !safe && same_site(app, &parts.headers).is_ok(),
            session: cookie_header(&parts.headers).cloned(),
            others: [header::HOST, header::REFERER, header::CONTENT_TYPE].map(|name| {
                let value = parts.headers.get(&name).cloned();
                (name, value)
            }),
        }
    }

    fn headers(&self) -> HeaderMap {
        let others = self.others.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        others.chain(self.session.clone().map(|session| (header::COOKIE, session))).collect()
    }

    /// The user, for the frame of the page, identified again: a session that was valid before the body arrived may no
    /// longer be. `None` when unknown.
    async fn identify(self, app: &App, headers: HeaderMap) -> Option<Ctx> {
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        parts.headers = headers;
        parts.extensions.insert(self.meta);
        if let Some(renewal) = self.renewal {
            parts.extensions.insert(renewal);
        }
        Ctx::from_request_parts(&mut parts, app).await.ok()
    }
}

/// Whether the same form may succeed after signing in, or a little later.
fn is_worth_sending_again(failure: &Failure) -> bool {
    let status = describe(failure).status;
    status.is_server_error()
        || matches!(failure, Failure::Csrf | Failure::App(AppError::SignInNeeded | AppError::TooManySimulations))
}

/// Whether there is no place left for what was typed, so that only the error page still has it.
fn loses_what_was_typed(failure: &Failure) -> bool {
    matches!(failure, Failure::App(AppError::DossierDeleted))
}

/// The contents of a form of ours.
fn form_contents(headers: &HeaderMap, FailedForm(form): FailedForm, here: &str, again: bool) -> Option<TypedForm> {
    if form.len() > MAX_RETURNED_FORM_BYTES {
        return None;
    }
    let posted = PostedForm::unchecked(headers, form)?;
    let fields = posted.pairs().iter().filter(|(name, _)| name != "csrf").cloned().collect();
    Some(TypedForm { action: here.to_owned(), fields, again })
}

/// Keeps the headers that were set together with the failure.
fn keep_headers(mut response: Response, failure_headers: HeaderMap) -> Response {
    let failure_headers = failure_headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    failure_headers.filter(|(name, _)| *name != header::CONTENT_LENGTH).for_each(|(name, value)| {
        response.headers_mut().insert(name, value);
    });
    response
}

/// A failure without a page: not even its language is known.
fn without_page(failure: &Failure) -> Response {
    log(failure);
    describe(failure).status.into_response()
}

/// Sets `Retry-After` where a retry may help.
fn set_retry_after(failure: &Failure, mut response: Response) -> Response {
    let seconds = match failure {
        Failure::App(AppError::ExportUnderWay | AppError::TooManyExports) => EXPORT_RETRY_AFTER_SECONDS,
        Failure::App(AppError::TooManySimulations | AppError::TooManyLinks) => COUNT_RETRY_AFTER_SECONDS,
        _ if response.status() == StatusCode::SERVICE_UNAVAILABLE => RETRY_AFTER_SECONDS,
        _ => return response,
    };
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
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
    described: &ErrorText,
    meta: RequestMeta,
    here: &str,
    typed: Option<&TypedForm>,
) -> Response {
    let ctx = ctx.unwrap_or_else(|| meta.anonymous_context());
    let Ok(call) = app.call_of_host(&ctx) else { return described.status.into_response() };
    let ErrorText { status, title, detail: message, remedy, .. } = described;
    let page = render(app, &ctx, call, here, |s| {
        ErrorPage { s, status: status.as_u16(), title, message, remedy, typed }.render()
    });
    match page {
        Ok(html) => (described.status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "page.failed");
            described.status.into_response()
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a route was served without the layer that notes when a request arrives")]
struct NoRequestMeta;

/// Logs server errors once, with their whole cause chain; client errors are not logged.
fn log(failure: &Failure) {
    let error: &dyn std::error::Error = match failure {
        Failure::App(
            error @ (AppError::Store(_)
            | AppError::Disk(_)
            | AppError::Internal(_)
            | AppError::Token(_)
            | AppError::Keys(_)
            | AppError::Passkey(_)
            | AppError::Attachment(_)
            | AppError::Overloaded),
        ) => error,
        Failure::Template(error) => error,
        Failure::NoRequestMeta => &NoRequestMeta,
        _ => return,
    };
    tracing::error!(error, "request.failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_says_when_and_whose_archive_is_in_the_way() {
        let told = |error| {
            let failure = Failure::App(error);
            let described = describe(&failure);
            let response = set_retry_after(&failure, described.status.into_response());
            let seconds = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
            (described.status.as_u16(), seconds, described.detail.fr)
        };
        let (status, seconds, own) = told(AppError::ExportUnderWay);
        assert_eq!((status, seconds.as_deref()), (429, Some("60")));
        let (status, seconds, others) = told(AppError::TooManyExports);
        assert_eq!((status, seconds.as_deref()), (503, Some("60")));
        assert!(own.contains("de vos données") && !others.contains("de vos données"), "{own} {others}");
        assert_eq!(told(AppError::TooManySimulations).1.as_deref(), Some("900"));
        assert_eq!(told(AppError::Busy).1.as_deref(), Some("5"));
        assert_eq!(told(AppError::NotFound).1, None);
    }
}

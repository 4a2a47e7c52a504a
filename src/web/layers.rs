//! The middleware stack around the router, outermost first: arrival, language, trace, headers, error pages, head,
//! panics, timeouts.

use super::{
    client,
    error::Failure,
    extract::{RenewedCookie, RequestMeta},
    failure_page, head,
    timeouts::{self, RequestTimeouts},
};
use crate::{
    app::{App, Clock},
    domain::text::Lang,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

/// How long a request may continue after the leader of the database was lost.
const LEADER_LOSS_GRACE: Duration = Duration::from_secs(8);

/// Longest delay that a test may ask for.
const MAX_TEST_DELAY: Duration = Duration::from_secs(5);

/// Wraps a router in the middleware stack.
pub fn with_middleware(router: Router, app: App) -> Router {
    let inner = router
        .layer(middleware::from_fn_with_state(app.clone(), abort_on_leader_loss))
        .layer(middleware::from_fn_with_state(RequestTimeouts::default(), timeouts::enforce_timeouts))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| failure_page::panicked()))
        .layer(middleware::from_fn(head::check_head))
        .layer(middleware::from_fn_with_state(app.clone(), failure_page::render_failures))
        // Rendering an error page may itself panic; the response then has no page.
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| failure_page::panicked()))
        .layer(middleware::from_fn_with_state(hsts_header(&app), set_security_headers));
    // The language is part of the path, so it must be removed before routes are matched.
    Router::new().fallback_service(inner).layer(middleware::from_fn_with_state(app, record_request))
}

/// Aborts a request whose database server is no longer the leader. Writes have already moved to the new leader by then;
/// the remaining requests wait for a frozen server, which never answers.
async fn abort_on_leader_loss(
    axum::extract::State(app): axum::extract::State<App>,
    request: Request,
    next: Next,
) -> Response {
    match app.store.until_leader_lost(LEADER_LOSS_GRACE, next.run(request)).await {
        Ok(response) => response,
        Err(error) => Failure::App(error.into()).into_response(),
    }
}

async fn record_request(
    axum::extract::State(app): axum::extract::State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let clock = test_clock(&app, &request).unwrap_or_default();
    collapse_leading_slashes(request.uri_mut());
    let lang = strip_language_prefix(request.uri_mut());
    collapse_leading_slashes(request.uri_mut());
    let through_the_edge = client::came_through_the_edge(request.headers_mut(), &app.edge_secret);
    // Without Sōzu's secret, anyone may have written the headers.
    let (id, client) = if through_the_edge {
        (request_id(&request), client::address(request.headers(), &app.config.portal.trusted_networks))
    } else {
        (String::new(), None)
    };
    request.extensions_mut().insert(RequestMeta::new(clock, lang, client));
    let renewal = RenewedCookie::default();
    request.extensions_mut().insert(renewal.clone());
    if app.config.portal.test_hooks {
        tokio::time::sleep(test_delay(&request)).await;
    }
    let (method, path) = (request.method().clone(), redacted(request.uri().path()));
    let span = tracing::info_span!("request", %method, path, id);
    let begun = Instant::now();
    let _in_flight = InFlight::enter();
    let mut response = next.run(request).instrument(span.clone()).await;
    if app.config.portal.test_hooks
        && let Some(seen) = client.and_then(|client| HeaderValue::from_str(&client.to_string()).ok())
    {
        response.headers_mut().insert(HeaderName::from_static("x-test-client"), seen);
    }
    // Signing in or out takes precedence over the renewed cookie.
    if !response.headers().contains_key(header::SET_COOKIE)
        && let Some(cookie) = renewal.cookie(clock.now()).and_then(|cookie| HeaderValue::from_str(&cookie).ok())
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    let (status, duration_us) = (response.status().as_u16(), begun.elapsed().as_micros());
    let _entered = span.entered();
    tracing::debug!(status, duration_us, "request.done");
    metrics::counter!("guichet_requests_total", "status" => status.to_string()).increment(1);
    response
}

/// A request in progress, counted by the gauge; also decremented when the client disconnects.
struct InFlight(metrics::Gauge);

impl InFlight {
    fn enter() -> Self {
        let gauge = metrics::gauge!("guichet_requests_in_flight");
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Removes the secret of a sign-in link, or of kept answers, from a logged path.
fn redacted(path: &str) -> String {
    for secrets in ["/sign-in/", "/simulations/"] {
        if let Some((before, _)) = path.split_once(secrets) {
            return format!("{before}{secrets}…");
        }
    }
    path.to_owned()
}

/// Keeps only one slash at the start of the path, because a link to `//…` would lead to another host.
fn collapse_leading_slashes(uri: &mut Uri) {
    let full = uri.path_and_query().map_or("/", |path| path.as_str());
    if full.starts_with("//")
        && let Ok(one) = format!("/{}", full.trim_start_matches('/')).parse()
    {
        *uri = one;
    }
}

/// Removes `/en` from the path.
fn strip_language_prefix(uri: &mut Uri) -> Lang {
    let full = uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(rest) = full.strip_prefix("/en").filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) else {
        return Lang::Fr;
    };
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    if let Ok(stripped) = rest.parse() {
        *uri = stripped;
    }
    Lang::En
}

/// The clock that a test sets for its request, where the configuration allows it: fixed (`X-Test-Now`, an instant), or
/// ahead of the system's by this many microseconds (`X-Test-Ahead`).
fn test_clock(app: &App, request: &Request) -> Option<Clock> {
    if !app.config.portal.test_hooks {
        return None;
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let still = header("x-test-now").and_then(|at| at.parse().ok()).map(Clock::Fixed);
    let ahead = || header("x-test-ahead")?.parse().ok().map(SignedDuration::from_micros).map(Clock::Shifted);
    still.or_else(ahead)
}

/// The delay that a test asks for, in milliseconds.
fn test_delay(request: &Request) -> Duration {
    let delay_ms = request.headers().get("x-test-slow").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_millis(delay_ms.unwrap_or(0)).min(MAX_TEST_DELAY)
}

/// Sōzu's request id is the last one: a client may have sent others before it.
fn request_id(request: &Request) -> String {
    let last = request.headers().get_all("sozu-id").iter().next_back();
    last.and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect()
}

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// HSTS: browsers must use HTTPS, because the portal is reachable in no other way.
fn hsts_header(app: &App) -> HeaderValue {
    HeaderValue::from_str(&format!("max-age={}", app.config.portal.hsts()))
        .unwrap_or(HeaderValue::from_static("max-age=300"))
}

async fn set_security_headers(
    axum::extract::State(hsts_header): axum::extract::State<HeaderValue>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts_header);
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

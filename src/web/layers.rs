//! The stack around the router, outermost first: arrival, language, trace, headers, error pages, the head, panics, time-outs.

use super::{
    client, dress,
    error::Failure,
    extract::{Arrival, Renewal},
    head,
    silence::{self, Patience},
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

/// How long a request may go on after the leader of the database was lost.
const LEADER_LOSS_GRACE: Duration = Duration::from_secs(8);

/// Longest slowness that a test may ask for.
const MAX_TEST_DELAY: Duration = Duration::from_secs(5);

/// Puts the stack around a router.
pub fn around(router: Router, app: App) -> Router {
    let inner = router
        .layer(middleware::from_fn_with_state(app.clone(), led))
        .layer(middleware::from_fn_with_state(Patience::default(), silence::end))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| dress::panicked()))
        .layer(middleware::from_fn(head::judge))
        .layer(middleware::from_fn_with_state(app.clone(), dress::dress))
        // What makes the pages of failures may fail too; there is no page then.
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| dress::panicked()))
        .layer(middleware::from_fn_with_state(strict(&app), headers));
    // The language is part of the path, so it must be taken off before the routes are matched.
    Router::new().fallback_service(inner).layer(middleware::from_fn_with_state(app, arrive))
}

/// Gives a request up whose server of the database leads no more. Writes have found the next one by themselves by then;
/// what is left waits for a frozen server, which never answers.
async fn led(axum::extract::State(app): axum::extract::State<App>, request: Request, next: Next) -> Response {
    match app.store.while_led(LEADER_LOSS_GRACE, next.run(request)).await {
        Ok(response) => response,
        Err(error) => Failure::App(error.into()).into_response(),
    }
}

async fn arrive(axum::extract::State(app): axum::extract::State<App>, mut request: Request, next: Next) -> Response {
    let clock = test_clock(&app, &request).unwrap_or_default();
    one_slash(request.uri_mut());
    let lang = take_language(request.uri_mut());
    one_slash(request.uri_mut());
    let through_the_edge = client::came_through_the_edge(request.headers_mut(), &app.edge_marker);
    // Without Sōzu's mark, whatever the headers say may be anyone's.
    let (id, client) = if through_the_edge {
        (request_id(&request), client::address(request.headers(), &app.config.portal.trusted_networks))
    } else {
        (String::new(), None)
    };
    request.extensions_mut().insert(Arrival::new(clock, lang, client));
    let renewal = Renewal::default();
    request.extensions_mut().insert(renewal.clone());
    if app.config.portal.test_hooks {
        tokio::time::sleep(slowness(&request)).await;
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
    // Signing in or out has the last word on the cookie.
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

/// A request that is not answered yet, as the gauge counts them; also one whose sender goes away.
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

/// The secret of a sign-in link must not reach the log.
fn redacted(path: &str) -> String {
    if path.starts_with("/sign-in/") { "/sign-in/…".into() } else { path.to_owned() }
}

/// Takes all but one slash off the beginning of the path: with two, a link to it would lead to another host.
fn one_slash(uri: &mut Uri) {
    let full = uri.path_and_query().map_or("/", |path| path.as_str());
    if full.starts_with("//")
        && let Ok(one) = format!("/{}", full.trim_start_matches('/')).parse()
    {
        *uri = one;
    }
}

/// Takes `/en` off the path.
fn take_language(uri: &mut Uri) -> Lang {
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

/// The clock that a test sets for its request, where the configuration allows it: one that stands still (`X-Test-Now`, an
/// instant), or one that is ahead of the system's by so many microseconds (`X-Test-Ahead`).
fn test_clock(app: &App, request: &Request) -> Option<Clock> {
    if !app.config.portal.test_hooks {
        return None;
    }
    let said = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let still = said("x-test-now").and_then(|at| at.parse().ok()).map(Clock::Fixed);
    let ahead = || said("x-test-ahead")?.parse().ok().map(SignedDuration::from_micros).map(Clock::Shifted);
    still.or_else(ahead)
}

/// The slowness that a test asks for, in milliseconds.
fn slowness(request: &Request) -> Duration {
    let asked = request.headers().get("x-test-slow").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_millis(asked.unwrap_or(0)).min(MAX_TEST_DELAY)
}

/// Sōzu's own id of the request is the last one: a client may have sent others before it.
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

/// Browsers are to come back over HTTPS only: the portal is reached in no other way.
fn strict(app: &App) -> HeaderValue {
    HeaderValue::from_str(&format!("max-age={}", app.config.portal.hsts()))
        .unwrap_or(HeaderValue::from_static("max-age=300"))
}

async fn headers(
    axum::extract::State(strict): axum::extract::State<HeaderValue>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::STRICT_TRANSPORT_SECURITY, strict);
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

//! Tests with short timeouts.

use super::*;
use axum::{Router, body::to_bytes, http::StatusCode, middleware, routing::post};
use futures_util::{StreamExt, stream};
use tower::ServiceExt;

const LIMITS: RequestTimeouts = RequestTimeouts { idle: Duration::from_secs(1), answer: Duration::from_millis(1300) };
/// Interval between two bytes.
const PART_INTERVAL: Duration = Duration::from_millis(100);

fn service() -> Router {
    Router::new()
        .route(
            "/",
            post(async |body: Body| match to_bytes(body, 1000).await {
                Ok(bytes) => (StatusCode::OK, bytes.len().to_string()).into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            }),
        )
        .route(
            "/never",
            post(async |body: Body| {
                drop(to_bytes(body, 1000).await);
                std::future::pending::<()>().await;
            }),
        )
        .layer(middleware::from_fn_with_state(LIMITS, enforce_timeouts))
}

/// Sends one byte after each pause, `times` times, and then ends or stays silent.
fn trickle(pause: Duration, times: usize, ends: bool) -> Body {
    let bytes = stream::repeat(()).take(times).then(move |()| async move {
        sleep(pause).await;
        Ok::<_, std::io::Error>(Bytes::from_static(b"x"))
    });
    if ends { Body::from_stream(bytes) } else { Body::from_stream(bytes.chain(stream::pending())) }
}

async fn ask(path: &str, body: Body) -> (StatusCode, Duration) {
    let begun = Instant::now();
    let request = Request::post(path).body(body).unwrap();
    let response = service().oneshot(request).await.unwrap();
    (response.status(), begun.elapsed())
}

#[tokio::test]
async fn a_body_that_flows_is_not_cut_however_long_it_takes() {
    let (status, took) = ask("/", trickle(PART_INTERVAL, 25, true)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(took > LIMITS.idle + LIMITS.answer, "longer than any limit: {took:?}");
}

#[tokio::test]
async fn a_body_that_falls_silent_is_ended_with_a_word() {
    let (status, took) = ask("/", trickle(PART_INTERVAL, 3, false)).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(took >= PART_INTERVAL * 3 + LIMITS.idle, "{took:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_from_the_end_of_the_body_on() {
    let (status, took) = ask("/never", trickle(PART_INTERVAL, 10, true)).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert!(took >= PART_INTERVAL * 10 + LIMITS.answer, "{took:?}");
}

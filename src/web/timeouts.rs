//! Request timeouts: a request may take as long as its body keeps arriving. A silent body, or a response that takes too
//! long, ends it.

use super::error::Failure;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

/// Longest pause in the body of a request: after that the connection counts as lost.
pub const UPLOAD_IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout for the response, from the end of the body. It is shorter than the proxy's timeout, because the proxy's
/// error page is not translated.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);

/// At most this many bytes of a body are still read, and dropped, after an early response. A proxy that cannot forward
/// them blocks all other requests on the browser's connection.
const MAX_DISCARDED_BYTES: usize = 8 * 1024 * 1024;
/// Longest pause while the rest of a body is discarded.
const DISCARD_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Both timeouts.
#[derive(Clone, Copy, Debug)]
pub struct RequestTimeouts {
    /// See [`UPLOAD_IDLE_TIMEOUT`].
    pub idle: Duration,
    /// See [`ANSWER_TIMEOUT`].
    pub answer: Duration,
}

impl Default for RequestTimeouts {
    fn default() -> Self {
        Self { idle: UPLOAD_IDLE_TIMEOUT, answer: ANSWER_TIMEOUT }
    }
}

/// The body of a request was silent for too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body of the request fell silent")]
struct BodyTimedOut;

/// The progress of a body while the handler reads it.
struct BodyProgress(Mutex<(Instant, bool)>);

impl BodyProgress {
    fn begin() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Instant::now(), false))))
    }

    fn mark_received(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    fn mark_timed_out(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
    }

    fn last(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn is_timed_out(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// A body that ends with an error after too long a pause.
struct TimedBody {
    body: Body,
    progress: Arc<BodyProgress>,
    idle: Duration,
    /// Runs while waiting for the body.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.progress.is_timed_out() {
            return Poll::Ready(Some(Err(axum::Error::new(BodyTimedOut))));
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.progress.mark_received();
            self.waiting = None;
            return Poll::Ready(frame);
        }
        let idle = self.idle;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(idle)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.progress.mark_timed_out();
        Poll::Ready(Some(Err(axum::Error::new(BodyTimedOut))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        if self.body.is_end_stream() || self.progress.is_timed_out() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(discard_rest(std::mem::replace(&mut self.body, Body::empty())));
        }
    }
}

/// Reads and discards the rest of a body that nothing reads any more.
async fn discard_rest(body: Body) {
    let mut rest = body.into_data_stream();
    let mut discarded = 0;
    while discarded < MAX_DISCARDED_BYTES
        && let Ok(Some(Ok(chunk))) = timeout(DISCARD_IDLE_TIMEOUT, rest.next()).await
    {
        discarded += chunk.len();
    }
}

/// Enforces both timeouts on a request.
pub async fn enforce_timeouts(State(timeouts): State<RequestTimeouts>, request: Request, next: Next) -> Response {
    let progress = BodyProgress::begin();
    let watch = |body| Body::new(TimedBody { body, progress: progress.clone(), idle: timeouts.idle, waiting: None });
    let mut answer = std::pin::pin!(next.run(request.map(watch)));
    loop {
        let due = progress.last() + timeouts.answer;
        tokio::select! {
            response = &mut answer => {
                // Whatever response the handler made for a broken body, this is the cause.
                let silent = progress.is_timed_out() && !response.status().is_success();
                return if silent { Failure::BodyTimedOut.into_response() } else { response };
            }
            () = sleep_until(due) => if progress.last() + timeouts.answer <= Instant::now() {
                return Failure::Slow.into_response();
            },
        }
    }
}

#[cfg(test)]
mod tests;

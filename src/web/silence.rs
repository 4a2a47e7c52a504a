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

/// Longest silence in the body of a request: after that the connection counts as lost.
pub const UPLOAD_SILENCE: Duration = Duration::from_secs(30);
/// Timeout for the response, from the end of the body. It is shorter than the proxy's timeout, because the proxy's
/// error page is not translated.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);

/// At most this many bytes of a body are still read, and dropped, after an early response. A proxy that cannot forward
/// them blocks all other requests on the browser's connection.
const MAX_DRAINED_BYTES: usize = 8 * 1024 * 1024;
/// Longest silence while draining.
const DRAIN_SILENCE: Duration = Duration::from_secs(5);

/// Both timeouts.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// See [`UPLOAD_SILENCE`].
    pub silence: Duration,
    /// See [`ANSWER_TIMEOUT`].
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: UPLOAD_SILENCE, answer: ANSWER_TIMEOUT }
    }
}

/// The body of a request was silent for too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body of the request fell silent")]
struct Silent;

/// The progress of a body while the handler reads it.
struct Pace(Mutex<(Instant, bool)>);

impl Pace {
    fn begin() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Instant::now(), false))))
    }

    fn heard(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    fn fall_silent(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
    }

    fn last(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn is_silent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// A body that ends with an error after too long a silence.
struct Watched {
    body: Body,
    pace: Arc<Pace>,
    silence: Duration,
    /// Runs while waiting for the body.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.pace.is_silent() {
            return Poll::Ready(Some(Err(axum::Error::new(Silent))));
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.pace.heard();
            self.waiting = None;
            return Poll::Ready(frame);
        }
        let silence = self.silence;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(silence)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.pace.fall_silent();
        Poll::Ready(Some(Err(axum::Error::new(Silent))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.body.is_end_stream() || self.pace.is_silent() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(drain(std::mem::replace(&mut self.body, Body::empty())));
        }
    }
}

/// Drains the rest of a body that nothing reads any more.
async fn drain(body: Body) {
    let mut rest = body.into_data_stream();
    let mut drained = 0;
    while drained < MAX_DRAINED_BYTES
        && let Ok(Some(Ok(chunk))) = timeout(DRAIN_SILENCE, rest.next()).await
    {
        drained += chunk.len();
    }
}

/// Enforces both timeouts on a request.
pub async fn end(State(patience): State<Patience>, request: Request, next: Next) -> Response {
    let pace = Pace::begin();
    let watch = |body| Body::new(Watched { body, pace: pace.clone(), silence: patience.silence, waiting: None });
    let mut answer = std::pin::pin!(next.run(request.map(watch)));
    loop {
        let due = pace.last() + patience.answer;
        tokio::select! {
            response = &mut answer => {
                // Whatever response the handler made for a broken body, this is the cause.
                let silent = pace.is_silent() && !response.status().is_success();
                return if silent { Failure::Silent.into_response() } else { response };
            }
            () = sleep_until(due) => if pace.last() + patience.answer <= Instant::now() {
                return Failure::Slow.into_response();
            },
        }
    }
}

#[cfg(test)]
mod tests;

//! How long a request may take: as long as its body flows. What ends it is silence, or an answer that does not come.

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

/// Longest silence in the body of a request: a line over which nothing comes for so long is lost.
pub const UPLOAD_SILENCE: Duration = Duration::from_secs(30);
/// Longest time for the answer, from the last of the body on. Shorter than the proxy's patience, whose page knows no
/// language.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(55);

/// Most bytes of a body that are still taken, and dropped, after an answer that came before its end. A proxy that cannot
/// pass them on holds up everything else of the browser's connection.
const MAX_DRAINED_BYTES: usize = 8 * 1024 * 1024;
/// Longest silence while they are.
const DRAIN_SILENCE: Duration = Duration::from_secs(5);

/// Both limits.
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

/// What is known of a body while somebody else reads it.
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

/// A body that ends with an error once it is silent for too long.
struct Watched {
    body: Body,
    pace: Arc<Pace>,
    silence: Duration,
    /// Runs while the body is waited for.
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

/// Takes what is still coming of a body that nobody reads any more.
async fn drain(body: Body) {
    let mut rest = body.into_data_stream();
    let mut drained = 0;
    while drained < MAX_DRAINED_BYTES
        && let Ok(Some(Ok(chunk))) = timeout(DRAIN_SILENCE, rest.next()).await
    {
        drained += chunk.len();
    }
}

/// Holds a request to the limits.
pub async fn end(State(patience): State<Patience>, request: Request, next: Next) -> Response {
    let pace = Pace::begin();
    let watch = |body| Body::new(Watched { body, pace: pace.clone(), silence: patience.silence, waiting: None });
    let mut answer = std::pin::pin!(next.run(request.map(watch)));
    loop {
        let due = pace.last() + patience.answer;
        tokio::select! {
            response = &mut answer => {
                // Whatever the handler made of a body that broke off, this is why.
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

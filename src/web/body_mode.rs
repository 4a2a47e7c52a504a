//! How the body of a request is read. Either whole, before anything else, so that the request is evaluated at the time at
//! which it was complete and by the rights of that time (decision 14). Or as a stream, whose handler must check the
//! rights again after the end (`App::attach`).

use super::{
    error::Failure,
    extract::{MAX_BODY_BYTES, RequestMeta, has_media_type},
};
use crate::app::{AppError, Ctx};
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Media type of a form without files.
const FORM_TYPE: &str = "application/x-www-form-urlencoded";
/// At most this many bytes in a public form: an email address, a passkey ceremony.
pub const MAX_PUBLIC_FORM_BYTES: usize = 64 * 1024;
/// At most this many bytes in the simulator's form, which has tables.
pub const MAX_SIMULATION_BYTES: usize = 512 * 1024;
/// Bytes of a body that are read without a share of [`BODY_SHARES`].
const UNSHARED_BYTES: usize = 64 * 1024;
/// Bytes per share.
const SHARE_BYTES: usize = 64 * 1024;
/// Limits the memory of all long bodies together to 64 MiB. Honest forms are below [`UNSHARED_BYTES`] and never wait.
static BODY_SHARES: Semaphore = Semaphore::const_new(1024);

/// How the requests of a route are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyMode {
    /// Read whole first, at most this many bytes.
    Buffered(usize),
    /// Left to the handler: files.
    Streamed,
}

impl BodyMode {
    /// For signed-in users and programs with a token.
    pub const AUTHENTICATED: Self = Self::Buffered(MAX_BODY_BYTES);
    /// For everyone.
    pub const PUBLIC: Self = Self::Buffered(MAX_PUBLIC_FORM_BYTES);
}

/// Reads the body and records when the request was complete; authentication and the handler come after that.
pub async fn buffer_body(State(body_mode): State<BodyMode>, request: Request, next: Next) -> Response {
    let BodyMode::Buffered(max_bytes) = body_mode else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let (bytes, _shares) = match read(body, max_bytes).await {
        Ok(whole) => whole,
        Err(failure) => return failure.into_response(),
    };
    let meta = match RequestMeta::from_parts(&parts) {
        Ok(meta) => meta,
        Err(failure) => return failure.into_response(),
    };
    parts.extensions.insert(meta.with_completion_time());
    // A client authenticated before the body arrived may not be any more.
    parts.extensions.remove::<Ctx>();
    let form = has_media_type(&parts.headers, FORM_TYPE).then(|| bytes.clone());
    let mut response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    if let Some(form) = form.filter(|_| response.status().is_client_error() || response.status().is_server_error()) {
        response.extensions_mut().insert(FailedForm(form));
    }
    response
}

/// The form of a request that failed: the error page gives its contents back.
#[derive(Clone)]
pub struct FailedForm(pub Bytes);

/// Reads the whole body, and returns it with its share of the memory limit.
async fn read(body: Body, max_bytes: usize) -> Result<(Bytes, Option<SemaphorePermit<'static>>), Failure> {
    let too_large = || Failure::TooLarge(max_bytes as u64);
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(too_large());
    }
    let mut stream = body.into_data_stream();
    let Some(first) = stream.next().await else { return Ok((Bytes::new(), None)) };
    let mut whole = BytesMut::from(first.map_err(|_| Failure::BadRequest)?);
    let mut shares: Option<SemaphorePermit<'static>> = None;
    loop {
        if whole.len() > max_bytes {
            return Err(too_large());
        }
        while whole.len() > UNSHARED_BYTES + shares.as_ref().map_or(0, SemaphorePermit::num_permits) * SHARE_BYTES {
            let share = BODY_SHARES.try_acquire().map_err(|_| AppError::Busy)?;
            match &mut shares {
                Some(held) => held.merge(share),
                None => shares = Some(share),
            }
        }
        match stream.next().await {
            Some(chunk) => whole.extend_from_slice(&chunk.map_err(|_| Failure::BadRequest)?),
            None => return Ok((whole.freeze(), shares)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn chunks(count: usize, bytes: usize) -> Body {
        Body::from_stream(stream::iter((0..count).map(move |_| Ok::<_, std::io::Error>(vec![b'x'; bytes]))))
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_its_limit() {
        let (bytes, shares) = read(Body::empty(), 10).await.unwrap();
        assert!(bytes.is_empty() && shares.is_none());
        assert_eq!(read(Body::from("0123456789"), 10).await.unwrap().0, "0123456789");
        assert!(matches!(read(Body::from("0123456789a"), 10).await, Err(Failure::TooLarge(10))));
        assert!(matches!(read(chunks(3, 4), 11).await, Err(Failure::TooLarge(11))));
        assert_eq!(read(chunks(3, 4), 12).await.unwrap().0.len(), 12);
    }

    #[tokio::test]
    async fn long_bodies_share_what_memory_they_may_hold() {
        let (_, none) = read(chunks(1, UNSHARED_BYTES), MAX_BODY_BYTES).await.unwrap();
        assert!(none.is_none());
        let (_, shares) = read(chunks(16, SHARE_BYTES), MAX_BODY_BYTES).await.unwrap();
        assert_eq!(shares.map(|shares| shares.num_permits()), Some(15));
    }
}

//! One's own data, as an archive that is sent while it is made.

use crate::{
    app::{App, Ctx},
    web::frame::HandlerResult,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use futures_util::{StreamExt, stream};
use std::{future::ready, io};
use tokio::sync::oneshot;
use tokio_util::io::ReaderStream;

/// Bytes between the archive in the making and the client: a slow client makes it wait.
const PIPE_BYTES: usize = 64 * 1024;

/// Sends the archive. A failure on the way breaks the response off, so that no browser takes it for whole.
pub async fn send(State(app): State<App>, ctx: Ctx, headers: HeaderMap) -> HandlerResult {
    if is_prefetch(&headers) {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let export = app.export(&ctx).await?;
    let name = export.name().to_owned();
    let (sink, source) = tokio::io::duplex(PIPE_BYTES);
    let (tell, told) = oneshot::channel();
    let making = stream::once(async move { tell.send(export.send(sink).await.err()).ok() });
    // What was made goes out before the failure breaks the response off.
    let failure = stream::once(told).filter_map(|told| ready(told.ok().flatten().map(io::Error::other).map(Err)));
    let sent = ReaderStream::new(source).chain(failure);
    let sent = stream::select(sent, making.filter_map(|_| ready(None::<io::Result<Bytes>>)));
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.zip\"")),
    ];
    Ok((headers, Body::from_stream(sent)).into_response())
}

/// Whether a browser asks before its user does.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let asks =
        |name| headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|why| why.contains("prefetch"));
    asks("sec-purpose") || asks("purpose")
}

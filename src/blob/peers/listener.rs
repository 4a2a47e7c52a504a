//! The endpoint for other stores: reads or stores one attachment.

use super::{
    super::{BlobError, Blobs},
    MAX_ATTACHMENT_BYTES,
    proof::{self, PROOF_HEADER},
};
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use ring::hmac;
use std::{io, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::io::ReaderStream;

#[derive(Clone)]
struct Store {
    blobs: Blobs,
    key: Arc<hmac::Key>,
}

impl Store {
    fn admits(&self, method: &Method, sha256: &str, headers: &HeaderMap) -> bool {
        let digest = sha256.len() == 64 && sha256.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        let proof = headers.get(PROOF_HEADER).and_then(|proof| proof.to_str().ok());
        digest && proof.is_some_and(|proof| proof::holds(&self.key, method.as_str(), sha256, proof, Timestamp::now()))
    }
}

/// Serves a store to the others until the future is dropped.
pub async fn serve(listener: TcpListener, blobs: Blobs, key: hmac::Key) -> io::Result<()> {
    let store = Store { blobs, key: Arc::new(key) };
    let router = Router::new().route("/attachments/{sha256}", get(have).put(keep)).with_state(store);
    axum::serve(listener, router).await
}

async fn have(State(store): State<Store>, Path(sha256): Path<String>, headers: HeaderMap) -> Response {
    if !store.admits(&Method::GET, &sha256, &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    // A missing attachment is not looked up in other stores here: the requesting store does that.
    match tokio::fs::File::open(store.blobs.place(&sha256)).await {
        Ok(file) => Body::from_stream(ReaderStream::new(file)).into_response(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&BlobError::Disk(error)),
    }
}

async fn keep(State(store): State<Store>, Path(sha256): Path<String>, request: Request) -> Response {
    if !store.admits(&Method::PUT, &sha256, request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let kept = async {
        if store.blobs.has(&sha256) {
            return Ok(true);
        }
        let received = store.blobs.receive(request.into_body().into_data_stream(), MAX_ATTACHMENT_BYTES).await?;
        let right = received.sha256 == sha256;
        if right {
            store.blobs.keep_here(received).await?;
        }
        Ok(right)
    };
    match kept.await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &BlobError) -> Response {
    tracing::warn!(error = error as &dyn std::error::Error, "attachment.not_shared");
    StatusCode::INSUFFICIENT_STORAGE.into_response()
}

//! Answers challenges, on an address to which a temporary route of Sōzu leads.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::{TcpListener, TcpSocket};

/// Answers by token; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Responder(Arc<Mutex<BTreeMap<String, String>>>);

impl Responder {
    /// Starts to answer a token.
    pub fn answer(&self, token: &str, authorization: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.into(), authorization.into());
    }

    /// Stops to answer all tokens.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Serves until the task ends.
    pub async fn serve(self, listener: TcpListener) {
        let router = Router::new().route("/.well-known/acme-challenge/{token}", get(find)).with_state(self);
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!("ACME challenges are not answered any more: {error}");
        }
    }
}

async fn find(State(responder): State<Responder>, Path(token): Path<String>) -> Result<String, StatusCode> {
    let answers = responder.0.lock().unwrap_or_else(PoisonError::into_inner);
    answers.get(&token).cloned().ok_or(StatusCode::NOT_FOUND)
}

/// Binds. An address that an earlier responder has just released is not refused.
pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(64)
}

//! HTTP: one table of routes, one stack of layers, thin handlers, one mapping of errors.

pub mod api;
mod assets;
mod cache;
mod error;
mod extract;
mod layers;
pub mod pages;
pub mod router;
pub mod view;

use crate::app::App;
use std::future::Future;
use tokio::net::TcpListener;

/// Serves the portal on a listener until the shutdown future ends, then lets requests under way finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = layers::around(router::router(app.clone()), app);
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

//! HTTP: one table of routes, one stack of layers, thin handlers, one mapping of errors.

mod address;
pub mod api;
mod assets;
mod body_mode;
mod cache;
mod client;
#[expect(clippy::disallowed_methods, reason = "each connection is a task that the drain awaits")]
mod connection;
mod embedded;
mod error;
mod extract;
mod failure_page;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod head;
mod layers;
mod pages;
mod posted;
pub mod resumable;
pub mod router;
#[cfg(test)]
mod samples;
mod site_files;
mod timeouts;
pub mod xlsx;

use crate::app::App;
use axum::{Router, serve::Listener};
use std::future::Future;

/// All routes with everything around them: what answers a request, wherever it comes from.
pub fn service(app: App) -> Router {
    layers::with_middleware(router::router(app.clone()), app)
}

/// Serves the portal on a listener until the shutdown future resolves, then lets requests in progress finish.
pub async fn serve<L>(listener: L, app: App, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()>
where
    L: Listener,
{
    connection::serve(listener, service(app), shutdown, connection::HEAD_TIMEOUT).await
}

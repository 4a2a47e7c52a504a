//! HTTP: one table of routes, one stack of layers, thin handlers, one mapping of errors.

pub mod api;
mod assets;
mod cache;
mod client;
mod error;
mod extract;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod intake;
mod layers;
pub mod pages;
pub mod router;
pub mod view;

use crate::app::App;
use axum::serve::Listener;
use std::{fmt::Debug, future::Future};

/// Serves the portal on a listener until the shutdown future ends, then lets requests under way finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve<L>(listener: L, app: App, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()>
where
    L: Listener,
    L::Addr: Debug,
{
    let service = layers::around(router::router(app.clone()), app);
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

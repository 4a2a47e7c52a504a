//! Health, readiness, metrics, status and the operator's page, on a listener of their own that the proxy never forwards to.

mod health;
pub mod incidents;
mod manager;
mod page;
mod status;

pub use status::{Alarm, Topic};

use crate::{app::App, bricks::repman::Repman, domain::text::Lang};
use axum::{Router, extract::State, routing::get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the operator's side of a process knows.
#[derive(Clone)]
pub struct Ops(Arc<Parts>);

struct Parts {
    app: App,
    metrics: PrometheusHandle,
    /// The manager of the database's cluster, where there is one.
    repman: Option<Repman>,
    begun: Instant,
    /// Ended once the process is about to stop.
    leaving: CancellationToken,
    /// The schema was seen complete; it does not become less.
    schema_seen: AtomicBool,
}

impl Ops {
    /// Installs the recorder of metrics, which a process can do once.
    ///
    /// # Errors
    /// When there is a recorder already.
    pub fn install(app: App, repman: Option<Repman>) -> Result<Self, BuildError> {
        let metrics = PrometheusBuilder::new().install_recorder()?;
        health::describe();
        Ok(Self::new(app, metrics, repman))
    }

    fn new(app: App, metrics: PrometheusHandle, repman: Option<Repman>) -> Self {
        Self(Arc::new(Parts {
            app,
            metrics,
            repman,
            begun: Instant::now(),
            leaving: CancellationToken::new(),
            schema_seen: AtomicBool::new(false),
        }))
    }

    /// Says from now on that no requests should come.
    pub fn leave(&self) {
        self.0.leaving.cancel();
    }
}

/// Serves until the future is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, ops: Ops) -> std::io::Result<()> {
    axum::serve(listener, router(ops)).await
}

fn router(ops: Ops) -> Router {
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/status", get(async |State(ops): State<Ops>| page::json(&ops).await))
        .route("/", get(async |State(ops): State<Ops>| page::html(&ops, Lang::Fr).await))
        .route("/en", get(async |State(ops): State<Ops>| page::html(&ops, Lang::En).await))
        .route("/incidents.atom", get(async |State(ops): State<Ops>| page::feed(&ops)))
        .with_state(ops)
}

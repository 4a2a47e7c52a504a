//! Health, readiness, metrics and status, on a listener of their own that the proxy never forwards to.

mod health;

use crate::app::App;
use axum::{Router, routing::get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// Looks at `/ready` after which whoever looks has surely acted: the edge takes a process out after three misses, and
/// looks again only when Sōzu has it.
const FAREWELLS: usize = 4;
/// How long the next look is waited for; the edge looks several times a second.
const NEXT_LOOK: Duration = Duration::from_secs(1);

/// What the operator's side of a process knows.
#[derive(Clone)]
pub struct Ops(Arc<Parts>);

struct Parts {
    app: App,
    metrics: PrometheusHandle,
    begun: Instant,
    /// Ended once the process is about to stop.
    leaving: CancellationToken,
    /// Counts the answers of `/ready`.
    looks: watch::Sender<usize>,
    /// The schema was seen complete; it does not become less.
    schema_seen: AtomicBool,
}

impl Ops {
    /// Installs the recorder of metrics, which a process can do once.
    ///
    /// # Errors
    /// When there is a recorder already.
    pub fn install(app: App) -> Result<Self, BuildError> {
        let metrics = PrometheusBuilder::new().install_recorder()?;
        health::describe();
        Ok(Self::new(app, metrics))
    }

    fn new(app: App, metrics: PrometheusHandle) -> Self {
        Self(Arc::new(Parts {
            app,
            metrics,
            begun: Instant::now(),
            leaving: CancellationToken::new(),
            looks: watch::Sender::new(0),
            schema_seen: AtomicBool::new(false),
        }))
    }

    /// Says from now on that no requests should come, and waits until whoever asks for it has seen that; a process
    /// that nobody asks goes at once.
    pub async fn farewell(&self) {
        self.0.leaving.cancel();
        let mut looks = self.0.looks.subscribe();
        let asked_before = *looks.borrow_and_update() > 0;
        for _ in 0..if asked_before { FAREWELLS } else { 0 } {
            match tokio::time::timeout(NEXT_LOOK, looks.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
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
        .route("/status", get(health::status))
        .with_state(ops)
}

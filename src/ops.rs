//! Health, readiness, metrics, status and the operator's page, on a separate listener that the proxy never forwards to.

mod alarm;
mod answer;
mod health;
pub mod incidents;
mod manager;
mod page;
mod scan;
mod status;
mod storage;

pub use alarm::{Alarm, Topic};

use crate::{
    adapters::{garage::Garage, repman::Repman},
    app::App,
    config::answers_to,
    domain::text::Lang,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// State of the operator's endpoints of a process.
#[derive(Clone)]
pub struct Ops(Arc<OpsInner>);

struct OpsInner {
    app: App,
    metrics: PrometheusHandle,
    /// The manager of the database cluster, if any.
    repman: Option<Repman>,
    /// The nodes that hold the attachments, if they are asked.
    garage: Option<Garage>,
    begun: Instant,
    /// Cancelled when the process is about to stop.
    leaving: CancellationToken,
    /// The schema has been found complete; it remains so.
    schema_seen: AtomicBool,
}

impl Ops {
    /// Installs the metrics recorder. A process can do this only once.
    ///
    /// # Errors
    /// When a recorder is already installed.
    pub fn install(app: App, repman: Option<Repman>, garage: Option<Garage>) -> Result<Self, BuildError> {
        let metrics = PrometheusBuilder::new().install_recorder()?;
        health::describe();
        Ok(Self::new(app, metrics, repman, garage))
    }

    fn new(app: App, metrics: PrometheusHandle, repman: Option<Repman>, garage: Option<Garage>) -> Self {
        Self(Arc::new(OpsInner {
            app,
            metrics,
            repman,
            garage,
            begun: Instant::now(),
            leaving: CancellationToken::new(),
            schema_seen: AtomicBool::new(false),
        }))
    }

    /// Reports from now on that the process is not ready for requests.
    pub fn leave(&self) {
        self.0.leaving.cancel();
    }
}

/// Serves until the future is dropped.
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
        .layer(middleware::from_fn_with_state(ops.clone(), known_host))
        .with_state(ops)
}

/// Rejects requests for a host name that a third party may control (DNS rebinding): see [`answers_to`]. Browsers always
/// send the host name they requested.
async fn known_host(State(ops): State<Ops>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    if host.is_some_and(|host| !answers_to(host, &ops.0.app.config.portal.ops_hosts)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    next.run(request).await
}

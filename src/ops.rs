//! Health, readiness, metrics, status and the operator's page, on a listener of their own that the proxy never forwards to.

mod alarm;
mod health;
pub mod incidents;
mod manager;
mod page;
mod status;

pub use alarm::{Alarm, Topic};

use crate::{app::App, bricks::repman::Repman, config::answers_to, domain::text::Lang};
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
        .layer(middleware::from_fn_with_state(ops.clone(), known_host))
        .with_state(ops)
}

/// Turns away requests for a name that a stranger may have: see [`answers_to`]. Browsers always say which name they asked.
async fn known_host(State(ops): State<Ops>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    if host.is_some_and(|host| !answers_to(host, &ops.0.app.config.portal.ops_hosts)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    next.run(request).await
}

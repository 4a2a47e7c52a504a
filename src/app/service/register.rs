//! Process registration: a process registers, sends heartbeats, and leaves only when no request can reach it any more.

use crate::app::App;
use crate::{
    build::BUILD,
    store::{
        StoreError, edge,
        process::{self, ProcessRegistration, ProcessState},
    },
};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use uuid::Uuid;

/// Interval between two heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);
/// Timeout of a database statement.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);
/// Polling interval for edges that still route to a leaving process.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum time to wait for the edges.
const EDGE_RELEASE_TIMEOUT: Duration = Duration::from_secs(35);
/// Maximum time to wait while the database is unreachable, since it then cannot confirm that the process may leave.
const DATABASE_LOSS_TIMEOUT: Duration = Duration::from_secs(3);
/// Rows of dead processes are removed after this many seconds.
const DEAD_PROCESS_RETENTION_SECONDS: u32 = 3600;

/// This process in the table of processes.
#[derive(Clone)]
pub struct Registration {
    app: App,
    registration: ProcessRegistration,
}

impl Registration {
    /// Creates the registration for a new start of this process.
    #[must_use]
    pub fn new(app: App) -> Self {
        let portal = &app.config.portal;
        let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
        let registration = ProcessRegistration {
            id: Uuid::now_v7(),
            name: portal.name.clone().unwrap_or_else(|| format!("{host}/{}", portal.listen)),
            address: portal.listen.to_string(),
            ops_address: portal.ops_listen.to_string(),
            build: BUILD.into(),
            host,
        };
        Self { app, registration }
    }

    /// Registers once the schema is present, then sends heartbeats. Resolves when the table asks this process to leave.
    pub async fn heartbeat_until_drained(&self) {
        let mut away = false;
        loop {
            match bounded(self.send_heartbeat()).await {
                Ok(ProcessState::Draining) => return,
                Ok(ProcessState::Starting | ProcessState::Ready) => {
                    if std::mem::take(&mut away) {
                        tracing::info!("process.registered_again");
                    }
                }
                Err(reason) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(reason, "process.not_registered");
                    }
                }
            }
            tokio::time::sleep(HEARTBEAT_INTERVAL).await;
        }
    }

    async fn send_heartbeat(&self) -> Result<ProcessState, StoreError> {
        let mut db = self.app.store.reserved().await?;
        let id = self.registration.id;
        match process::beat(&mut db, id).await? {
            Some(ProcessState::Starting) => process::ready(&mut db, id).await?,
            Some(state) => return Ok(state),
            None => {
                process::register(&mut db, &self.registration).await?;
                process::ready(&mut db, id).await?;
                process::forget_silent(&mut db, DEAD_PROCESS_RETENTION_SECONDS).await?;
                tracing::info!(%id, name = self.registration.name, "process.registered");
            }
        }
        Ok(ProcessState::Ready)
    }

    /// Asks every edge to stop routing to this process, and waits until all have done so.
    pub async fn drain_and_wait(&self) {
        let began = Instant::now();
        let mut answered = began;
        let mut asked = false;
        loop {
            match bounded(self.is_claimed(&mut asked)).await {
                Ok(false) => return,
                Ok(true) => answered = Instant::now(),
                Err(_) if answered.elapsed() > DATABASE_LOSS_TIMEOUT => {
                    tracing::warn!("process.leaves_without_database");
                    return;
                }
                Err(_) => {}
            }
            if began.elapsed() > EDGE_RELEASE_TIMEOUT {
                tracing::warn!(waited_s = EDGE_RELEASE_TIMEOUT.as_secs(), "process.leaves_though_counted_on");
                return;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Whether an edge still routes to this process, or may be about to.
    async fn is_claimed(&self, asked: &mut bool) -> Result<bool, StoreError> {
        let mut db = self.app.store.reserved().await?;
        let id = self.registration.id;
        if !*asked {
            process::drain(&mut db, id).await?;
            *asked = true;
        }
        process::beat(&mut db, id).await?;
        Ok(edge::load_claims(&mut db).await?.iter().any(|claim| claim.process_id == id))
    }

    /// Removes this process from the table, as its last action.
    pub async fn deregister(&self) {
        let forget = async {
            let mut db = self.app.store.reserved().await?;
            process::forget(&mut db, self.registration.id).await
        };
        // If the database is unreachable, the row is removed later.
        bounded(forget).await.ok();
    }
}

async fn bounded<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match timeout(DATABASE_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| format!("{:#}", anyhow::Error::from(error))),
        Err(_) => Err(format!("the database does not answer within {} s", DATABASE_TIMEOUT.as_secs())),
    }
}

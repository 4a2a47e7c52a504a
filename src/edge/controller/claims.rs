//! The claims of this edge: processes that its Sōzu sends requests to. A process does not end while it is claimed.
//!
//! A claim works like a finalizer of Kubernetes: it is written before the process is added to Sōzu, and released when
//! no worker has a session with the process any more.

use super::Controller;
use crate::{
    edge::{
        outcome::Outcome,
        render::{PORTAL_CLUSTER, backend_id},
        spec::EdgeSpec,
    },
    store::{Connection, Store, StoreError, edge},
};
use anyhow::Context;
use std::{future::Future, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

const DB_TIMEOUT: Duration = Duration::from_secs(1);

impl Controller {
    /// Claims every process before Sōzu gets it. A process whose claim could not be written is left out of the spec.
    pub(super) async fn claim(&mut self, spec: &mut EdgeSpec) {
        if self.claims.is_empty() {
            self.load_claims().await;
        }
        let fresh: Vec<Uuid> = spec.processes.keys().filter(|id| !self.claims.contains_key(*id)).copied().collect();
        for id in fresh {
            let name = self.status.name().to_owned();
            match with_database(&self.store, async |db| edge::claim(db, &name, id).await).await {
                Ok(()) => drop(self.claims.insert(id, false)),
                Err(_) => drop(spec.processes.remove(&id)),
            }
        }
    }

    /// Reads the claims that this edge made before it was restarted.
    async fn load_claims(&mut self) {
        let mut all = Vec::new();
        let read = with_database(&self.store, async |db| {
            all = edge::load_claims(db).await?;
            Ok(())
        });
        if read.await.is_ok() {
            let ours = all.into_iter().filter(|claim| claim.sozu_name == self.status.name());
            self.claims = ours.map(|claim| (claim.process_id, claim.verified)).collect();
        }
    }

    pub(super) async fn mark_verified(&mut self, outcome: &Outcome) {
        for &id in &outcome.serving_processes {
            if self.claims.get(&id) == Some(&false) {
                let name = self.status.name().to_owned();
                if with_database(&self.store, async |db| edge::mark_verified(db, &name, id).await).await.is_ok() {
                    self.claims.insert(id, true);
                }
            }
        }
        let gone =
            self.claims.keys().filter(|id| !outcome.serving_processes.contains(*id) && !self.drains.contains(**id));
        for id in gone.copied().collect::<Vec<_>>() {
            self.release_claim(id).await;
        }
    }

    async fn release_claim(&mut self, id: Uuid) {
        let name = self.status.name().to_owned();
        if with_database(&self.store, async |db| edge::release_claim(db, &name, id).await).await.is_ok() {
            self.claims.remove(&id);
        }
    }

    /// Closes the sessions of draining processes, and releases those that no worker has a session with.
    pub(super) async fn finish_drains(&mut self) {
        for id in self.drains.ids() {
            // A failed command is repeated at the next tick.
            if let Ok(0) = self.reconciler.sozu().close_sessions(PORTAL_CLUSTER, &backend_id(id)).await {
                self.drains.sessions_closed(id);
            }
        }
        for (id, in_time, took) in self.drains.take_finished(usize::try_from(self.workers).unwrap_or(1)) {
            tracing::info!(process = id.to_string(), in_time, took_ms = took.as_millis(), "process drained");
            self.release_claim(id).await;
        }
    }
}

/// Accesses the database within [`DB_TIMEOUT`]. Failures are not logged here: the inventory task logs the
/// first one in a row.
async fn with_database(
    store: &Store,
    work: impl AsyncFnOnce(&mut Connection) -> Result<(), StoreError>,
) -> Result<(), ()> {
    let work = async {
        let mut db = store.write().await?;
        work(&mut db).await
    };
    within_timeout(work).await.map_err(drop)
}

pub(in crate::edge) async fn within_timeout<T>(work: impl Future<Output = Result<T, StoreError>>) -> anyhow::Result<T> {
    Ok(timeout(DB_TIMEOUT, work).await.context("the database does not answer in time")??)
}

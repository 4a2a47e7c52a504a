//! Transactions: with a timeout, retried where that is safe, and acknowledged only when they are as durable as
//! required.

use super::{
    StoreError,
    cluster::{Cluster, LeaderPool, still_replicates},
};
use crate::config::Durability;
use sqlx::{MySql, MySqlConnection, Transaction};
use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Maximum number of runs of a transaction: after deadlocks, or the loss of the leader before the commit. An operation
/// whose commit has an unknown outcome runs it anew (`app::transaction`), each time with as many runs.
const MAX_TRANSACTION_RUNS: u32 = 5;
/// Time after which a transaction is not retried.
const RERUN_WINDOW: Duration = Duration::from_secs(6);
/// Timeout of the work of a transaction.
const WORK_TIMEOUT: Duration = Duration::from_secs(15);
/// Timeout of a commit. Replicas that have not confirmed by then are reported as missing.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(12);

/// A transaction on the leader. It is rolled back if it is dropped without commit.
pub struct Tx {
    tx: Transaction<'static, MySql>,
    leader: LeaderPool,
    cluster: Arc<Cluster>,
}

impl Deref for Tx {
    type Target = MySqlConnection;
    fn deref(&self) -> &MySqlConnection {
        &self.tx
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut MySqlConnection {
        &mut self.tx
    }
}

impl Tx {
    pub(super) fn new(tx: Transaction<'static, MySql>, leader: LeaderPool, cluster: Arc<Cluster>) -> Self {
        Self { tx, leader, cluster }
    }

    /// Cancelled when the server is no longer the leader.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.leader.ended.clone()
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`] when the response was lost or late, [`StoreError::Unconfirmed`] when the leader
    /// has committed and no second server is known to have confirmed it.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { tx, leader, cluster } = self;
        let committed = tokio::select! {
            biased;
            committed = timeout(COMMIT_TIMEOUT, tx.commit()) => committed.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            () = leader.ended.cancelled() => Err(sqlx::Error::PoolClosed),
        };
        if let Err(error) = committed {
            cluster.poll_now();
            return Err(StoreError::commit(error));
        }
        if cluster.durability != Durability::Strict {
            return Ok(());
        }
        let confirmed = tokio::select! {
            confirmed = timeout(COMMIT_TIMEOUT, confirmed(&leader)) => confirmed.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            () = leader.ended.cancelled() => Err(sqlx::Error::PoolClosed),
        };
        match confirmed {
            Ok(true) => Ok(()),
            Ok(false) => {
                cluster.poll_now();
                Err(StoreError::Unconfirmed)
            }
            Err(error) => Err(StoreError::UnknownOutcome(error)),
        }
    }
}

/// Writes a row and deletes it again. The servers send each other changes of rows only, so the commit of a transaction that
/// has only read waits for nobody; after this one, a replica that confirms it has everything that was there to be read.
/// `id` must be new in each run.
pub(super) async fn write_without_effect(db: &mut MySqlConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "insert into outbox (job_id, kind, payload, due_at, attempts) values (?, 'none', '{}', utc_timestamp(6), 0)",
    )
    .bind(id)
    .execute(&mut *db)
    .await?;
    sqlx::query("delete from outbox where job_id = ?").bind(id).execute(db).await?;
    Ok(())
}

async fn confirmed(leader: &LeaderPool) -> Result<bool, sqlx::Error> {
    still_replicates(&mut *leader.pool.acquire().await?).await
}

/// Counts the runs of one transaction.
#[derive(Debug)]
pub struct Tries {
    runs: u32,
    began: Instant,
}

impl Default for Tries {
    fn default() -> Self {
        Self { runs: 0, began: Instant::now() }
    }
}

impl Tries {
    /// Whether there is time for another run after an error that occurred before the transaction began.
    pub fn count_and_may_retry(&mut self, error: &StoreError) -> bool {
        self.runs += 1;
        error.may_run_again() && self.has_budget()
    }

    /// Runs the work of a transaction until its server is no longer the leader.
    ///
    /// # Errors
    /// The work's own; [`StoreError::Moved`] when the server was lost or is too slow.
    pub async fn run_until_leader_lost<T, E: From<StoreError>>(
        ended: CancellationToken,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::select! {
            done = timeout(WORK_TIMEOUT, work) => done.unwrap_or_else(|_| Err(StoreError::Moved.into())),
            () = ended.cancelled() => Err(StoreError::Moved.into()),
        }
    }

    /// Ends a run: commits successful work and rolls failed work back. `None` requests another run: the work lost a
    /// deadlock, or its server, before anything was committed.
    ///
    /// The error is the work's own, or that of [`Tx::commit`].
    pub async fn commit_or_roll_back<T, E: From<StoreError> + Retriable>(
        &mut self,
        tx: Tx,
        work: Result<T, E>,
    ) -> Option<Result<T, E>> {
        self.runs += 1;
        let error = match work {
            Ok(done) => return Some(tx.commit().await.map(|()| done).map_err(E::from)),
            Err(error) => error,
        };
        if error.may_run_again() {
            tx.cluster.poll_now();
        }
        let rolled_back = tokio::select! {
            rolled_back = timeout(COMMIT_TIMEOUT, tx.tx.rollback()) => matches!(rolled_back, Ok(Ok(()))),
            // A lost server rolls back on its own.
            () = tx.leader.ended.cancelled() => true,
        };
        let again = error.may_run_again() && self.has_budget();
        // On a lost connection nothing was committed either, because the commit was never sent.
        if again && (rolled_back || error.lost_its_server()) { None } else { Some(Err(error)) }
    }

    fn has_budget(&self) -> bool {
        self.runs < MAX_TRANSACTION_RUNS && self.began.elapsed() < RERUN_WINDOW
    }
}

/// Errors after which running the transaction again may succeed.
pub trait Retriable {
    /// True if nothing was committed and another run may succeed.
    fn may_run_again(&self) -> bool;
    /// True if the connection or the leader was lost before the commit.
    fn lost_its_server(&self) -> bool;
}

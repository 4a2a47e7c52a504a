//! Transactions: with an end to their patience, run again where that is safe, and acknowledged only when they are as
//! durable as demanded.

use super::{
    StoreError,
    cluster::{Cluster, Leading, still_replicates},
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

/// How often a transaction is run.
const MAX_RUNS: u32 = 5;
/// From when on a transaction is not run again.
const RERUN_WINDOW: Duration = Duration::from_secs(6);
/// Longest time for the work of a transaction.
const WORK_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time for a commit; replicas that do not confirm within it are told of as missing.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(12);

/// A transaction on the leader; dropped without commit, it is rolled back.
pub struct Tx {
    tx: Transaction<'static, MySql>,
    leading: Leading,
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
    pub(super) fn new(tx: Transaction<'static, MySql>, leading: Leading, cluster: Arc<Cluster>) -> Self {
        Self { tx, leading, cluster }
    }

    /// Cancelled when the server leads no more.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.leading.ended.clone()
    }

    /// Commits.
    ///
    /// # Errors
    /// [`StoreError::UnknownOutcome`] when the answer was lost or did not come in time, [`StoreError::Unconfirmed`] when
    /// the leader has it and no second server is known to.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { tx, leading, cluster } = self;
        let committed = tokio::select! {
            biased;
            committed = timeout(COMMIT_TIMEOUT, tx.commit()) => committed.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            () = leading.ended.cancelled() => Err(sqlx::Error::PoolClosed),
        };
        if let Err(error) = committed {
            cluster.suspect();
            return Err(StoreError::commit(error));
        }
        if cluster.durability != Durability::Strict {
            return Ok(());
        }
        let confirmed = tokio::select! {
            confirmed = timeout(COMMIT_TIMEOUT, confirmed(&leading)) => confirmed.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            () = leading.ended.cancelled() => Err(sqlx::Error::PoolClosed),
        };
        match confirmed {
            Ok(true) => Ok(()),
            Ok(false) => {
                cluster.suspect();
                Err(StoreError::Unconfirmed)
            }
            Err(error) => Err(StoreError::UnknownOutcome(error)),
        }
    }
}

async fn confirmed(leading: &Leading) -> Result<bool, sqlx::Error> {
    still_replicates(&mut *leading.pool.acquire().await?).await
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
    /// Whether an error from before the transaction began leaves time for another run.
    pub fn again(&mut self, error: &StoreError) -> bool {
        self.runs += 1;
        error.may_run_again() && self.left()
    }

    /// Runs the work of a transaction, until its server leads no more.
    ///
    /// # Errors
    /// The work's own; [`StoreError::Moved`] when the server was lost, or is too slow.
    pub async fn bounded<T, E: From<StoreError>>(
        ended: CancellationToken,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::select! {
            done = timeout(WORK_TIMEOUT, work) => done.unwrap_or_else(|_| Err(StoreError::Moved.into())),
            () = ended.cancelled() => Err(StoreError::Moved.into()),
        }
    }

    /// Ends a run: commits good work, rolls bad work back. None asks for another run: the work lost a deadlock, or its
    /// server, before anything was committed.
    ///
    /// The error is the work's own, or that of [`Tx::commit`].
    pub async fn settle<T, E: From<StoreError> + Retriable>(
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
            tx.cluster.suspect();
        }
        let rolled_back = tokio::select! {
            rolled_back = timeout(COMMIT_TIMEOUT, tx.tx.rollback()) => matches!(rolled_back, Ok(Ok(()))),
            // A server that is gone rolls back by itself.
            () = tx.leading.ended.cancelled() => true,
        };
        let again = error.may_run_again() && self.left();
        // On a broken connection nothing was committed either: the commit was never sent.
        if again && (rolled_back || error.lost_its_server()) { None } else { Some(Err(error)) }
    }

    fn left(&self) -> bool {
        self.runs < MAX_RUNS && self.began.elapsed() < RERUN_WINDOW
    }
}

/// Errors that may be cured by running the transaction again.
pub trait Retriable {
    /// True when nothing was committed, and another run may do better.
    fn may_run_again(&self) -> bool;
    /// True when the connection or the leader was lost before the commit.
    fn lost_its_server(&self) -> bool;
}

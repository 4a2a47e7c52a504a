//! All SQL of the program.
//!
//! Reads take a [`PooledConnection`] with a required freshness. Writes are transactions that are retried after a deadlock or a
//! loss of the leader; everything that varies (ids, instants) is created outside, so that a retry does the same.
//! [`cluster`] finds the leader; work in progress on a server that is no longer the leader is ended.

pub mod account;
pub mod api_token;
pub mod assignment;
pub mod break_glass;
pub mod ceremony;
#[expect(clippy::disallowed_methods, reason = "tasks poll the servers until the store is closed")]
pub mod cluster;
mod column;
pub mod company_lookup;
pub mod contents;
pub mod delegation;
pub mod deposit;
pub mod dossier;
mod dump;
pub mod edge;
pub mod embedded;
mod endpoint;
pub mod erasure;
mod error;
pub mod failing_address;
pub mod health;
pub mod interest;
pub mod journal;
pub mod login;
pub mod narrowed;
pub mod order;
pub mod outbox;
pub mod participant;
pub mod passkey;
pub mod piece;
pub mod piece_text;
pub mod process;
pub mod profile;
pub mod relations;
pub mod review;
mod row;
pub mod scan;
pub mod search;
pub mod session;
mod several;
pub mod simulation;
pub mod site;
pub mod token_root;
mod transaction;
pub mod upload;
pub mod usage;

pub use dump::DumpError;
pub use endpoint::EndpointError;
pub use error::StoreError;
pub use transaction::{Retriable, Tries, Tx};

use crate::config::{Database, Durability};
use cluster::{Cluster, LeaderPool, ServerState};
use futures_util::future::join_all;
use sqlx::{MySql, MySqlConnection, pool::PoolConnection};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Required freshness of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The reader must see its own writes: uses the leader.
    OwnWrites,
    /// A replica with bounded lag is sufficient.
    MayLag,
}

/// Access to the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    cluster: Arc<Cluster>,
    _watch: Arc<JoinSet<()>>,
}

/// A connection, as a rule inside a transaction.
pub type Connection = MySqlConnection;
/// A connection of the pool, outside of transactions.
pub type PooledConnection = PoolConnection<MySql>;

/// Maximum time to wait for a leader. A longer failover is reported to the client.
const LEADER_WAIT: Duration = Duration::from_secs(3);

impl Store {
    /// Prepares the store. The first connection is opened on demand, so that a portal can start before its database.
    /// The servers of a cluster are polled from now on, by tasks of the current runtime.
    pub fn open(config: &Database) -> Result<Self, EndpointError> {
        let mut endpoints = endpoint::endpoints(config)?;
        if config.socket.is_some()
            && let Some(only) = endpoints.pop()
        {
            let cluster = Arc::new(Cluster::single(only, config));
            let watch = Arc::new(cluster.watch_single());
            return Ok(Self { cluster, _watch: watch });
        }
        let cluster = Arc::new(Cluster::several(endpoints, config));
        let watch = Arc::new(cluster.watch());
        Ok(Self { cluster, _watch: watch })
    }

    /// Applies pending migrations.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        let leader = self.leader().await.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
        sqlx::migrate!("src/store/migrations").run(&leader.pool).await
    }

    /// Returns a connection for reading.
    pub async fn read(&self, freshness: Freshness) -> Result<PooledConnection, StoreError> {
        if freshness == Freshness::MayLag
            && let Some(replica) = self.cluster.replica()
            && let Ok(reader) = replica.acquire().await
        {
            return Ok(reader);
        }
        self.acquire(&self.leader().await?).await
    }

    /// Returns a connection for single write statements, each of which is its own transaction and may be repeated.
    ///
    /// # Errors
    /// When the database cannot be reached in time, or cannot store writes as durably as required.
    pub async fn write(&self) -> Result<PooledConnection, StoreError> {
        self.acquire(&self.writable().await?).await
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database cannot be reached in time, or cannot store writes as durably as required.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let leader = self.writable().await?;
        match leader.pool.begin().await {
            Ok(tx) => Ok(Tx::new(tx, leader, self.cluster.clone())),
            Err(error) => Err(self.report_failure(error)),
        }
    }

    /// Has the commit of a transaction that only found what an earlier one wrote wait for a second server too. That one's
    /// leader may have been lost, and the one that has its rows now may not have passed them on yet. In strict mode only;
    /// elsewhere no commit waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_what_was_found(&self, db: &mut Connection) -> Result<(), StoreError> {
        match self.cluster.durability {
            Durability::Strict => transaction::write_without_effect(db, Uuid::now_v7()).await,
            Durability::Available | Durability::Plain => Ok(()),
        }
    }

    /// Returns the connection reserved for the process's own status. It is used for single write statements and never
    /// waits behind pages.
    pub async fn reserved(&self) -> Result<PooledConnection, StoreError> {
        let leader = self.writable().await?;
        leader.reserve.acquire().await.map_err(|error| self.report_failure(error))
    }

    /// Checks whether the database responds, without waiting behind pages.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let leader = self.leader().await?;
        let mut reader = leader.reserve.acquire().await.map_err(|error| self.report_failure(error))?;
        sqlx::query("select 1").execute(&mut *reader).await?;
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.cluster.close().await;
    }

    /// The durability of an acknowledged write.
    pub fn durability(&self) -> Durability {
        self.cluster.durability
    }

    /// Returns the last known state of every configured server, in the order of the configuration, and the index of the
    /// leader.
    #[must_use]
    pub fn servers(&self) -> (Vec<(String, ServerState)>, Option<LeaderPool>) {
        let labels = self.cluster.endpoints.iter().map(|endpoint| endpoint.label.clone());
        let states = self.cluster.server_states().clone();
        (labels.zip(states).collect(), self.cluster.current_leader())
    }

    /// Inspects every server in detail. Returns the label of each, with its result or why it could not be inspected.
    pub async fn examine(&self) -> Vec<(String, Result<cluster::Examined, String>)> {
        let look = async |endpoint: &endpoint::Endpoint| (endpoint.label.clone(), cluster::examine(endpoint).await);
        join_all(self.cluster.endpoints.iter().map(look)).await
    }

    /// Runs work that reads. It is aborted when its leader is no longer the leader, because a frozen server never
    /// responds.
    ///
    /// # Errors
    /// [`StoreError::Moved`].
    pub async fn until_leader_lost<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Result<T, StoreError> {
        let Some(leader) = self.cluster.current_leader() else { return Ok(work.await) };
        tokio::select! {
            done = work => Ok(done),
            () = async { leader.ended.cancelled().await; tokio::time::sleep(grace).await } => Err(StoreError::Moved),
        }
    }

    async fn leader(&self) -> Result<LeaderPool, StoreError> {
        self.cluster.leader(LEADER_WAIT).await.ok_or(StoreError::NoLeader)
    }

    async fn writable(&self) -> Result<LeaderPool, StoreError> {
        let leader = self.leader().await?;
        if leader.durable { Ok(leader) } else { Err(StoreError::NotReplicated) }
    }

    async fn acquire(&self, leader: &LeaderPool) -> Result<PooledConnection, StoreError> {
        leader.pool.acquire().await.map_err(|error| self.report_failure(error))
    }

    fn report_failure(&self, error: sqlx::Error) -> StoreError {
        self.cluster.poll_now();
        error.into()
    }
}

//! Tracks the leader of a cluster. Every server is polled ten times a second, and the connection pool belongs to the
//! current leader. A change of leader closes the pool and ends all work on it.
//!
//! Only the servers themselves are asked who leads. So writes do not depend on the manager of the cluster, and a
//! retired leader that does not know it was retired is not trusted.

mod election;
mod examine;
mod single;
mod status;

pub use election::{Leadership, elect};
pub use examine::{Examined, examine};
pub use status::ServerStatus;
pub(super) use status::still_replicates;

use super::endpoint::Endpoint;
use crate::config::{Database, Durability};
use sqlx::{
    MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
use status::Poller;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    join,
    sync::{Notify, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Polling interval of a server.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Number of polls per read of the newest heartbeat.
const POLLS_PER_HEARTBEAT_READ: u32 = 10;
/// How long a server that is slow to respond keeps its last good state. A server that refuses connections loses it at
/// once.
const SLOW_SERVER_GRACE: Duration = Duration::from_secs(1);
/// Maximum time for the connections of a closed pool to be returned.
const POOL_CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time to wait for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections reserved for the process itself, so that its heartbeat and readiness never wait behind pages.
const RESERVED_CONNECTIONS: u32 = 1;
/// Maximum time to wait for a row locked by another transaction, in seconds.
const LOCK_WAIT_SECONDS: u32 = 5;

/// The current leader, with its connections.
#[derive(Clone, Debug)]
pub struct LeaderPool {
    /// Increases with every change of leader.
    pub generation: u64,
    /// Index of the server in the configuration.
    pub node: usize,
    /// `server_id` of the server, which is visible through a proxy too.
    pub server: i64,
    /// Whether writes are as durable as required.
    pub durable: bool,
    /// Connection pool of the leader.
    pub pool: MySqlPool,
    /// Reserved connections for the process itself.
    pub reserve: MySqlPool,
    /// Cancelled when it is no longer the leader.
    pub ended: CancellationToken,
}

/// The last known state of a server.
#[derive(Clone, Debug, Default)]
pub struct ServerState {
    /// Its last status.
    pub status: Option<ServerStatus>,
    /// Why its status is unknown.
    pub poll_error: Option<String>,
    last_response_at: Option<Instant>,
}

/// The view of one process on the servers.
#[derive(Debug)]
pub(super) struct Cluster {
    pub endpoints: Vec<Endpoint>,
    pub durability: Durability,
    max_connections: u32,
    max_lag: Duration,
    server_states: Mutex<Vec<ServerState>>,
    leader: watch::Sender<Option<LeaderPool>>,
    replicas: Mutex<BTreeMap<usize, MySqlPool>>,
    replica_turn: AtomicUsize,
    poll_now: Notify,
}

impl Cluster {
    /// Creates a cluster of a single server, which is always the leader.
    pub fn single(endpoint: Endpoint, config: &Database) -> Self {
        let reserve = pool(endpoint.options.clone(), RESERVED_CONNECTIONS, PoolRole::Single);
        let pool = pool(endpoint.options.clone(), config.max_connections, PoolRole::Single);
        let ended = CancellationToken::new();
        let leader = LeaderPool { generation: 0, node: 0, server: 0, durable: true, pool, reserve, ended };
        Self::with(vec![endpoint], config, Some(leader))
    }

    /// Creates a cluster of several servers, or of a proxy; [`Cluster::watch`] finds the leader.
    pub fn several(endpoints: Vec<Endpoint>, config: &Database) -> Self {
        Self::with(endpoints, config, None)
    }

    fn with(endpoints: Vec<Endpoint>, config: &Database, leader: Option<LeaderPool>) -> Self {
        Self {
            server_states: Mutex::new(vec![ServerState::default(); endpoints.len()]),
            endpoints,
            durability: config.durability(),
            max_connections: config.max_connections,
            max_lag: Duration::from_secs(config.max_lag_seconds.into()),
            leader: watch::Sender::new(leader),
            replicas: Mutex::default(),
            replica_turn: AtomicUsize::new(0),
            poll_now: Notify::new(),
        }
    }

    /// Polls all servers for as long as the tasks are alive.
    pub fn watch(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (node, endpoint) in self.endpoints.iter().enumerate() {
            // The task holds a weak reference, so that it ends with the store and does not keep it alive.
            let (cluster, poller) = (Arc::downgrade(self), Poller::new(endpoint.clone()));
            tasks.spawn(async move {
                let (mut poller, mut polls) = (poller, 0_u32);
                while let Some(cluster) = cluster.upgrade() {
                    let seen = poller.poll(polls.is_multiple_of(POLLS_PER_HEARTBEAT_READ)).await;
                    polls = polls.wrapping_add(1);
                    cluster.record(node, seen);
                    tokio::select! {
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                        () = cluster.poll_now.notified() => {}
                    }
                }
            });
        }
        tasks
    }

    /// Triggers an immediate poll of all servers, because something failed on the leader.
    pub fn poll_now(&self) {
        self.poll_now.notify_waiters();
    }

    /// Returns the leader, and waits for one if necessary.
    pub async fn leader(&self, max_wait: Duration) -> Option<LeaderPool> {
        let mut leader = self.leader.subscribe();
        let found = timeout(max_wait, leader.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone()
    }

    /// Returns the current leader.
    pub fn current_leader(&self) -> Option<LeaderPool> {
        self.leader.borrow().clone()
    }

    /// Returns a replica whose lag is acceptable, in turn.
    pub fn replica(&self) -> Option<MySqlPool> {
        let leader = self.current_leader()?.node;
        let server_states = self.server_states();
        let newest_us = server_states.get(leader)?.status.as_ref()?.newest_heartbeat_us?;
        let is_fresh = |state: &ServerState| {
            let status = state.status.as_ref().filter(|status| status.read_only)?;
            let lag_us = u64::try_from(newest_us - status.newest_heartbeat_us?).unwrap_or(0);
            (Duration::from_micros(lag_us) <= self.max_lag).then_some(())
        };
        let nodes: Vec<usize> =
            (0..server_states.len()).filter(|node| is_fresh(&server_states[*node]).is_some()).collect();
        drop(server_states);
        let node = *nodes.get(self.replica_turn.fetch_add(1, Ordering::Relaxed) % nodes.len().max(1))?;
        let mut pools = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || pool(self.endpoints[node].options.clone(), self.max_connections, PoolRole::Replica);
        Some(pools.entry(node).or_insert_with(open).clone())
    }

    /// Returns the last known state of all servers.
    pub fn server_states(&self) -> MutexGuard<'_, Vec<ServerState>> {
        self.server_states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        if let Some(leader) = self.leader.send_replace(None) {
            leader.ended.cancel();
            join!(leader.pool.close(), leader.reserve.close());
        }
        let pools = std::mem::take(&mut *self.replicas.lock().unwrap_or_else(PoisonError::into_inner));
        for pool in pools.into_values() {
            pool.close().await;
        }
    }

    fn record(&self, node: usize, seen: Result<ServerStatus, status::PollError>) {
        let mut server_states = self.server_states();
        let Some(state) = server_states.get_mut(node) else { return };
        match seen {
            Ok(status) => {
                // Only some polls read the newest heartbeat.
                let newest_heartbeat_us =
                    status.newest_heartbeat_us.or(state.status.as_ref().and_then(|before| before.newest_heartbeat_us));
                *state = ServerState {
                    status: Some(ServerStatus { newest_heartbeat_us, ..status }),
                    poll_error: None,
                    last_response_at: Some(Instant::now()),
                };
            }
            Err(error) => {
                let kept =
                    error.may_be_slow && state.last_response_at.is_some_and(|at| at.elapsed() < SLOW_SERVER_GRACE);
                if !kept {
                    state.status = None;
                }
                state.poll_error = Some(error.reason);
            }
        }
        let statuses: Vec<Option<ServerStatus>> = server_states.iter().map(|state| state.status.clone()).collect();
        // Still under the lock, so that an older result never overwrites a newer one.
        self.apply_election(&statuses);
    }

    fn apply_election(&self, statuses: &[Option<ServerStatus>]) {
        let elected = elect(statuses, self.durability);
        let before = self.current_leader();
        let server = |node: usize| statuses.get(node).and_then(Option::as_ref).map_or(0, |status| status.server);
        match (elected, before) {
            (Leadership::Leads { node, durable }, Some(before))
                if (before.node, before.server) == (node, server(node)) =>
            {
                if before.durable != durable {
                    tracing::warn!(server = self.endpoints[node].label, durable, "database.durability_changed");
                    self.leader.send_replace(Some(LeaderPool { durable, ..before }));
                }
            }
            (Leadership::Leads { node, durable }, before) => {
                let generation = before.as_ref().map_or(0, |before| before.generation) + 1;
                let reserve = pool(self.endpoints[node].options.clone(), RESERVED_CONNECTIONS, PoolRole::Leader);
                let pool = pool(self.endpoints[node].options.clone(), self.max_connections, PoolRole::Leader);
                let ended = CancellationToken::new();
                tracing::info!(server = self.endpoints[node].label, generation, durable, "database.leader");
                let next = LeaderPool { generation, node, server: server(node), durable, pool, reserve, ended };
                self.leader.send_replace(Some(next));
                before.into_iter().for_each(end);
            }
            (none, Some(before)) => {
                tracing::warn!(server = self.endpoints[before.node].label, verdict = ?none, "database.leader_lost");
                self.leader.send_replace(None);
                end(before);
            }
            (_, None) => {}
        }
    }
}

/// Ends all work on a server that is no longer the leader. A frozen server would never return its connections.
fn end(leader: LeaderPool) {
    leader.ended.cancel();
    tokio::spawn(async move {
        timeout(POOL_CLOSE_TIMEOUT, async { join!(leader.pool.close(), leader.reserve.close()) }).await.ok()
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PoolRole {
    Single,
    Leader,
    Replica,
}

fn pool(options: MySqlConnectOptions, most: u32, role: PoolRole) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(prepare(connection, role)))
        .connect_lazy_with(options)
}

/// Rejects a connection of the leader's pool if its server is read-only by now.
async fn prepare(connection: &mut MySqlConnection, role: PoolRole) -> Result<(), sqlx::Error> {
    // The statements rely on this isolation level, whatever the server's default is.
    let set =
        format!("set session innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, session tx_isolation = 'READ-COMMITTED'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *connection).await?;
    if role == PoolRole::Leader {
        let read_only: i64 =
            sqlx::query_scalar("select cast(@@global.read_only as signed)").fetch_one(&mut *connection).await?;
        if read_only != 0 {
            return Err(sqlx::Error::Io(std::io::Error::other("this server takes no writes (any more)")));
        }
    }
    Ok(())
}

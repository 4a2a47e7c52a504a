//! Tracks the leader of a cluster. Every server is polled ten times a second, and the connection pool belongs to the
//! current leader. A change of leader closes the pool and ends all work on it.
//!
//! Only the servers themselves are asked who leads. So writes do not depend on the manager of the cluster, and a
//! retired leader that does not know it was retired is not trusted.

mod alone;
mod examine;
mod sight;
mod verdict;

pub use examine::{Examined, examine};
pub use sight::Sight;
pub(super) use sight::still_replicates;
pub use verdict::{Leadership, decide};

use super::endpoint::Endpoint;
use crate::config::{Database, Durability};
use sight::Looker;
use sqlx::{
    MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
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
/// Number of polls per read of the pulse.
const POLLS_PER_PULSE: u32 = 10;
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
const LOCK_WAIT: u32 = 5;

/// The current leader.
#[derive(Clone, Debug)]
pub struct Leading {
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
    pub sight: Option<Sight>,
    /// Why its status is unknown.
    pub silence: Option<String>,
    said: Option<Instant>,
}

/// The view of one process on the servers.
#[derive(Debug)]
pub(super) struct Cluster {
    pub endpoints: Vec<Endpoint>,
    pub durability: Durability,
    max_connections: u32,
    max_lag: Duration,
    standings: Mutex<Vec<ServerState>>,
    leading: watch::Sender<Option<Leading>>,
    replicas: Mutex<BTreeMap<usize, MySqlPool>>,
    turn: AtomicUsize,
    wake: Notify,
}

impl Cluster {
    /// Creates a cluster of a single server, which is always the leader.
    pub fn single(endpoint: Endpoint, config: &Database) -> Self {
        let reserve = pool(endpoint.options.clone(), RESERVED_CONNECTIONS, PoolRole::Single);
        let pool = pool(endpoint.options.clone(), config.max_connections, PoolRole::Single);
        let ended = CancellationToken::new();
        let leading = Leading { generation: 0, node: 0, server: 0, durable: true, pool, reserve, ended };
        Self::with(vec![endpoint], config, Some(leading))
    }

    /// Creates a cluster of several servers, or of a proxy; [`Cluster::watch`] finds the leader.
    pub fn several(endpoints: Vec<Endpoint>, config: &Database) -> Self {
        Self::with(endpoints, config, None)
    }

    fn with(endpoints: Vec<Endpoint>, config: &Database, leading: Option<Leading>) -> Self {
        Self {
            standings: Mutex::new(vec![ServerState::default(); endpoints.len()]),
            endpoints,
            durability: config.durability(),
            max_connections: config.max_connections,
            max_lag: Duration::from_secs(config.max_lag_seconds.into()),
            leading: watch::Sender::new(leading),
            replicas: Mutex::default(),
            turn: AtomicUsize::new(0),
            wake: Notify::new(),
        }
    }

    /// Polls all servers for as long as the tasks are alive.
    pub fn watch(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (node, endpoint) in self.endpoints.iter().enumerate() {
            // The task holds a weak reference, so that it ends with the store and does not keep it alive.
            let (cluster, looker) = (Arc::downgrade(self), Looker::new(endpoint.clone()));
            tasks.spawn(async move {
                let (mut looker, mut looks) = (looker, 0_u32);
                while let Some(cluster) = cluster.upgrade() {
                    let seen = looker.look(looks.is_multiple_of(POLLS_PER_PULSE)).await;
                    looks = looks.wrapping_add(1);
                    cluster.note(node, seen);
                    tokio::select! {
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                        () = cluster.wake.notified() => {}
                    }
                }
            });
        }
        tasks
    }

    /// Triggers an immediate poll of all servers, because something failed on the leader.
    pub fn suspect(&self) {
        self.wake.notify_waiters();
    }

    /// Returns the leader, and waits for one if necessary.
    pub async fn leader(&self, patience: Duration) -> Option<Leading> {
        let mut leading = self.leading.subscribe();
        let found = timeout(patience, leading.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone()
    }

    /// Returns the current leader.
    pub fn leading(&self) -> Option<Leading> {
        self.leading.borrow().clone()
    }

    /// Returns a replica whose lag is acceptable, in turn.
    pub fn replica(&self) -> Option<MySqlPool> {
        let leader = self.leading()?.node;
        let standings = self.standings();
        let pulse = standings.get(leader)?.sight.as_ref()?.pulse?;
        let close = |standing: &ServerState| {
            let sight = standing.sight.as_ref().filter(|sight| sight.read_only)?;
            let behind = Duration::from_micros(u64::try_from(pulse - sight.pulse?).unwrap_or(0));
            (behind <= self.max_lag).then_some(())
        };
        let nodes: Vec<usize> = (0..standings.len()).filter(|node| close(&standings[*node]).is_some()).collect();
        drop(standings);
        let node = *nodes.get(self.turn.fetch_add(1, Ordering::Relaxed) % nodes.len().max(1))?;
        let mut pools = self.replicas.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || pool(self.endpoints[node].options.clone(), self.max_connections, PoolRole::Replica);
        Some(pools.entry(node).or_insert_with(open).clone())
    }

    /// Returns the last known state of all servers.
    pub fn standings(&self) -> MutexGuard<'_, Vec<ServerState>> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        if let Some(leading) = self.leading.send_replace(None) {
            leading.ended.cancel();
            join!(leading.pool.close(), leading.reserve.close());
        }
        let pools = std::mem::take(&mut *self.replicas.lock().unwrap_or_else(PoisonError::into_inner));
        for pool in pools.into_values() {
            pool.close().await;
        }
    }

    fn note(&self, node: usize, seen: Result<Sight, sight::Silence>) {
        let mut standings = self.standings();
        let Some(standing) = standings.get_mut(node) else { return };
        match seen {
            Ok(sight) => {
                // Only some polls read the pulse.
                let pulse = sight.pulse.or(standing.sight.as_ref().and_then(|before| before.pulse));
                *standing =
                    ServerState { sight: Some(Sight { pulse, ..sight }), silence: None, said: Some(Instant::now()) };
            }
            Err(silence) => {
                let kept = silence.may_be_slow && standing.said.is_some_and(|said| said.elapsed() < SLOW_SERVER_GRACE);
                if !kept {
                    standing.sight = None;
                }
                standing.silence = Some(silence.reason);
            }
        }
        let sights: Vec<Option<Sight>> = standings.iter().map(|standing| standing.sight.clone()).collect();
        // Still under the lock, so that an older result never overwrites a newer one.
        self.settle(&sights);
    }

    fn settle(&self, sights: &[Option<Sight>]) {
        let verdict = decide(sights, self.durability);
        let before = self.leading();
        let server = |node: usize| sights.get(node).and_then(Option::as_ref).map_or(0, |sight| sight.server);
        match (verdict, before) {
            (Leadership::Leads { node, durable }, Some(before))
                if (before.node, before.server) == (node, server(node)) =>
            {
                if before.durable != durable {
                    tracing::warn!(server = self.endpoints[node].label, durable, "database.durability_changed");
                    self.leading.send_replace(Some(Leading { durable, ..before }));
                }
            }
            (Leadership::Leads { node, durable }, before) => {
                let generation = before.as_ref().map_or(0, |before| before.generation) + 1;
                let reserve = pool(self.endpoints[node].options.clone(), RESERVED_CONNECTIONS, PoolRole::Leader);
                let pool = pool(self.endpoints[node].options.clone(), self.max_connections, PoolRole::Leader);
                let ended = CancellationToken::new();
                tracing::info!(server = self.endpoints[node].label, generation, durable, "database.leader");
                let next = Leading { generation, node, server: server(node), durable, pool, reserve, ended };
                self.leading.send_replace(Some(next));
                before.into_iter().for_each(end);
            }
            (none, Some(before)) => {
                tracing::warn!(server = self.endpoints[before.node].label, verdict = ?none, "database.leader_lost");
                self.leading.send_replace(None);
                end(before);
            }
            (_, None) => {}
        }
    }
}

/// Ends all work on a server that is no longer the leader. A frozen server would never return its connections.
fn end(leading: Leading) {
    leading.ended.cancel();
    tokio::spawn(async move {
        timeout(POOL_CLOSE_TIMEOUT, async { join!(leading.pool.close(), leading.reserve.close()) }).await.ok()
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
    let set = format!("set session innodb_lock_wait_timeout = {LOCK_WAIT}, session tx_isolation = 'READ-COMMITTED'");
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

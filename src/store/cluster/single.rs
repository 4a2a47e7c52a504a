//! Liveness check of a single server. It is always the leader, but it may freeze, and requests to a frozen server would
//! wait indefinitely. So it is polled every second. When it does not respond, all work in progress ends, as with a lost
//! leader.

use super::{Cluster, LeaderPool, PoolRole, RESERVED_CONNECTIONS, end, pool};
use sqlx::{Connection, MySqlConnection, mysql::MySqlConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Time without a response after which the server counts as frozen.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(6);

impl Cluster {
    /// Polls the single server for as long as the task is alive.
    pub fn watch_single(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        // The task holds a weak reference, so that it ends with the store and does not keep it alive.
        let cluster = Arc::downgrade(self);
        tasks.spawn(async move {
            let (mut connection, mut silent) = (None, false);
            while let Some(cluster) = cluster.upgrade() {
                let Some(options) = cluster.endpoints.first().map(|endpoint| endpoint.options.clone()) else { return };
                let answered = timeout(SILENCE_TIMEOUT, ping(connection.take(), options)).await;
                // A refusal is a response; connections to such a server fail on their own.
                if answered.is_err() && !silent {
                    cluster.replace_pools();
                }
                silent = answered.is_err();
                connection = answered.ok().and_then(Result::ok);
                drop(cluster);
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        });
        tasks
    }

    /// Drops every connection and ends all work that waits for one.
    fn replace_pools(&self) {
        let Some(before) = self.current_leader() else { return };
        tracing::warn!(server = self.endpoints[before.node].label, "database.silent");
        let options = || self.endpoints[before.node].options.clone();
        let reserve = pool(options(), RESERVED_CONNECTIONS, PoolRole::Single);
        let pool = pool(options(), self.max_connections, PoolRole::Single);
        let ended = CancellationToken::new();
        let next = LeaderPool { generation: before.generation + 1, pool, reserve, ended, ..before.clone() };
        self.leader.send_replace(Some(next));
        end(before);
    }
}

async fn ping(open: Option<MySqlConnection>, options: MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    let mut open = match open {
        Some(open) => open,
        None => MySqlConnection::connect_with(&options).await?,
    };
    open.ping().await?;
    Ok(open)
}

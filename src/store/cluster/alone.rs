//! A single server leads by definition, but it may freeze, and what waits for a frozen server waits for ever. So it is
//! asked once a second whether it is there; when it is not, what is under way ends as it does with a lost leader.

use super::{Cluster, Leading, PoolRole, RESERVED_CONNECTIONS, end, pool};
use sqlx::{Connection, MySqlConnection, mysql::MySqlConnectOptions};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// Pause between two questions.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// From when on no answer is taken for none.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(6);

impl Cluster {
    /// Asks the single server for as long as the task lives.
    pub fn watch_alone(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        // A task that ends with the store, and not the other way round.
        let cluster = Arc::downgrade(self);
        tasks.spawn(async move {
            let (mut connection, mut silent) = (None, false);
            while let Some(cluster) = cluster.upgrade() {
                let Some(options) = cluster.endpoints.first().map(|endpoint| endpoint.options.clone()) else { return };
                let answered = timeout(SILENCE_TIMEOUT, ask(connection.take(), options)).await;
                // One that refuses answers; connections to it fail by themselves.
                if answered.is_err() && !silent {
                    cluster.begin_again();
                }
                silent = answered.is_err();
                connection = answered.ok().and_then(Result::ok);
                drop(cluster);
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        });
        tasks
    }

    /// Gives up every connection and whatever waits on one.
    fn begin_again(&self) {
        let Some(before) = self.leading() else { return };
        tracing::warn!(server = self.endpoints[before.node].label, "database.silent");
        let options = || self.endpoints[before.node].options.clone();
        let reserve = pool(options(), RESERVED_CONNECTIONS, PoolRole::Single);
        let pool = pool(options(), self.max_connections, PoolRole::Single);
        let ended = CancellationToken::new();
        let next = Leading { generation: before.generation + 1, pool, reserve, ended, ..before.clone() };
        self.leading.send_replace(Some(next));
        end(before);
    }
}

async fn ask(open: Option<MySqlConnection>, options: MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    let mut open = match open {
        Some(open) => open,
        None => MySqlConnection::connect_with(&options).await?,
    };
    open.ping().await?;
    Ok(open)
}

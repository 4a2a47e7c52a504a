//! The status that one server reports: whether it accepts writes, and whether a second server confirms them.

use crate::store::endpoint::Endpoint;
use sqlx::{ConnectOptions, Connection, MySqlConnection, Row, mysql::MySqlRow};
use std::time::Duration;
use tokio::time::timeout;

/// Timeout of a status query: a frozen server never responds.
const SERVER_TIMEOUT: Duration = Duration::from_millis(500);

/// The last known status of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerStatus {
    /// Its `server_id`.
    pub server: i64,
    /// It is read-only: a replica, or a retired leader.
    pub read_only: bool,
    /// Semi-synchronous replication is active: the server waits for a replica before it acknowledges a commit, and has
    /// not fallen back to asynchronous replication.
    pub semi_sync: bool,
    /// Number of replicas that confirm.
    pub confirming: u32,
    /// It waits before other connections can see the commit. Otherwise a retry could be acknowledged without any
    /// replica.
    pub after_sync: bool,
    /// Newest heartbeat of a process of the portal that it has, in microseconds since 1970. It shows how far behind a
    /// replica is.
    pub newest_heartbeat_us: Option<i64>,
}

impl ServerStatus {
    /// Whether a commit that it acknowledges is also on a second server.
    #[must_use]
    pub fn replicates(&self) -> bool {
        self.semi_sync && self.after_sync && self.confirming > 0
    }
}

/// Why a server reports nothing.
#[derive(Clone, Debug)]
pub(super) struct PollError {
    pub reason: String,
    /// It is reachable but did not respond in time.
    pub may_be_slow: bool,
}

/// Polls one server over a connection that it keeps open.
pub(super) struct Poller {
    endpoint: Endpoint,
    connection: Option<MySqlConnection>,
}

impl Poller {
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, connection: None }
    }

    /// Returns the current status of the server, or the reason if it does not respond in time.
    pub async fn poll(&mut self, with_heartbeat: bool) -> Result<ServerStatus, PollError> {
        let mut connection = self.connection.take();
        let polled = timeout(SERVER_TIMEOUT, async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => self.endpoint.options.connect().await?,
            };
            let status = query_status(&mut open, with_heartbeat).await?;
            Ok::<_, sqlx::Error>((open, status))
        });
        match polled.await {
            Ok(Ok((open, status))) => {
                self.connection = Some(open);
                Ok(status)
            }
            // For example: too many connections.
            Ok(Err(error @ sqlx::Error::Database(_))) => {
                Err(PollError { reason: error.to_string(), may_be_slow: true })
            }
            Ok(Err(error)) => Err(PollError { reason: error.to_string(), may_be_slow: false }),
            Err(_) => Err(PollError {
                reason: format!("no answer within {} ms", SERVER_TIMEOUT.as_millis()),
                may_be_slow: true,
            }),
        }
    }
}

/// Queries the status within a transaction, so that a proxy sends all queries to the same server.
pub(super) async fn query_status(
    connection: &mut MySqlConnection,
    with_heartbeat: bool,
) -> Result<ServerStatus, sqlx::Error> {
    let mut tx = connection.begin().await?;
    let row = sqlx::query(
        "select cast(@@global.server_id as signed) as server, cast(@@global.read_only as signed) as read_only,
                cast(@@global.rpl_semi_sync_master_wait_point as char) as wait_point",
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut status = ServerStatus {
        server: row.try_get("server")?,
        read_only: row.try_get::<i64, _>("read_only")? != 0,
        after_sync: row.try_get::<String, _>("wait_point")? == "AFTER_SYNC",
        ..ServerStatus::default()
    };
    for row in sqlx::raw_sql("show global status like 'Rpl\\_semi\\_sync\\_master\\_%s'").fetch_all(&mut *tx).await? {
        let (name, value) = named(&row)?;
        match name.to_ascii_lowercase().as_str() {
            "rpl_semi_sync_master_status" => status.semi_sync = value == "ON",
            "rpl_semi_sync_master_clients" => status.confirming = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    if with_heartbeat {
        // There is no heartbeat before the schema exists.
        status.newest_heartbeat_us = crate::store::process::newest_heartbeat_us(&mut tx).await.ok().flatten();
    }
    tx.rollback().await?;
    Ok(status)
}

fn named(row: &MySqlRow) -> Result<(String, String), sqlx::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Whether the server of a connection still waits for a replica before it acknowledges. Queried after a commit, this
/// shows whether that commit was confirmed: the server stops waiting at the very commit that nobody confirmed, and
/// resumes only when a replica has caught up with it.
pub(in crate::store) async fn still_replicates(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::raw_sql("show global status like 'Rpl\\_semi\\_sync\\_master\\_status'")
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(false), |row| Ok(named(&row)?.1 == "ON"))
}

//! The registry of the portal's processes. All instants are the database's, so that machines with different clocks
//! agree on which processes are dead.

use super::{StoreError, row::inconsistent};
use crate::domain::slugs::slugs;
use sqlx::MySqlConnection;
use uuid::Uuid;

slugs! {
    /// State of a process.
    #[derive(serde::Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ProcessState {
        /// It has started and does not accept requests yet.
        Starting = "starting",
        /// It accepts requests.
        Ready = "ready",
        /// It must not receive new requests.
        Draining = "draining",
    }
}

impl ProcessState {
    fn read(slug: &str) -> Result<Self, StoreError> {
        slug.parse().map_err(|()| inconsistent("process", "state"))
    }
}

/// What a process reports when it starts.
#[derive(Clone, Debug)]
pub struct ProcessRegistration {
    /// Id, unique for this start.
    pub id: Uuid,
    /// Name, stable over restarts.
    pub name: String,
    pub host: String,
    /// Where the proxy reaches it: `address:port` or `unix:/path`.
    pub address: String,
    /// Address of its readiness endpoint.
    pub ops_address: String,
    /// Version of the program.
    pub build: String,
}

#[derive(Clone, Debug)]
pub struct Process {
    /// What it reported when it started.
    pub registration: ProcessRegistration,
    pub state: ProcessState,
    /// Age of its last heartbeat in milliseconds.
    pub silent_ms: u64,
}

#[derive(sqlx::FromRow)]
struct ProcessRow {
    process_id: Uuid,
    name: String,
    host: String,
    address: String,
    ops_address: String,
    build: String,
    state: String,
    silent_ms: i64,
}

impl ProcessRow {
    fn read(self) -> Result<Process, StoreError> {
        Ok(Process {
            state: ProcessState::read(&self.state)?,
            silent_ms: u64::try_from(self.silent_ms).unwrap_or(0),
            registration: ProcessRegistration {
                id: self.process_id,
                name: self.name,
                host: self.host,
                address: self.address,
                ops_address: self.ops_address,
                build: self.build,
            },
        })
    }
}

/// Registers a starting process and replaces any other at its address: that one has ended, since otherwise the address
/// could not have been bound.
pub async fn register(db: &mut MySqlConnection, process: &ProcessRegistration) -> Result<(), StoreError> {
    sqlx::query("delete from process where address = ? and host = ? and process_id <> ?")
        .bind(&process.address)
        .bind(&process.host)
        .bind(process.id)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "insert into process
            (process_id, name, host, address, ops_address, build, state, started_at, heartbeat_at)
         values (?, ?, ?, ?, ?, ?, 'starting', utc_timestamp(6), utc_timestamp(6))
         on duplicate key update heartbeat_at = utc_timestamp(6)",
    )
    .bind(process.id)
    .bind(&process.name)
    .bind(&process.host)
    .bind(&process.address)
    .bind(&process.ops_address)
    .bind(&process.build)
    .execute(db)
    .await?;
    Ok(())
}

/// Records a heartbeat and returns the state of the process; `None` if it is not registered (any more).
pub async fn beat(db: &mut MySqlConnection, id: Uuid) -> Result<Option<ProcessState>, StoreError> {
    sqlx::query("update process set heartbeat_at = utc_timestamp(6) where process_id = ?")
        .bind(id)
        .execute(&mut *db)
        .await?;
    let state: Option<String> =
        sqlx::query_scalar("select state from process where process_id = ?").bind(id).fetch_optional(db).await?;
    state.map(|state| ProcessState::read(&state)).transpose()
}

/// Marks a starting process as ready. A draining process keeps draining.
pub async fn ready(db: &mut MySqlConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query("update process set state = 'ready', heartbeat_at = utc_timestamp(6) where process_id = ? and state = 'starting'")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Marks a process as draining; returns false if it is not registered.
pub async fn drain(db: &mut MySqlConnection, id: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query("update process set state = 'draining' where process_id = ?").bind(id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Removes a process that has ended.
pub async fn forget(db: &mut MySqlConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query("delete from process where process_id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Removes processes whose last heartbeat is long ago.
pub async fn forget_silent(db: &mut MySqlConnection, seconds: u32) -> Result<(), StoreError> {
    sqlx::query("delete from process where heartbeat_at < utc_timestamp(6) - interval ? second")
        .bind(seconds)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns all processes, by name.
pub async fn all(db: &mut MySqlConnection) -> Result<Vec<Process>, StoreError> {
    let rows: Vec<ProcessRow> = sqlx::query_as(
        "select process_id, name, host, address, ops_address, build, state,
                cast(timestampdiff(microsecond, heartbeat_at, utc_timestamp(6)) div 1000 as signed) as silent_ms
         from process order by name, started_at, process_id",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(ProcessRow::read).collect()
}

/// Returns the newest heartbeat that a server has, in microseconds since 1970 by the leader's clock. Comparing it
/// between servers shows their lag, without any privilege and independent of their clocks.
pub async fn newest_heartbeat_us(db: &mut MySqlConnection) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "select cast(timestampdiff(microsecond, '1970-01-01', max(heartbeat_at)) as signed) from process",
    )
    .fetch_one(db)
    .await?)
}

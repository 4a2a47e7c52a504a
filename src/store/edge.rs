//! Leases of edges on Sōzu instances, and the processes that each instance routes to. An edge is one controller
//! process; it is the `holder` of a lease. `sozu_name` (column `edge_name`) is the Sōzu that several edges may compete
//! for.
//!
//! A lease has a lifetime and an epoch that increases with every change of holder. A controller that resumes after its
//! lease has expired finds a higher epoch.

use super::StoreError;
use sqlx::MySqlConnection;
use uuid::Uuid;

/// The lease on one Sōzu instance.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LeaseRow {
    /// The current or last holder.
    pub holder: Uuid,
    /// Increases with every change of holder.
    pub epoch: u64,
    /// Operator page of the holder.
    pub ops_address: String,
    /// Whether the lease is still valid.
    pub valid: bool,
}

/// Acquires or renews the lease on a Sōzu instance, and returns the current lease. Must run in a transaction.
pub async fn acquire_or_renew(
    db: &mut MySqlConnection,
    sozu_name: &str,
    holder: Uuid,
    ops_address: &str,
    seconds: u32,
) -> Result<LeaseRow, StoreError> {
    sqlx::query(
        "insert ignore into edge (edge_name, holder, epoch, ops_address, expires_at)
         values (?, ?, 0, ?, utc_timestamp(6) - interval 1 second)",
    )
    .bind(sozu_name)
    .bind(holder)
    .bind(ops_address)
    .execute(&mut *db)
    .await?;
    let seen = read(&mut *db, sozu_name, true).await?;
    let epoch = match &seen {
        LeaseRow { holder: other, valid: true, .. } if *other != holder => return Ok(seen),
        LeaseRow { valid: true, epoch, .. } => *epoch,
        LeaseRow { epoch, .. } => epoch + 1,
    };
    sqlx::query(
        "update edge set holder = ?, epoch = ?, ops_address = ?,
                expires_at = utc_timestamp(6) + interval ? second where edge_name = ?",
    )
    .bind(holder)
    .bind(epoch)
    .bind(ops_address)
    .bind(seconds)
    .bind(sozu_name)
    .execute(db)
    .await?;
    Ok(LeaseRow { holder, epoch, ops_address: ops_address.into(), valid: true })
}

async fn read(db: &mut MySqlConnection, sozu_name: &str, lock: bool) -> Result<LeaseRow, StoreError> {
    let statement = if lock {
        "select holder, epoch, ops_address, expires_at > utc_timestamp(6) as valid from edge where edge_name = ? for update"
    } else {
        "select holder, epoch, ops_address, expires_at > utc_timestamp(6) as valid from edge where edge_name = ?"
    };
    Ok(sqlx::query_as(statement).bind(sozu_name).fetch_one(db).await?)
}

/// Releases the lease, so that the next holder need not wait for it to expire.
pub async fn release(db: &mut MySqlConnection, sozu_name: &str, holder: Uuid) -> Result<(), StoreError> {
    sqlx::query("update edge set expires_at = utc_timestamp(6) where edge_name = ? and holder = ?")
        .bind(sozu_name)
        .bind(holder)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the names of the Sōzu instances that have a valid lease.
pub async fn leased_sozu_names(db: &mut MySqlConnection) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar("select edge_name from edge where expires_at > utc_timestamp(6) order by edge_name")
        .fetch_all(db)
        .await?)
}

/// A process that an edge routes to, or is about to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Claim {
    /// The Sōzu instance.
    #[sqlx(rename = "edge_name")]
    pub sozu_name: String,
    pub process_id: Uuid,
    /// Whether every worker has been observed to know it.
    pub verified: bool,
}

/// Records, before the proxy is configured, that requests are about to be routed to a process.
pub async fn claim(db: &mut MySqlConnection, sozu_name: &str, process: Uuid) -> Result<(), StoreError> {
    sqlx::query("insert ignore into edge_process (edge_name, process_id, claimed_at) values (?, ?, utc_timestamp(6))")
        .bind(sozu_name)
        .bind(process)
        .execute(db)
        .await?;
    Ok(())
}

/// Records that every worker of the proxy routes to a process.
pub async fn mark_verified(db: &mut MySqlConnection, sozu_name: &str, process: Uuid) -> Result<(), StoreError> {
    sqlx::query("update edge_process set verified_at = coalesce(verified_at, utc_timestamp(6)) where edge_name = ? and process_id = ?")
        .bind(sozu_name)
        .bind(process)
        .execute(db)
        .await?;
    Ok(())
}

/// Records that no worker of the proxy knows a process any more.
pub async fn release_claim(db: &mut MySqlConnection, sozu_name: &str, process: Uuid) -> Result<(), StoreError> {
    sqlx::query("delete from edge_process where edge_name = ? and process_id = ?")
        .bind(sozu_name)
        .bind(process)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the claims of edges with a valid lease. The claims of a dead edge are ignored.
pub async fn load_claims(db: &mut MySqlConnection) -> Result<Vec<Claim>, StoreError> {
    Ok(sqlx::query_as(
        "select edge_name, process_id, verified_at is not null as verified
         from edge_process join edge using (edge_name) where expires_at > utc_timestamp(6)
         order by edge_name, process_id",
    )
    .fetch_all(db)
    .await?)
}

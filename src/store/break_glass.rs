//! Break-glass access: one member of the service requests access to one dossier, and another allows it for one hour.

use super::{
    StoreError,
    column::{InstantColumn, OptionalInstantColumn},
    row::to_datetime,
};
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

/// A request for access to one dossier.
#[derive(Clone, Debug, FromRow)]
pub struct Request {
    pub id: Uuid,
    /// Number of its current receipt, if any.
    pub receipt: Option<String>,
    /// Account of the requester.
    pub asked_by: AccountId,
    /// Address of the requester.
    pub email: String,
    pub reason: String,
    #[sqlx(try_from = "InstantColumn")]
    pub asked_at: Timestamp,
    /// Address of the person who allowed it.
    pub allowed_by: Option<String>,
    /// Last instant of the access.
    #[sqlx(try_from = "OptionalInstantColumn")]
    pub ends_at: Option<Timestamp>,
}

pub async fn ask(
    db: &mut MySqlConnection,
    id: Uuid,
    dossier: DossierId,
    who: AccountId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into glass (glass_id, dossier_id, asked_by, reason, asked_at) values (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(dossier)
        .bind(who)
        .bind(reason)
        .bind(to_datetime(now))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the latest requests, the newest first.
pub async fn latest(db: &mut MySqlConnection) -> Result<Vec<Request>, StoreError> {
    Ok(sqlx::query_as(
        "select g.glass_id as id, d.deposit_receipt as receipt, g.asked_by, a.email, g.reason,
                g.asked_at, b.email as allowed_by, g.ends_at
         from glass g join account a on a.account_id = g.asked_by join dossier d on d.dossier_id = g.dossier_id
         left join account b on b.account_id = g.allowed_by order by g.asked_at desc limit 50",
    )
    .fetch_all(db)
    .await?)
}

/// Allows another person's request that is pending and not too old; returns the dossier if there was one.
pub async fn allow(
    db: &mut MySqlConnection,
    id: Uuid,
    who: AccountId,
    now: Timestamp,
    asked_since: Timestamp,
    ends: Timestamp,
) -> Result<Option<DossierId>, StoreError> {
    let done = sqlx::query(
        "update glass set allowed_by = ?, allowed_at = ?, ends_at = ?
         where glass_id = ? and allowed_by is null and asked_by <> ? and asked_at > ?",
    )
    .bind(who)
    .bind(to_datetime(now))
    .bind(to_datetime(ends))
    .bind(id)
    .bind(who)
    .bind(to_datetime(asked_since))
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select dossier_id from glass where glass_id = ?").bind(id).fetch_optional(db).await?)
}

/// Returns the dossier of a receipt, so that access can be requested without reading it.
pub async fn dossier_of(db: &mut MySqlConnection, receipt: &str) -> Result<Option<DossierId>, StoreError> {
    Ok(sqlx::query_scalar("select dossier_id from deposit where receipt_number = ?")
        .bind(receipt)
        .fetch_optional(db)
        .await?)
}

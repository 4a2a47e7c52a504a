//! Sign-in links: single use, stored only as digests.

use super::{StoreError, row::to_datetime};
use crate::domain::ids::SessionId;
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};

/// Inserts a sign-in link. The secret itself is never stored.
pub async fn insert(
    db: &mut MySqlConnection,
    hash: &[u8],
    email: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into login_link (link_hash, email, created_at, expires_at) values (?, ?, ?, ?)")
        .bind(hash)
        .bind(email)
        .bind(to_datetime(now))
        .bind(to_datetime(expires))
        .execute(db)
        .await?;
    Ok(())
}

/// Serialises requests of links to the same address until the transaction ends, so that they are counted correctly.
/// Several addresses share a lock row; no address is stored in it.
pub async fn take_turn(db: &mut MySqlConnection, email: &str) -> Result<(), StoreError> {
    sqlx::query("select turn from login_turn where turn = crc32(?) % 64 for update").bind(email).fetch_all(db).await?;
    Ok(())
}

/// Returns how many links an address requested since an instant.
pub async fn asked_since(db: &mut MySqlConnection, email: &str, since: Timestamp) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select count(*) from login_link where email = ? and created_at > ?")
        .bind(email)
        .bind(to_datetime(since))
        .fetch_one(db)
        .await?)
}

/// A link as stored.
#[derive(Clone, Debug, FromRow)]
pub struct Link {
    pub email: String,
    /// It was not used and has not expired.
    pub valid: bool,
    /// The session that it opened.
    #[sqlx(rename = "session_id")]
    pub session: Option<SessionId>,
}

/// Returns a link without consuming it.
pub async fn find(db: &mut MySqlConnection, hash: &[u8], now: Timestamp) -> Result<Option<Link>, StoreError> {
    Ok(sqlx::query_as(
        "select email, used_at is null and expires_at > ? as valid, session_id from login_link where link_hash = ?",
    )
    .bind(to_datetime(now))
    .bind(hash)
    .fetch_optional(db)
    .await?)
}

/// Consumes a link for a session, and returns its address if it existed, was unused and had not expired.
pub async fn consume(
    db: &mut MySqlConnection,
    hash: &[u8],
    session: SessionId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let done = sqlx::query(
        "update login_link set used_at = ?, session_id = ? where link_hash = ? and used_at is null and expires_at > ?",
    )
    .bind(to_datetime(now))
    .bind(session)
    .bind(hash)
    .bind(to_datetime(now))
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select email from login_link where link_hash = ?").bind(hash).fetch_optional(db).await?)
}

/// Removes some of the links that expired before an instant, used or not, and returns how many.
pub async fn sweep(db: &mut MySqlConnection, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from login_link where expires_at < ? order by expires_at limit ?")
        .bind(to_datetime(before))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

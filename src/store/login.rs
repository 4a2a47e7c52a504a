//! Sign-in links: single use, and only their digests are kept.

use super::{StoreError, row::instant};
use jiff::Timestamp;
use sqlx::MySqlConnection;

/// Records a sign-in link; the secret itself is never stored.
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
        .bind(instant(now))
        .bind(instant(expires))
        .execute(db)
        .await?;
    Ok(())
}

/// Waits for whoever else asks for a link to the same address until the transaction ends, so that links are counted one
/// after the other. Some addresses share a turn; none is written down here.
pub async fn take_turn(db: &mut MySqlConnection, email: &str) -> Result<(), StoreError> {
    sqlx::query("select turn from login_turn where turn = crc32(?) % 64 for update").bind(email).fetch_all(db).await?;
    Ok(())
}

/// How many links an address asked for since an instant.
pub async fn asked_since(db: &mut MySqlConnection, email: &str, since: Timestamp) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select count(*) from login_link where email = ? and created_at > ?")
        .bind(email)
        .bind(instant(since))
        .fetch_one(db)
        .await?)
}

/// The address of a link that holds; looking does not use it up.
pub async fn address(db: &mut MySqlConnection, hash: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("select email from login_link where link_hash = ? and used_at is null and expires_at > ?")
        .bind(hash)
        .bind(instant(now))
        .fetch_optional(db)
        .await?)
}

/// Uses a link up: the address, if it was there, unused and not too old.
pub async fn consume(db: &mut MySqlConnection, hash: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> {
    let done =
        sqlx::query("update login_link set used_at = ? where link_hash = ? and used_at is null and expires_at > ?")
            .bind(instant(now))
            .bind(hash)
            .bind(instant(now))
            .execute(&mut *db)
            .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select email from login_link where link_hash = ?").bind(hash).fetch_optional(db).await?)
}

/// Forgets some of the links that ended before an instant, used or not, and tells how many.
pub async fn sweep(db: &mut MySqlConnection, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from login_link where expires_at < ? order by expires_at limit ?")
        .bind(instant(before))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

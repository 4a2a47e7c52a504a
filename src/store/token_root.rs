//! Public keys of the token roots, and when they begin to sign.

use super::{
    StoreError,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::auth::{RootKind, RootRecord};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

#[derive(FromRow)]
struct TokenRootRow {
    kid: u32,
    kind: String,
    public_key: String,
    signs_at: PrimitiveDateTime,
    dropped_at: Option<PrimitiveDateTime>,
}

/// Returns all roots, including dropped ones.
pub async fn all(db: &mut MySqlConnection) -> Result<Vec<RootRecord>, StoreError> {
    let rows: Vec<TokenRootRow> =
        sqlx::query_as("select kid, kind, public_key, signs_at, dropped_at from token_root order by kid")
            .fetch_all(db)
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RootRecord {
                kid: row.kid,
                kind: row.kind.parse().map_err(|()| inconsistent("token_root", "kind"))?,
                public_key: row.public_key,
                signs_at: from_datetime(row.signs_at),
                dropped_at: row.dropped_at.map(from_datetime),
            })
        })
        .collect()
}

/// Inserts a root, unless it exists.
pub async fn insert(db: &mut MySqlConnection, root: &RootRecord, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("insert ignore into token_root (kid, kind, public_key, published_at, signs_at) values (?, ?, ?, ?, ?)")
        .bind(root.kid)
        .bind(root.kind.slug())
        .bind(&root.public_key)
        .bind(to_datetime(now))
        .bind(to_datetime(root.signs_at))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the next unused number, locked until the transaction ends.
pub async fn next(db: &mut MySqlConnection) -> Result<u32, StoreError> {
    let last: Option<u32> = sqlx::query_scalar("select max(kid) from token_root for update").fetch_one(db).await?;
    Ok(last.unwrap_or(0) + 1)
}

/// Drops a root and returns its kind; `None` if it does not exist.
pub async fn drop(db: &mut MySqlConnection, kid: u32, now: Timestamp) -> Result<Option<RootKind>, StoreError> {
    let done = sqlx::query("update token_root set dropped_at = ? where kid = ? and dropped_at is null")
        .bind(to_datetime(now))
        .bind(kid)
        .execute(&mut *db)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let kind: String = sqlx::query_scalar("select kind from token_root where kid = ?").bind(kid).fetch_one(db).await?;
    kind.parse().map(Some).map_err(|()| inconsistent("token_root", "kind"))
}

//! Attenuated tokens that were used, block by block.

use super::{
    StoreError,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::ids::AccountId;
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// Maximum number of attenuated tokens stored per token, besides the revoked ones.
const MAX_KEPT: i64 = 100;
/// Maximum number of attenuated tokens per token that its owner is shown.
const MAX_SHOWN: i64 = 20;

/// An attenuated token that was used.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// First half of the revocation id of the block: enough to identify it.
    pub revocation_id: [u8; 32],
    /// The token that it was derived from.
    pub token: Uuid,
    /// The checks that its holder has added, as Datalog.
    pub checks: String,
    /// Its position after the portal's own block: 1 for the first appended block.
    pub depth: u8,
    /// Number of attenuated tokens of the token, including those that are not shown.
    pub of_token: i64,
    /// Last use, accurate to a minute.
    pub last_used_at: Timestamp,
    /// Whether its owner has revoked it.
    pub revoked: bool,
}

/// Records the use of a token and of the chain of appended blocks, in their order. Each block can be revoked, which
/// also revokes all blocks after it. Returns which blocks are new, and how many the token has had so far. Holders can
/// create any number, so the oldest are removed, except revoked ones.
pub async fn used(
    db: &mut MySqlConnection,
    id: Uuid,
    chain: &[([u8; 32], String)],
    now: Timestamp,
) -> Result<(Vec<[u8; 32]>, u32), StoreError> {
    sqlx::query("update api_token set last_used_at = ? where token_id = ?")
        .bind(to_datetime(now))
        .bind(id)
        .execute(&mut *db)
        .await?;
    let mut new = Vec::new();
    for (depth, (revocation_id, checks)) in (1_u8..).zip(chain) {
        let known = sqlx::query("update narrowed_token set last_used_at = ? where revocation_id = ?")
            .bind(to_datetime(now))
            .bind(revocation_id.as_slice())
            .execute(&mut *db)
            .await?;
        if known.rows_affected() > 0 {
            continue;
        }
        sqlx::query(
            "insert into narrowed_token (revocation_id, token_id, checks, depth, first_used_at, last_used_at)
             values (?, ?, ?, ?, ?, ?)",
        )
        .bind(revocation_id.as_slice())
        .bind(id)
        .bind(checks)
        .bind(depth)
        .bind(to_datetime(now))
        .bind(to_datetime(now))
        .execute(&mut *db)
        .await?;
        new.push(*revocation_id);
    }
    if new.is_empty() {
        return Ok((new, 0));
    }
    sqlx::query("update api_token set narrowed_seen = narrowed_seen + ? where token_id = ?")
        .bind(u32::try_from(new.len()).unwrap_or(u32::MAX))
        .bind(id)
        .execute(&mut *db)
        .await?;
    forget_old(db, id).await?;
    let seen =
        sqlx::query_scalar("select narrowed_seen from api_token where token_id = ?").bind(id).fetch_one(db).await?;
    Ok((new, seen))
}

/// Removes the least recently used attenuated tokens beyond [`MAX_KEPT`]; in one chain, later blocks first.
async fn forget_old(db: &mut MySqlConnection, id: Uuid) -> Result<(), StoreError> {
    let kept: i64 = sqlx::query_scalar("select count(*) from narrowed_token where token_id = ? and revoked_at is null")
        .bind(id)
        .fetch_one(&mut *db)
        .await?;
    if kept > MAX_KEPT {
        sqlx::query(
            "delete from narrowed_token where token_id = ? and revoked_at is null
             order by last_used_at, depth desc limit ?",
        )
        .bind(id)
        .bind(kept - MAX_KEPT)
        .execute(db)
        .await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct NarrowedRow {
    revocation_id: Vec<u8>,
    token_id: Uuid,
    checks: String,
    depth: u8,
    of_token: i64,
    last_used_at: PrimitiveDateTime,
    revoked: bool,
}

/// Returns the attenuated tokens of an account that were used, the last used first, at most 20 per token.
pub async fn of_account(db: &mut MySqlConnection, account: AccountId) -> Result<Vec<Narrowed>, StoreError> {
    let rows: Vec<NarrowedRow> = sqlx::query_as(
        "select revocation_id, token_id, checks, depth, of_token, last_used_at, revoked from (
             select n.revocation_id, n.token_id, n.checks, n.depth, n.last_used_at,
                    n.revoked_at is not null as revoked,
                    count(*) over (partition by n.token_id) as of_token,
                    row_number() over (partition by n.token_id order by n.last_used_at desc, n.depth) as place
             from narrowed_token n join api_token t on t.token_id = n.token_id
             where t.account_id = ? and t.revoked_at is null
         ) narrowed where place <= ? order by last_used_at desc, depth",
    )
    .bind(account)
    .bind(MAX_SHOWN)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.revocation_id.try_into().map_err(|_| inconsistent("narrowed_token", "revocation_id"))?;
            Ok(Narrowed {
                revocation_id: id,
                token: row.token_id,
                checks: row.checks,
                depth: row.depth,
                of_token: row.of_token,
                last_used_at: from_datetime(row.last_used_at),
                revoked: row.revoked,
            })
        })
        .collect()
}

/// Revokes an attenuated token of an account; returns false if it has no such token.
pub async fn revoke(
    db: &mut MySqlConnection,
    account: AccountId,
    revocation_id: &[u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update narrowed_token n join api_token t on t.token_id = n.token_id set n.revoked_at = ?
         where n.revocation_id = ? and t.account_id = ? and n.revoked_at is null",
    )
    .bind(to_datetime(now))
    .bind(revocation_id.as_slice())
    .bind(account)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether an attenuated token of an account has been revoked.
pub async fn is_revoked(
    db: &mut MySqlConnection,
    account: AccountId,
    revocation_id: &[u8; 32],
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists(select 1 from narrowed_token n join api_token t on t.token_id = n.token_id
                       where n.revocation_id = ? and t.account_id = ? and n.revoked_at is not null)",
    )
    .bind(revocation_id.as_slice())
    .bind(account)
    .fetch_one(db)
    .await?)
}

//! API tokens, and those that their holders have narrowed and used.

use super::{
    StoreError,
    account::{Account, AccountRow, account_columns},
    row::{impossible, instant, timestamp},
};
use crate::domain::{access::Action, ids::AccountId};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// A token in somebody's list; the token itself is not kept.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// What its owner calls it.
    pub label: String,
    /// What it can be used for.
    pub actions: Vec<Action>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used last, within a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token that its holder has narrowed, as it was used.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// First half of the revocation id of its last block: enough to tell it apart.
    pub revocation_id: [u8; 32],
    /// The token that it was made from.
    pub token: Uuid,
    /// What its holder has added, as Datalog.
    pub checks: String,
    /// When it was used first.
    pub first_used_at: Timestamp,
    /// When it was used last, within a minute.
    pub last_used_at: Timestamp,
    /// Whether its owner has revoked it.
    pub revoked: bool,
}

/// Records a token.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    account: AccountId,
    label: &str,
    actions: &[Action],
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    let actions: Vec<&str> = actions.iter().map(|action| action.slug()).collect();
    sqlx::query(
        "insert into api_token (token_id, account_id, label, actions, created_at, expires_at) values (?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(account.0)
    .bind(label)
    .bind(actions.join(","))
    .bind(instant(now))
    .bind(instant(expires))
    .execute(db)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct LiveRow {
    #[sqlx(flatten)]
    account: AccountRow,
}

/// The account of a token that has not been revoked, nor any of the narrowed ones that it was made into.
///
/// # Errors
/// When the database fails.
pub async fn live(db: &mut MySqlConnection, id: Uuid, narrowed: &[[u8; 32]]) -> Result<Option<Account>, StoreError> {
    let row: Option<LiveRow> = sqlx::query_as(concat!(
        "select ",
        account_columns!(),
        " from api_token t join account a on a.account_id = t.account_id where t.token_id = ? and t.revoked_at is null"
    ))
    .bind(id)
    .fetch_optional(&mut *db)
    .await?;
    for id in narrowed {
        let revoked: i64 = sqlx::query_scalar(
            "select count(*) from narrowed_token where revocation_id = ? and revoked_at is not null",
        )
        .bind(id.as_slice())
        .fetch_one(&mut *db)
        .await?;
        if revoked > 0 {
            return Ok(None);
        }
    }
    row.map(|row| row.account.try_into()).transpose()
}

/// Notes that a token is used, and which narrowed one of it; when that one is new, tells how many of the token there are.
///
/// # Errors
/// When the database fails.
pub async fn used(
    db: &mut MySqlConnection,
    id: Uuid,
    narrowed: Option<(&[u8; 32], &str)>,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    sqlx::query("update api_token set last_used_at = ? where token_id = ?")
        .bind(instant(now))
        .bind(id)
        .execute(&mut *db)
        .await?;
    let Some((revocation_id, checks)) = narrowed else { return Ok(None) };
    let known = sqlx::query("update narrowed_token set last_used_at = ? where revocation_id = ?")
        .bind(instant(now))
        .bind(revocation_id.as_slice())
        .execute(&mut *db)
        .await?;
    if known.rows_affected() > 0 {
        return Ok(None);
    }
    sqlx::query(
        "insert into narrowed_token (revocation_id, token_id, checks, first_used_at, last_used_at) values (?, ?, ?, ?, ?)",
    )
    .bind(revocation_id.as_slice())
    .bind(id)
    .bind(checks)
    .bind(instant(now))
    .bind(instant(now))
    .execute(&mut *db)
    .await?;
    let all =
        sqlx::query_scalar("select count(*) from narrowed_token where token_id = ?").bind(id).fetch_one(db).await?;
    Ok(Some(all))
}

#[derive(FromRow)]
struct ListedRow {
    token_id: Uuid,
    label: String,
    actions: String,
    created_at: PrimitiveDateTime,
    expires_at: PrimitiveDateTime,
    last_used_at: Option<PrimitiveDateTime>,
}

/// The tokens of somebody that hold, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_account(
    db: &mut MySqlConnection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "select token_id, label, actions, created_at, expires_at, last_used_at from api_token
         where account_id = ? and revoked_at is null and expires_at > ? order by created_at desc",
    )
    .bind(account.0)
    .bind(instant(now))
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let words = row.actions.split(',').filter(|word| !word.is_empty());
            let actions: Result<Vec<Action>, ()> = words.map(str::parse).collect();
            Ok(Listed {
                id: row.token_id,
                label: row.label,
                actions: actions.map_err(|()| impossible("api_token", "actions"))?,
                created_at: timestamp(row.created_at),
                expires_at: timestamp(row.expires_at),
                last_used_at: row.last_used_at.map(timestamp),
            })
        })
        .collect()
}

#[derive(FromRow)]
struct NarrowedRow {
    revocation_id: Vec<u8>,
    token_id: Uuid,
    checks: String,
    first_used_at: PrimitiveDateTime,
    last_used_at: PrimitiveDateTime,
    revoked: bool,
}

/// The narrowed tokens of somebody that were used, the last used first.
///
/// # Errors
/// When the database fails.
pub async fn narrowed_of_account(db: &mut MySqlConnection, account: AccountId) -> Result<Vec<Narrowed>, StoreError> {
    let rows: Vec<NarrowedRow> = sqlx::query_as(
        "select n.revocation_id, n.token_id, n.checks, n.first_used_at, n.last_used_at, n.revoked_at is not null as revoked
         from narrowed_token n join api_token t on t.token_id = n.token_id
         where t.account_id = ? and t.revoked_at is null order by n.last_used_at desc limit 200",
    )
    .bind(account.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.revocation_id.try_into().map_err(|_| impossible("narrowed_token", "revocation_id"))?;
            Ok(Narrowed {
                revocation_id: id,
                token: row.token_id,
                checks: row.checks,
                first_used_at: timestamp(row.first_used_at),
                last_used_at: timestamp(row.last_used_at),
                revoked: row.revoked,
            })
        })
        .collect()
}

/// Revokes a token of somebody; false when there was none such.
///
/// # Errors
/// When the database fails.
pub async fn revoke(
    db: &mut MySqlConnection,
    account: AccountId,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("update api_token set revoked_at = ? where token_id = ? and account_id = ? and revoked_at is null")
            .bind(instant(now))
            .bind(id)
            .bind(account.0)
            .execute(db)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Revokes a narrowed token of somebody; false when there was none such.
///
/// # Errors
/// When the database fails.
pub async fn revoke_narrowed(
    db: &mut MySqlConnection,
    account: AccountId,
    revocation_id: &[u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update narrowed_token n join api_token t on t.token_id = n.token_id set n.revoked_at = ?
         where n.revocation_id = ? and t.account_id = ? and n.revoked_at is null",
    )
    .bind(instant(now))
    .bind(revocation_id.as_slice())
    .bind(account.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Tokens and narrowed ones that are revoked and have not run out by themselves.
///
/// # Errors
/// When the database fails.
pub async fn revoked(db: &mut MySqlConnection, now: Timestamp) -> Result<(Vec<Uuid>, Vec<Vec<u8>>), StoreError> {
    let tokens =
        sqlx::query_scalar("select token_id from api_token where revoked_at is not null and expires_at > ? order by 1")
            .bind(instant(now))
            .fetch_all(&mut *db)
            .await?;
    let blocks = sqlx::query_scalar(
        "select n.revocation_id from narrowed_token n join api_token t on t.token_id = n.token_id
         where n.revoked_at is not null and t.expires_at > ? order by 1",
    )
    .bind(instant(now))
    .fetch_all(db)
    .await?;
    Ok((tokens, blocks))
}

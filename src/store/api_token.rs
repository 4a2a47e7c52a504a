//! API tokens of accounts.

use super::{
    StoreError,
    account::{Account, AccountRow, account_columns},
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{
    access::{Action, Role},
    ids::AccountId,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// A token in its owner's list. The token itself is not stored.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: Uuid,
    /// The owner's name for it.
    pub label: String,
    /// Actions that it permits.
    pub actions: Vec<Action>,
    pub expires_at: Timestamp,
    /// Last use, accurate to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token to be inserted.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    pub id: Uuid,
    /// The owner, with the roles that the token states.
    pub account: &'a Account,
    /// The owner's name for it.
    pub label: &'a str,
    /// Actions that it permits.
    pub actions: &'a [Action],
    /// Expiry.
    pub ends: Timestamp,
}

/// Inserts a token.
///
/// # Errors
/// [`StoreError::Duplicate`] when a token with its id exists.
pub async fn insert(db: &mut MySqlConnection, token: &Making<'_>, now: Timestamp) -> Result<(), StoreError> {
    let actions: Vec<&str> = token.actions.iter().map(|action| action.slug()).collect();
    let roles: Vec<&str> = token.account.roles.iter().map(Role::slug).collect();
    sqlx::query(
        "insert into api_token (token_id, account_id, label, actions, roles, created_at, expires_at)
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(token.id)
    .bind(token.account.id)
    .bind(token.label)
    .bind(actions.join(","))
    .bind(roles.join(","))
    .bind(to_datetime(now))
    .bind(to_datetime(token.ends))
    .execute(db)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct LiveRow {
    #[sqlx(flatten)]
    account: AccountRow,
}

/// Returns the account of a token, if neither the token nor any of the given attenuated tokens is revoked.
pub async fn live(db: &mut MySqlConnection, id: Uuid, narrowed: &[[u8; 32]]) -> Result<Option<Account>, StoreError> {
    let row: Option<LiveRow> = sqlx::query_as(concat!(
        "select ",
        account_columns!(),
        " from api_token t join account a on a.account_id = t.account_id
         where t.token_id = ? and t.revoked_at is null and a.closed_at is null"
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

#[derive(FromRow)]
struct ListedRow {
    token_id: Uuid,
    label: String,
    actions: String,
    expires_at: PrimitiveDateTime,
    last_used_at: Option<PrimitiveDateTime>,
}

/// Returns the valid tokens of an account, the newest first.
pub async fn of_account(
    db: &mut MySqlConnection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "select token_id, label, actions, expires_at, last_used_at from api_token
         where account_id = ? and revoked_at is null and expires_at > ? order by created_at desc",
    )
    .bind(account)
    .bind(to_datetime(now))
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let words = row.actions.split(',').filter(|word| !word.is_empty());
            let actions: Result<Vec<Action>, ()> = words.map(str::parse).collect();
            Ok(Listed {
                id: row.token_id,
                label: row.label,
                actions: actions.map_err(|()| inconsistent("api_token", "actions"))?,
                expires_at: from_datetime(row.expires_at),
                last_used_at: row.last_used_at.map(from_datetime),
            })
        })
        .collect()
}

/// Revokes a token of an account; returns false if it has no such token.
pub async fn revoke(
    db: &mut MySqlConnection,
    account: AccountId,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("update api_token set revoked_at = ? where token_id = ? and account_id = ? and revoked_at is null")
            .bind(to_datetime(now))
            .bind(id)
            .bind(account)
            .execute(db)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Revokes the tokens of an account that state a role, and returns their ids. Tokens of a former release may all state
/// it.
pub async fn revoke_of_role(
    db: &mut MySqlConnection,
    account: AccountId,
    role: Role,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select token_id from api_token where account_id = ? and revoked_at is null and expires_at > ?
         and (roles is null or find_in_set(?, roles)) order by token_id for update",
    )
    .bind(account)
    .bind(to_datetime(now))
    .bind(role.slug())
    .fetch_all(&mut *db)
    .await?;
    for id in &ids {
        revoke(db, account, *id, now).await?;
    }
    Ok(ids)
}

/// Whether a token of an account has been revoked.
pub async fn is_revoked(db: &mut MySqlConnection, account: AccountId, id: Uuid) -> Result<bool, StoreError> {
    let sql = "select exists(select 1 from api_token where token_id = ? and account_id = ? and revoked_at is not null)";
    Ok(sqlx::query_scalar(sql).bind(id).bind(account).fetch_one(db).await?)
}

/// Returns the tokens and attenuated tokens that are revoked and have not expired.
pub async fn revoked(db: &mut MySqlConnection, now: Timestamp) -> Result<(Vec<Uuid>, Vec<Vec<u8>>), StoreError> {
    let tokens =
        sqlx::query_scalar("select token_id from api_token where revoked_at is not null and expires_at > ? order by 1")
            .bind(to_datetime(now))
            .fetch_all(&mut *db)
            .await?;
    let blocks = sqlx::query_scalar(
        "select n.revocation_id from narrowed_token n join api_token t on t.token_id = n.token_id
         where n.revoked_at is not null and t.expires_at > ? order by 1",
    )
    .bind(to_datetime(now))
    .fetch_all(db)
    .await?;
    Ok((tokens, blocks))
}

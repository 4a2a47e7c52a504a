//! People, their sign-in links, their sessions and their API tokens.

use super::{
    StoreError,
    row::{impossible, instant, one_row, timestamp},
};
use crate::domain::{
    access::Role,
    ids::{AccountId, SessionId},
    text::Lang,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Address; the only thing known of everyone.
    pub email: String,
    /// What the person is to the calls.
    pub role: Role,
    /// Language of the mails.
    pub lang: Lang,
}

#[derive(FromRow)]
struct AccountRow {
    account_id: Uuid,
    email: String,
    role: String,
    lang: String,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;
    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId(row.account_id),
            email: row.email,
            role: row.role.parse().map_err(|()| impossible("account", "role"))?,
            lang: row.lang.parse().map_err(|()| impossible("account", "lang"))?,
        })
    }
}

/// Adds an account unless the address has one, and tells the one that stands.
///
/// # Errors
/// When the database fails.
pub async fn ensure(db: &mut MySqlConnection, account: &Account, now: Timestamp) -> Result<Account, StoreError> {
    sqlx::query("insert ignore into account (account_id, email, role, lang, created_at) values (?, ?, ?, ?, ?)")
        .bind(account.id.0)
        .bind(&account.email)
        .bind(account.role.slug())
        .bind(account.lang.tag())
        .bind(instant(now))
        .execute(&mut *db)
        .await?;
    let row: AccountRow = sqlx::query_as("select account_id, email, role, lang from account where email = ?")
        .bind(&account.email)
        .fetch_one(db)
        .await?;
    row.try_into()
}

/// An account by id.
///
/// # Errors
/// When the database fails.
pub async fn load(db: &mut MySqlConnection, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> =
        sqlx::query_as("select account_id, email, role, lang from account where account_id = ?")
            .bind(id.0)
            .fetch_optional(db)
            .await?;
    row.map(Account::try_from).transpose()
}

/// Records a sign-in link; the secret itself is never stored.
///
/// # Errors
/// When the database fails.
pub async fn insert_link(
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

/// How many links an address asked for since an instant.
///
/// # Errors
/// When the database fails.
pub async fn links_since(db: &mut MySqlConnection, email: &str, since: Timestamp) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select count(*) from login_link where email = ? and created_at > ?")
        .bind(email)
        .bind(instant(since))
        .fetch_one(db)
        .await?)
}

/// Uses a link up: the address, if it was there, unused and not too old.
///
/// # Errors
/// When the database fails.
pub async fn consume_link(db: &mut MySqlConnection, hash: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> {
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

/// Opens a session.
///
/// # Errors
/// When the database fails.
pub async fn insert_session(
    db: &mut MySqlConnection,
    id: SessionId,
    account: AccountId,
    now: Timestamp,
    ends: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into session (session_id, account_id, created_at, ends_at) values (?, ?, ?, ?)")
        .bind(id.0)
        .bind(account.0)
        .bind(instant(now))
        .bind(instant(ends))
        .execute(db)
        .await?;
    Ok(())
}

/// The account of a session that has not ended, and the instant at which it will.
///
/// # Errors
/// When the database fails.
pub async fn live_session(
    db: &mut MySqlConnection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<(Account, Timestamp)>, StoreError> {
    let row: Option<(Uuid, String, String, String, PrimitiveDateTime)> = sqlx::query_as(
        "select a.account_id, a.email, a.role, a.lang, s.ends_at from session s join account a on a.account_id = s.account_id
         where s.session_id = ? and s.ended_at is null and s.ends_at > ?",
    )
    .bind(id.0)
    .bind(instant(now))
    .fetch_optional(db)
    .await?;
    row.map(|(account_id, email, role, lang, ends)| {
        Ok((AccountRow { account_id, email, role, lang }.try_into()?, timestamp(ends)))
    })
    .transpose()
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub async fn end_session(db: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update session set ended_at = ? where session_id = ? and ended_at is null")
        .bind(instant(now))
        .bind(id.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Records an API token.
///
/// # Errors
/// When the database fails.
pub async fn insert_token(
    db: &mut MySqlConnection,
    id: Uuid,
    account: AccountId,
    label: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into api_token (token_id, account_id, label, created_at, expires_at) values (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(account.0)
        .bind(label)
        .bind(instant(now))
        .bind(instant(expires))
        .execute(db)
        .await?;
    Ok(())
}

/// The account of an API token that has not been revoked.
///
/// # Errors
/// When the database fails.
pub async fn live_token(db: &mut MySqlConnection, id: Uuid) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = sqlx::query_as(
        "select a.account_id, a.email, a.role, a.lang from api_token t join account a on a.account_id = t.account_id
         where t.token_id = ? and t.revoked_at is null",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    row.map(Account::try_from).transpose()
}

/// Changes what a person is, and ends the sessions whose tokens say otherwise.
///
/// # Errors
/// When the database fails.
pub async fn set_role(db: &mut MySqlConnection, id: AccountId, role: Role, now: Timestamp) -> Result<(), StoreError> {
    let done = sqlx::query("update account set role = ? where account_id = ?")
        .bind(role.slug())
        .bind(id.0)
        .execute(&mut *db)
        .await?;
    one_row(done.rows_affected())?;
    sqlx::query("update session set ended_at = ? where account_id = ? and ended_at is null")
        .bind(instant(now))
        .bind(id.0)
        .execute(db)
        .await?;
    Ok(())
}

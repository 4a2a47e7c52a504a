//! Passkeys (public keys only).

use super::{
    StoreError,
    row::{expect_one_row, from_datetime, inconsistent, to_datetime},
};
use crate::domain::ids::AccountId;
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub struct Passkey {
    /// Id in URLs and in the journal.
    pub id: Uuid,
    /// The id that the device gave it.
    pub credential_id: Vec<u8>,
    pub account: AccountId,
    /// The owner's name for it.
    pub name: String,
    /// Public key and counter.
    pub credential: serde_json::Value,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
}

#[derive(FromRow)]
struct PasskeyRow {
    passkey_id: Uuid,
    credential_id: Vec<u8>,
    account_id: AccountId,
    name: String,
    credential: String,
    created_at: PrimitiveDateTime,
    last_used_at: Option<PrimitiveDateTime>,
}

impl TryFrom<PasskeyRow> for Passkey {
    type Error = StoreError;
    fn try_from(row: PasskeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.passkey_id,
            credential_id: row.credential_id,
            account: row.account_id,
            name: row.name,
            credential: serde_json::from_str(&row.credential).map_err(|_| inconsistent("passkey", "credential"))?,
            created: from_datetime(row.created_at),
            last_used: row.last_used_at.map(from_datetime),
        })
    }
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select passkey_id, credential_id, account_id, name, credential, created_at, last_used_at from passkey ",
            $which
        )
    };
}

/// Inserts a passkey.
///
/// # Errors
/// [`StoreError::Duplicate`] when its credential id exists already.
pub async fn insert(db: &mut MySqlConnection, passkey: &Passkey) -> Result<(), StoreError> {
    sqlx::query(
        "insert into passkey (passkey_id, credential_id, account_id, name, credential, created_at)
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(passkey.id)
    .bind(&passkey.credential_id)
    .bind(passkey.account)
    .bind(&passkey.name)
    .bind(passkey.credential.to_string())
    .bind(to_datetime(passkey.created))
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the passkeys of an account, the oldest first, locked until the transaction ends.
pub async fn lock_of(db: &mut MySqlConnection, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
    let rows: Vec<PasskeyRow> =
        sqlx::query_as(select!("where account_id = ? order by created_at, passkey_id for update"))
            .bind(account)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(Passkey::try_from).collect()
}

/// Whether any account has a passkey with this id.
pub async fn exists(db: &mut MySqlConnection, id: Uuid) -> Result<bool, StoreError> {
    let sql = "select exists(select 1 from passkey where passkey_id = ?)";
    Ok(sqlx::query_scalar(sql).bind(id).fetch_one(db).await?)
}

/// Returns the passkeys of an account, the oldest first.
pub async fn of(db: &mut MySqlConnection, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
    let rows: Vec<PasskeyRow> = sqlx::query_as(select!("where account_id = ? order by created_at, passkey_id"))
        .bind(account)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(Passkey::try_from).collect()
}

/// Returns the passkey with a credential id, locked, because its counter is read and then written.
pub async fn lock_by_credential(db: &mut MySqlConnection, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
    let row: Option<PasskeyRow> =
        sqlx::query_as(select!("where credential_id = ? for update")).bind(credential_id).fetch_optional(db).await?;
    row.map(Passkey::try_from).transpose()
}

/// Records a use and the new counter.
pub async fn note_use(
    db: &mut MySqlConnection,
    id: Uuid,
    credential: &serde_json::Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query("update passkey set credential = ?, last_used_at = ? where passkey_id = ?")
        .bind(credential.to_string())
        .bind(to_datetime(now))
        .bind(id)
        .execute(db)
        .await?;
    expect_one_row(done.rows_affected())
}

pub async fn rename(db: &mut MySqlConnection, id: Uuid, name: &str) -> Result<(), StoreError> {
    let done = sqlx::query("update passkey set name = ? where passkey_id = ?").bind(name).bind(id).execute(db).await?;
    expect_one_row(done.rows_affected())
}

/// Removes a passkey. It can no longer be used to sign in.
pub async fn remove(db: &mut MySqlConnection, id: Uuid) -> Result<(), StoreError> {
    let done = sqlx::query("delete from passkey where passkey_id = ?").bind(id).execute(db).await?;
    expect_one_row(done.rows_affected())
}

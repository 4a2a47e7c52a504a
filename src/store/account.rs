//! Accounts and their roles.

use super::{
    StoreError,
    row::{expect_one_row, from_datetime, inconsistent, to_datetime},
};
use crate::domain::{
    access::{Role, Roles},
    ids::AccountId,
    text::Lang,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// E-mail address: the only personal data known of everyone.
    pub email: String,
    /// Current roles.
    pub roles: Roles,
    /// Language of the mails.
    pub lang: Lang,
    /// Whether the account is suspended.
    pub suspended: bool,
}

#[derive(FromRow)]
pub(super) struct AccountRow {
    account_id: AccountId,
    email: String,
    lang: String,
    suspended: bool,
    roles: Option<String>,
}

/// Columns of an [`AccountRow`], from a table `account` with alias `a`.
macro_rules! account_columns {
    () => {
        "a.account_id, a.email, a.lang, a.suspended_at is not null as suspended,
         (select group_concat(r.role) from account_role r where r.account_id = a.account_id
          and (r.ends_at is null or r.ends_at > utc_timestamp(6))) as roles"
    };
}
pub(super) use account_columns;

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;
    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let roles: Result<Vec<Role>, ()> = row.roles.iter().flat_map(|all| all.split(',')).map(str::parse).collect();
        Ok(Self {
            id: row.account_id,
            email: row.email,
            roles: Roles::from_granted(roles.map_err(|()| inconsistent("account_role", "role"))?),
            lang: row.lang.parse().map_err(|()| inconsistent("account", "lang"))?,
            suspended: row.suspended,
        })
    }
}

/// Inserts an account unless the address has one, and returns the account of the address.
pub async fn ensure(
    db: &mut MySqlConnection,
    fresh: AccountId,
    email: &str,
    lang: Lang,
    now: Timestamp,
) -> Result<Account, StoreError> {
    // The column `role` is kept because processes of a former release may still read it.
    sqlx::query(
        "insert ignore into account (account_id, email, role, lang, created_at) values (?, ?, 'applicant', ?, ?)",
    )
    .bind(fresh)
    .bind(email)
    .bind(lang.tag())
    .bind(to_datetime(now))
    .execute(&mut *db)
    .await?;
    by_email(db, email).await?.ok_or(StoreError::Stale)
}

pub async fn by_email(db: &mut MySqlConnection, email: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> =
        sqlx::query_as(concat!("select ", account_columns!(), " from account a where a.email = ?"))
            .bind(email)
            .fetch_optional(db)
            .await?;
    row.map(Account::try_from).transpose()
}

pub async fn load(db: &mut MySqlConnection, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> =
        sqlx::query_as(concat!("select ", account_columns!(), " from account a where a.account_id = ?"))
            .bind(id)
            .fetch_optional(db)
            .await?;
    row.map(Account::try_from).transpose()
}

/// Returns the address of an account; `None` if it is closed.
pub async fn address(db: &mut MySqlConnection, id: AccountId) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("select email from account where account_id = ? and closed_at is null");
    Ok(query.bind(id).fetch_optional(db).await?)
}

/// Returns when an account was created.
pub async fn created_at(db: &mut MySqlConnection, id: AccountId) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<PrimitiveDateTime> =
        sqlx::query_scalar("select created_at from account where account_id = ?").bind(id).fetch_optional(db).await?;
    Ok(at.map(from_datetime))
}

/// Locks an account until the transaction ends, to serialise whatever is counted per user.
pub async fn lock(db: &mut MySqlConnection, id: AccountId) -> Result<(), StoreError> {
    sqlx::query("select account_id from account where account_id = ? for update").bind(id).execute(db).await?;
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    pub role: Role,
    pub given_at: Timestamp,
    /// When it ends; `None` if it is permanent.
    pub ends_at: Option<Timestamp>,
}

/// Returns the role grants of an account, including expired ones.
pub async fn roles(db: &mut MySqlConnection, id: AccountId) -> Result<Vec<RoleGrant>, StoreError> {
    let rows: Vec<(String, PrimitiveDateTime, Option<PrimitiveDateTime>)> =
        sqlx::query_as("select role, given_at, ends_at from account_role where account_id = ? order by role")
            .bind(id)
            .fetch_all(db)
            .await?;
    rows.into_iter()
        .map(|(role, given, ends)| {
            let role = role.parse().map_err(|()| inconsistent("account_role", "role"))?;
            Ok(RoleGrant { role, given_at: from_datetime(given), ends_at: ends.map(from_datetime) })
        })
        .collect()
}

/// Grants a role, permanently or until an instant. An earlier grant of the role is replaced.
pub async fn give_role(
    db: &mut MySqlConnection,
    id: AccountId,
    role: Role,
    now: Timestamp,
    ends: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query("replace into account_role (account_id, role, given_at, ends_at) values (?, ?, ?, ?)")
        .bind(id)
        .bind(role.slug())
        .bind(to_datetime(now))
        .bind(ends.map(to_datetime))
        .execute(db)
        .await?;
    Ok(())
}

/// Revokes a role; returns false if it was not granted.
pub async fn take_role(db: &mut MySqlConnection, id: AccountId, role: Role) -> Result<bool, StoreError> {
    let done = sqlx::query("delete from account_role where account_id = ? and role = ?")
        .bind(id)
        .bind(role.slug())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Suspends an account, or reactivates it.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such account.
pub async fn suspend(db: &mut MySqlConnection, id: AccountId, since: Option<Timestamp>) -> Result<(), StoreError> {
    let done = sqlx::query("update account set suspended_at = ? where account_id = ?")
        .bind(since.map(to_datetime))
        .bind(id)
        .execute(db)
        .await?;
    expect_one_row(done.rows_affected())
}

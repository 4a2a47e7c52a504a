//! Addresses whose mails fail. One row per address: its last failure, and when a later mail reached it.

use super::{
    StoreError,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{
    delivery::{DeliveryFailure, FailureKind},
    ids::{AccountId, SessionId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// An address and its last failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingAddress {
    pub email: String,
    pub failure: DeliveryFailure,
    /// The mail that failed: the id of its job.
    pub letter: Uuid,
    pub failed_at: Timestamp,
    /// When a later mail was accepted; `None` while the address is failing.
    pub recovered_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct FailingAddressRow {
    email: String,
    kind: String,
    status: String,
    letter_id: Uuid,
    failed_at: PrimitiveDateTime,
    recovered_at: Option<PrimitiveDateTime>,
}

impl TryFrom<FailingAddressRow> for FailingAddress {
    type Error = StoreError;
    fn try_from(row: FailingAddressRow) -> Result<Self, StoreError> {
        let wrong = |column| move |()| inconsistent("failing_address", column);
        Ok(Self {
            email: row.email,
            failure: DeliveryFailure {
                kind: row.kind.parse().map_err(wrong("kind"))?,
                status: row.status.parse().map_err(wrong("status"))?,
            },
            letter: row.letter_id,
            failed_at: from_datetime(row.failed_at),
            recovered_at: row.recovered_at.map(from_datetime),
        })
    }
}

/// Columns of a [`FailingAddressRow`].
macro_rules! failing_columns {
    () => {
        "f.email, f.kind, f.status, f.letter_id, f.failed_at, f.recovered_at"
    };
}

/// Records a failure of an address. Returns false if the address is known to fail in this way already, or permanently.
pub async fn record(
    db: &mut MySqlConnection,
    email: &str,
    failure: DeliveryFailure,
    letter: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let standing: Option<String> =
        sqlx::query_scalar("select kind from failing_address where email = ? and recovered_at is null for update")
            .bind(email)
            .fetch_optional(&mut *db)
            .await?;
    let standing = standing.and_then(|kind| kind.parse::<FailureKind>().ok());
    if standing > Some(failure.kind) {
        return Ok(false);
    }
    sqlx::query(
        "insert into failing_address (email, kind, status, letter_id, failed_at, recovered_at)
         values (?, ?, ?, ?, ?, null)
         on duplicate key update kind = values(kind), status = values(status), letter_id = values(letter_id),
                                 failed_at = values(failed_at), recovered_at = null",
    )
    .bind(email)
    .bind(failure.kind.slug())
    .bind(failure.status.to_string())
    .bind(letter)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    Ok(standing != Some(failure.kind))
}

/// Notes that a mail was accepted for an address. Returns false if the address was not failing, or if a later
/// mail failed, or this one for good: its report may come back before we note that our own server took it. Ids of mails
/// begin with their time.
pub async fn recover(db: &mut MySqlConnection, email: &str, letter: Uuid, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update failing_address set recovered_at = ? where email = ? and recovered_at is null
         and (letter_id < ? or letter_id = ? and kind = 'temporary')",
    )
    .bind(to_datetime(now))
    .bind(email)
    .bind(letter)
    .bind(letter)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The failure of an address that stands, of columns that another statement read.
pub(super) fn standing(
    email: &str,
    kind: &str,
    status: &str,
    letter: Uuid,
    failed_at: Timestamp,
) -> Result<FailingAddress, StoreError> {
    let wrong = |column| move |()| inconsistent("failing_address", column);
    let kind = kind.parse().map_err(wrong("kind"))?;
    let failure = DeliveryFailure { kind, status: status.parse().map_err(wrong("status"))? };
    Ok(FailingAddress { email: email.to_owned(), failure, letter, failed_at, recovered_at: None })
}

/// Returns the last failure of a user's address that the user should be told of in a session: one that stands, or one
/// that the user had no session to learn of before this one. Failures before `since` are old news.
pub async fn to_tell(
    db: &mut MySqlConnection,
    account: AccountId,
    session: SessionId,
    since: Timestamp,
) -> Result<Option<FailingAddress>, StoreError> {
    let row: Option<FailingAddressRow> = sqlx::query_as(concat!(
        "select ",
        failing_columns!(),
        " from failing_address f join account a on a.email = f.email
          where a.account_id = ?
            and (f.recovered_at is null
                 or f.failed_at > ?
                    and not exists (select 1 from session s where s.account_id = a.account_id
                                    and s.session_id < ? and s.created_at > f.failed_at))"
    ))
    .bind(account)
    .bind(to_datetime(since))
    .bind(session)
    .fetch_optional(db)
    .await?;
    row.map(FailingAddress::try_from).transpose()
}

/// Returns the addresses that are failing, the latest first, and their total number.
pub async fn list(db: &mut MySqlConnection, limit: u32) -> Result<(Vec<FailingAddress>, i64), StoreError> {
    let rows: Vec<FailingAddressRow> = sqlx::query_as(concat!(
        "select ",
        failing_columns!(),
        " from failing_address f where f.recovered_at is null order by f.failed_at desc limit ?"
    ))
    .bind(limit)
    .fetch_all(&mut *db)
    .await?;
    let total: i64 =
        sqlx::query_scalar("select count(*) from failing_address where recovered_at is null").fetch_one(db).await?;
    Ok((rows.into_iter().map(FailingAddress::try_from).collect::<Result<_, _>>()?, total))
}

/// Removes some of the addresses that recovered before an instant, or failed before another one, and returns how many.
pub async fn sweep(
    db: &mut MySqlConnection,
    recovered_before: Timestamp,
    failed_before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from failing_address where recovered_at < ? or failed_at < ? limit ?")
        .bind(to_datetime(recovered_before))
        .bind(to_datetime(failed_before))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

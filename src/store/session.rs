//! Browser sessions.

use super::{
    StoreError,
    account::{Account, AccountRow, account_columns},
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{
    access::Amr,
    ids::{AccountId, SessionId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    pub id: SessionId,
    pub account: AccountId,
    /// Authentication methods used.
    pub amr: Amr,
    /// User-Agent of the browser.
    pub agent: &'a str,
    /// Start.
    pub now: Timestamp,
    /// Absolute end.
    pub ends: Timestamp,
}

/// An active session.
#[derive(Clone, Debug)]
pub struct Live {
    pub account: Account,
    /// Authentication methods used.
    pub amr: Amr,
    /// Absolute end.
    pub ends: Timestamp,
    /// Last passkey confirmation.
    pub stepped_up_at: Option<Timestamp>,
    /// Whether the account has a passkey.
    pub has_passkey: bool,
}

/// A session in its owner's list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: SessionId,
    /// Authentication methods used.
    pub amr: Amr,
    /// User-Agent of the browser.
    pub agent: String,
    pub created_at: Timestamp,
    /// Last use, accurate to some minutes.
    pub last_seen_at: Timestamp,
}

pub async fn open(db: &mut MySqlConnection, session: &Opening<'_>) -> Result<(), StoreError> {
    let confirmed = (session.amr == Amr::Passkey).then(|| to_datetime(session.now));
    sqlx::query(
        "insert into session (session_id, account_id, amr, agent, created_at, last_seen_at, stepped_up_at, ends_at)
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id)
    .bind(session.account)
    .bind(session.amr.slug())
    .bind(session.agent)
    .bind(to_datetime(session.now))
    .bind(to_datetime(session.now))
    .bind(confirmed)
    .bind(to_datetime(session.ends))
    .execute(db)
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct LiveRow {
    #[sqlx(flatten)]
    account: AccountRow,
    amr: String,
    ends_at: PrimitiveDateTime,
    stepped_up_at: Option<PrimitiveDateTime>,
    has_passkey: bool,
}

/// Returns a session that has neither ended nor been idle since an instant.
pub async fn live(
    db: &mut MySqlConnection,
    id: SessionId,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Option<Live>, StoreError> {
    let row: Option<LiveRow> = sqlx::query_as(concat!(
        "select ",
        account_columns!(),
        ", s.amr, s.ends_at, s.stepped_up_at,
         exists(select 1 from passkey p where p.account_id = a.account_id) as has_passkey
         from session s join account a on a.account_id = s.account_id
         where s.session_id = ? and s.ended_at is null and s.ends_at > ? and coalesce(s.last_seen_at, s.created_at) > ?
         and a.closed_at is null"
    ))
    .bind(id)
    .bind(to_datetime(now))
    .bind(to_datetime(idle_since))
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Live {
            account: row.account.try_into()?,
            amr: row.amr.parse().map_err(|()| inconsistent("session", "amr"))?,
            ends: from_datetime(row.ends_at),
            stepped_up_at: row.stepped_up_at.map(from_datetime),
            has_passkey: row.has_passkey,
        })
    })
    .transpose()
}

/// Records a use of the session.
pub async fn seen(db: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update session set last_seen_at = ? where session_id = ? and coalesce(last_seen_at, created_at) < ?")
        .bind(to_datetime(now))
        .bind(id)
        .bind(to_datetime(now))
        .execute(db)
        .await?;
    Ok(())
}

/// Records a passkey confirmation.
pub async fn stepped_up(db: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update session set stepped_up_at = ? where session_id = ? and ended_at is null")
        .bind(to_datetime(now))
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the active sessions of an account, the last used first.
pub async fn of_account(
    db: &mut MySqlConnection,
    account: AccountId,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<(SessionId, String, String, PrimitiveDateTime, PrimitiveDateTime)> = sqlx::query_as(
        "select session_id, amr, agent, created_at, coalesce(last_seen_at, created_at) from session
         where account_id = ? and ended_at is null and ends_at > ? and coalesce(last_seen_at, created_at) > ?
         order by 5 desc, 4 desc",
    )
    .bind(account)
    .bind(to_datetime(now))
    .bind(to_datetime(idle_since))
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, amr, agent, created, seen)| {
            Ok(Listed {
                id,
                amr: amr.parse().map_err(|()| inconsistent("session", "amr"))?,
                agent,
                created_at: from_datetime(created),
                last_seen_at: from_datetime(seen),
            })
        })
        .collect()
}

/// Ends a session of an account; returns false if it has no such session.
pub async fn end(
    db: &mut MySqlConnection,
    account: AccountId,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("update session set ended_at = ? where session_id = ? and account_id = ? and ended_at is null")
            .bind(to_datetime(now))
            .bind(id)
            .bind(account)
            .execute(db)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends every session of an account.
pub async fn end_all(db: &mut MySqlConnection, account: AccountId, now: Timestamp) -> Result<u64, StoreError> {
    let done = sqlx::query("update session set ended_at = ? where account_id = ? and ended_at is null")
        .bind(to_datetime(now))
        .bind(account)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

/// Removes some of the ended sessions that were opened before an instant, and returns how many. Their ids are smaller
/// than `before`.
pub async fn sweep(db: &mut MySqlConnection, before: Uuid, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from session where session_id < ? and ends_at < ? order by session_id limit ?")
        .bind(before)
        .bind(to_datetime(now))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

//! The journal: append-only, each line chained to the previous one; and the heads of the chains.

use super::{
    StoreError,
    row::{impossible, instant, one_row, timestamp},
};
use crate::domain::{
    event::Event,
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;
use sqlx::MySqlConnection;
use time::PrimitiveDateTime;

/// Head of a hash chain: how many links it has, and the last one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Head {
    /// Sequence of the last link; zero when there is none.
    pub sequence: u64,
    /// The last link.
    pub link: String,
}

/// Appends an event; the last step of a transaction, since the head stays locked until it ends.
///
/// # Errors
/// When the database fails.
pub async fn append(db: &mut MySqlConnection, event: &Event) -> Result<(), StoreError> {
    let head = sqlx::query_as("select sequence, link from chain where name = 'journal' for update")
        .fetch_one(&mut *db)
        .await?;
    let head = insert(db, &head, event).await?;
    let done = sqlx::query("update chain set sequence = ?, link = ? where name = 'journal'")
        .bind(head.sequence)
        .bind(&head.link)
        .execute(db)
        .await?;
    one_row(done.rows_affected())
}

/// Locks the heads of both chains, receipts first. Until the transaction ends other deposits wait, so nothing slow may
/// follow.
///
/// # Errors
/// When the database fails.
pub async fn lock_heads(db: &mut MySqlConnection) -> Result<(Head, Head), StoreError> {
    let rows: Vec<Head> =
        sqlx::query_as("select sequence, link from chain order by name desc for update").fetch_all(db).await?;
    let mut rows = rows.into_iter();
    match (rows.next(), rows.next(), rows.next()) {
        (Some(receipts), Some(journal), None) => Ok((receipts, journal)),
        _ => Err(impossible("chain", "name")),
    }
}

/// Moves the heads of both chains.
///
/// # Errors
/// When the database fails.
pub async fn move_heads(db: &mut MySqlConnection, receipts: &Head, journal: &Head) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update chain set sequence = if(name = 'receipt', ?, ?), link = if(name = 'receipt', ?, ?)
         where name in ('receipt', 'journal')",
    )
    .bind(receipts.sequence)
    .bind(journal.sequence)
    .bind(&receipts.link)
    .bind(&journal.link)
    .execute(db)
    .await?;
    if done.rows_affected() == 2 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Writes an event after a head and tells the new one, which the caller has to record.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: &mut MySqlConnection, head: &Head, event: &Event) -> Result<Head, StoreError> {
    let sequence = head.sequence + 1;
    let link = event.link(sequence, &head.link);
    sqlx::query(
        "insert into event (sequence, at, kind, account_id, dossier_id, data, previous, link)
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(sequence)
    .bind(instant(event.at))
    .bind(event.kind.slug())
    .bind(event.actor.map(|id| id.0))
    .bind(event.dossier.map(|id| id.0))
    .bind(event.data.to_string())
    .bind(&head.link)
    .bind(&link)
    .execute(db)
    .await?;
    Ok(Head { sequence, link })
}

/// Something that somebody other than the owner read or did.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Whose account it was: the owner is told the address of guests, of others only what they are.
    pub email: String,
    /// Roles of that account, comma-separated; none for a guest.
    pub roles: Option<String>,
    /// Part, code and rule, as journalled.
    pub data: serde_json::Value,
}

/// What others than the owner have read or done with a dossier, the latest first. How it is judged is not told here: that
/// is for whoever publishes decisions.
///
/// # Errors
/// When the database fails.
pub async fn readings(
    db: &mut MySqlConnection,
    dossier: DossierId,
    owner: AccountId,
) -> Result<Vec<Reading>, StoreError> {
    let rows: Vec<(String, PrimitiveDateTime, String, Option<String>, String)> = sqlx::query_as(
        "select e.kind, e.at, a.email,
                (select group_concat(r.role) from account_role r where r.account_id = a.account_id), e.data
         from event e join account a on a.account_id = e.account_id
         where e.dossier_id = ? and e.account_id <> ?
         and e.kind not in ('dossier_admitted', 'admission_taken_back', 'expert_assigned', 'expert_released',
                            'interest_declared')
         order by e.sequence desc limit 100",
    )
    .bind(dossier.0)
    .bind(owner.0)
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(kind, at, email, roles, data)| {
            let data = serde_json::from_str(&data).map_err(|_| impossible("event", "data"))?;
            Ok(Reading { kind, at: timestamp(at), email, roles, data })
        })
        .collect()
}

/// Kinds and instants of the events of a dossier, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn kinds_of_dossier(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar("select kind from event where dossier_id = ? order by sequence")
        .bind(dossier.0)
        .fetch_all(db)
        .await?)
}

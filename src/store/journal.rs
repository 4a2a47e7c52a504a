//! The append-only journal, in which each entry is chained to the previous one, and the heads of the hash chains.

mod history;

pub use history::{DossierEvent, of_dossier};

use super::{
    StoreError,
    row::{expect_one_row, from_datetime, inconsistent, to_datetime},
    several::{chunks, push_list},
};
use crate::domain::{
    access::Role,
    event::{Event, EventKind},
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use std::slice;
use time::PrimitiveDateTime;
use uuid::Uuid;

/// Head of a hash chain: its length and last link.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ChainHead {
    /// Sequence of the last link; zero if there is none.
    pub sequence: u64,
    /// The last link.
    pub link: String,
}

/// Appends an event. It must be the last step of a transaction, because the head stays locked until the transaction
/// ends.
pub async fn append(db: &mut MySqlConnection, event: &Event) -> Result<(), StoreError> {
    append_all(db, slice::from_ref(event)).await
}

/// Appends events, many per statement: every other writer waits meanwhile. Must be the last step of a
/// transaction.
pub async fn append_all(db: &mut MySqlConnection, events: &[Event]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let head = lock_head(db).await?;
    let events: Vec<_> = events.iter().map(|event| (None, event)).collect();
    let head = insert_all(db, &head, &events).await?;
    advance_head(db, &head).await
}

async fn lock_head(db: &mut MySqlConnection) -> Result<ChainHead, StoreError> {
    let query = sqlx::query_as("select sequence, link from chain where name = 'journal' for update");
    Ok(query.fetch_one(db).await?)
}

async fn advance_head(db: &mut MySqlConnection, head: &ChainHead) -> Result<(), StoreError> {
    let done = sqlx::query("update chain set sequence = ?, link = ? where name = 'journal'")
        .bind(head.sequence)
        .bind(&head.link)
        .execute(db)
        .await?;
    expect_one_row(done.rows_affected())
}

/// Appends events with given ids and skips existing ones, so that a list can be written again when the outcome of its
/// commit is unknown. Must be the last step of a transaction.
pub async fn append_once(db: &mut MySqlConnection, events: &[(Uuid, &Event)]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    // Other writers wait from here on, so the following query stays valid.
    let head = lock_head(db).await?;
    let mut query = QueryBuilder::new("select event_id from event where event_id in ");
    let ids: Vec<Uuid> = events.iter().map(|(id, _)| *id).collect();
    push_list(&mut query, &ids);
    let there: Vec<Uuid> = query.build_query_scalar().fetch_all(&mut *db).await?;
    let missing = events.iter().filter(|(id, _)| !there.contains(id));
    let missing: Vec<(Option<Uuid>, &Event)> = missing.map(|(id, event)| (Some(*id), *event)).collect();
    let head = insert_all(db, &head, &missing).await?;
    advance_head(db, &head).await
}

/// Heads of the chains, locked until the transaction ends.
#[derive(Clone, Debug)]
pub struct LockedHeads {
    pub receipts: ChainHead,
    /// When the last receipt was sealed; `None` before the first.
    pub sealed_at: Option<Timestamp>,
    pub journal: ChainHead,
}

#[derive(FromRow)]
struct HeadRow {
    #[sqlx(flatten)]
    head: ChainHead,
    sealed_at: Option<PrimitiveDateTime>,
}

/// Locks the heads of both chains, receipts first. Other deposits wait until the transaction ends, so nothing slow may
/// follow.
pub async fn lock_chain_heads(db: &mut MySqlConnection) -> Result<LockedHeads, StoreError> {
    let rows: Vec<HeadRow> =
        sqlx::query_as("select sequence, link, sealed_at from chain order by name desc for update")
            .fetch_all(db)
            .await?;
    let mut rows = rows.into_iter();
    match (rows.next(), rows.next(), rows.next()) {
        (Some(receipts), Some(journal), None) => {
            let sealed_at = receipts.sealed_at.map(from_datetime);
            Ok(LockedHeads { receipts: receipts.head, sealed_at, journal: journal.head })
        }
        _ => Err(inconsistent("chain", "name")),
    }
}

/// Moves the heads of both chains. The last receipt was sealed at `sealed_at`.
pub async fn advance_chain_heads(
    db: &mut MySqlConnection,
    receipts: &ChainHead,
    sealed_at: Timestamp,
    journal: &ChainHead,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update chain set sequence = if(name = 'receipt', ?, ?), link = if(name = 'receipt', ?, ?),
                          sealed_at = if(name = 'receipt', ?, null)
         where name in ('receipt', 'journal')",
    )
    .bind(receipts.sequence)
    .bind(journal.sequence)
    .bind(&receipts.link)
    .bind(&journal.link)
    .bind(to_datetime(sealed_at))
    .execute(db)
    .await?;
    if done.rows_affected() == 2 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Inserts events after a head, each with its id if it has one, and returns the new head; the caller must store it.
pub async fn insert_all(
    db: &mut MySqlConnection,
    head: &ChainHead,
    events: &[(Option<Uuid>, &Event)],
) -> Result<ChainHead, StoreError> {
    let mut head = head.clone();
    for chunk in chunks(events) {
        let mut query = QueryBuilder::new(
            "insert into event (sequence, at, kind, account_id, dossier_id, data, previous, link, event_id) ",
        );
        query.push_values(chunk, |mut row, (id, event)| {
            let sequence = head.sequence + 1;
            let link = event.link(sequence, &head.link);
            let previous = std::mem::replace(&mut head, ChainHead { sequence, link: link.clone() });
            row.push_bind(sequence).push_bind(to_datetime(event.at)).push_bind(event.kind.slug());
            row.push_bind(event.actor).push_bind(event.dossier).push_bind(event.data.to_string());
            row.push_bind(previous.link).push_bind(link).push_bind(*id);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(head)
}

/// Accesses of the same kind by someone other than the owner, grouped by day.
#[derive(Clone, Debug)]
pub struct AccessSummary {
    /// Kind of event.
    pub kind: String,
    /// First occurrence.
    pub first: Timestamp,
    /// Last occurrence.
    pub last: Timestamp,
    /// Number of occurrences.
    pub times: u64,
    /// Address of the account; `None` if it is closed.
    pub email: Option<String>,
    /// Current roles of the account.
    pub roles: Vec<Role>,
    /// Part, code and rule, as in the last occurrence.
    pub data: serde_json::Value,
}

#[derive(FromRow)]
struct AccessRow {
    kind: String,
    first_at: PrimitiveDateTime,
    at: PrimitiveDateTime,
    times: i64,
    email: Option<String>,
    roles: Option<String>,
    data: String,
}

impl TryFrom<AccessRow> for AccessSummary {
    type Error = StoreError;
    fn try_from(row: AccessRow) -> Result<Self, StoreError> {
        let roles: Result<_, ()> = row.roles.iter().flat_map(|all| all.split(',')).map(str::parse).collect();
        Ok(Self {
            kind: row.kind,
            first: from_datetime(row.first_at),
            last: from_datetime(row.at),
            times: u64::try_from(row.times).map_err(|_| inconsistent("event", "at"))?,
            email: row.email,
            roles: roles.map_err(|()| inconsistent("account_role", "role"))?,
            data: serde_json::from_str(&row.data).map_err(|_| inconsistent("event", "data"))?,
        })
    }
}

/// A page of a long list.
#[derive(Clone, Copy, Debug)]
pub struct PageRange {
    /// Number of entries to skip.
    pub offset: u64,
    /// Maximum number of entries.
    pub limit: u32,
}

/// Returns what others than the owner have read or done with a dossier, the latest first. Equal accesses by the same
/// person, under the same rule and on the same day, form one entry, so that repetitions hide nothing else. `utc_offset_seconds` is
/// the offset of the day boundary from UTC in seconds. Events of the examination are excluded, because only the
/// authority may announce its decisions.
pub async fn accesses_of_others(
    db: &mut MySqlConnection,
    dossier: DossierId,
    owner: AccountId,
    utc_offset_seconds: i32,
    range: PageRange,
) -> Result<Vec<AccessSummary>, StoreError> {
    let mut query = QueryBuilder::new(
        "select e.kind, g.first_at, e.at, g.times, if(a.closed_at is null, a.email, null) as email,
                (select group_concat(r.role) from account_role r where r.account_id = a.account_id
                 and (r.ends_at is null or r.ends_at > utc_timestamp(6))) as roles, e.data
         from (select max(sequence) as last_sequence, min(at) as first_at, count(*) as times from event
               where dossier_id = ",
    );
    query.push_bind(dossier).push(" and account_id <> ").push_bind(owner).push(" and kind not in (");
    let mut hidden = query.separated(", ");
    for kind in EventKind::ALL.iter().filter(|kind| !kind.is_shown_to_owner()) {
        hidden.push_bind(kind.slug());
    }
    query
        .push(") group by account_id, kind, date(at + interval ")
        .push_bind(utc_offset_seconds)
        .push(
            " second), json_value(data, '$.rule'), json_value(data, '$.part'), json_value(data, '$.code'),
              json_query(data, '$.sections')
              order by last_sequence desc limit ",
        )
        .push_bind(range.limit)
        .push(" offset ")
        .push_bind(range.offset)
        .push(
            ") g
         join event e on e.sequence = g.last_sequence join account a on a.account_id = e.account_id
         order by e.sequence desc",
        );
    let rows: Vec<AccessRow> = query.build_query_as().fetch_all(db).await?;
    rows.into_iter().map(AccessSummary::try_from).collect()
}

/// Returns the kinds of the events of a dossier, oldest first.
pub async fn kinds_of_dossier(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar("select kind from event where dossier_id = ? order by sequence")
        .bind(dossier)
        .fetch_all(db)
        .await?)
}

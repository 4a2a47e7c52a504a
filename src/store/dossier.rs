//! Dossiers and their drafts.

mod joined;

pub use joined::{DossierWithPieces, DossierWithRecord, load_with_record, lock_with_pieces};

use super::{
    StoreError,
    row::{expect_one_row, from_datetime, inconsistent, to_datetime},
    several::push_list,
};
use crate::auth::{Guarded, Protected};
use crate::domain::{
    access::Stage,
    calendar::RoundId,
    document::Document,
    dossier::{Admission, Deposit, Dossier},
    ids::{AccountId, AttemptId, DossierId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use std::collections::HashMap;
use time::PrimitiveDateTime;
use uuid::Uuid;

/// Most dossiers of an account in one list: each is read with its whole draft.
const MAX_LISTED_DOSSIERS: usize = 200;

/// Columns of a [`DossierRow`], from a table `dossier` with alias `d`.
macro_rules! dossier_columns {
    () => {
        "d.dossier_id, d.call_id, d.round_id, d.account_id, d.draft, d.revision, d.versions, d.deposit_version,
         d.deposit_receipt, d.deposit_at, d.deposit_revision, d.created_at, d.changed_at, d.changes, d.withdrawn_at,
         d.admitted_at, d.admitted_by, d.deleted_at"
    };
}

use dossier_columns;

/// A query for complete dossiers.
macro_rules! select {
    ($which:literal) => {
        concat!("select ", dossier_columns!(), " from dossier d ", $which)
    };
}

#[derive(FromRow)]
struct DossierRow {
    dossier_id: DossierId,
    call_id: String,
    round_id: RoundId,
    account_id: AccountId,
    draft: String,
    revision: u64,
    versions: u32,
    deposit_version: Option<u32>,
    deposit_receipt: Option<String>,
    deposit_at: Option<PrimitiveDateTime>,
    deposit_revision: Option<u64>,
    created_at: PrimitiveDateTime,
    changed_at: PrimitiveDateTime,
    changes: Option<String>,
    withdrawn_at: Option<PrimitiveDateTime>,
    admitted_at: Option<PrimitiveDateTime>,
    admitted_by: Option<AccountId>,
    deleted_at: Option<PrimitiveDateTime>,
}

impl TryFrom<DossierRow> for Dossier {
    type Error = StoreError;
    fn try_from(row: DossierRow) -> Result<Self, StoreError> {
        let draft: Document = serde_json::from_str(&row.draft).map_err(|_| inconsistent("dossier", "draft"))?;
        let deposit = match (row.deposit_version, row.deposit_receipt, row.deposit_at, row.deposit_revision) {
            (Some(version), Some(receipt), Some(at), Some(revision)) => {
                Some(Deposit { version, receipt, at: from_datetime(at), revision })
            }
            (None, ..) => None,
            _ => return Err(inconsistent("dossier", "deposit_version")),
        };
        let changes = row.changes.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            id: row.dossier_id,
            call: row.call_id,
            round: row.round_id,
            owner: row.account_id,
            draft,
            revision: row.revision,
            deposit,
            admission: row.admitted_at.zip(row.admitted_by).map(|(at, by)| Admission { at: from_datetime(at), by }),
            versions: row.versions,
            created_at: from_datetime(row.created_at),
            changed_at: from_datetime(row.changed_at),
            changes: changes.map_err(|_| inconsistent("dossier", "changes"))?.unwrap_or_default(),
            withdrawn_at: row.withdrawn_at.map(from_datetime),
            deleted_at: row.deleted_at.map(from_datetime),
        })
    }
}

impl Protected for Dossier {
    fn dossier(&self) -> DossierId {
        self.id
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn stage(&self) -> Stage {
        Self::stage(self)
    }
    fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }
}

/// Inserts a dossier, once per attempt of an account. `origin` is the digest of what it was created from. Returns false
/// if the account is closed: another process may still know it as open for a moment.
///
/// # Errors
/// [`StoreError::Duplicate`] when the attempt was done before.
pub async fn insert(
    db: &mut MySqlConnection,
    dossier: &Dossier,
    attempt: AttemptId,
    origin: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into dossier (dossier_id, call_id, round_id, account_id, attempt_id, origin, draft, revision, versions,
                              created_at, changed_at)
         select ?, ?, ?, account_id, ?, ?, ?, ?, 0, ?, ? from account
         where account_id = ? and closed_at is null lock in share mode",
    )
    .bind(dossier.id)
    .bind(&dossier.call)
    .bind(&dossier.round)
    .bind(attempt)
    .bind(origin)
    .bind(serde_json::json!(dossier.draft).to_string())
    .bind(dossier.revision)
    .bind(to_datetime(dossier.created_at))
    .bind(to_datetime(dossier.changed_at))
    .bind(dossier.owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The dossier that an attempt created.
#[derive(Clone, Debug, FromRow)]
pub struct AttemptRecord {
    #[sqlx(rename = "dossier_id")]
    pub dossier: Uuid,
    /// Digest of what it was created from; `None` for dossiers that were created before it was recorded.
    pub origin: Option<String>,
    /// It was deleted since.
    pub deleted: bool,
}

/// Returns the dossier that an attempt created.
pub async fn by_attempt(
    db: &mut MySqlConnection,
    owner: AccountId,
    attempt: AttemptId,
) -> Result<Option<AttemptRecord>, StoreError> {
    let query = sqlx::query_as(
        "select dossier_id, origin, deleted_at is not null as deleted from dossier
         where account_id = ? and attempt_id = ?",
    );
    Ok(query.bind(owner).bind(attempt).fetch_optional(db).await?)
}

pub async fn load(db: &mut MySqlConnection, id: DossierId) -> Result<Option<Guarded<Dossier>>, StoreError> {
    let row: Option<DossierRow> = sqlx::query_as(select!("where d.dossier_id = ?")).bind(id).fetch_optional(db).await?;
    row.map(|row| row.try_into().map(Guarded::new)).transpose()
}

/// Columns of a [`LockedRow`], from a table `dossier` with alias `d`.
macro_rules! locked_columns {
    () => {
        concat!(
            dossier_columns!(),
            ", exists (select 1 from account o where o.account_id = d.account_id and o.closed_at is not null)
               as owner_closed"
        )
    };
}

use locked_columns;

#[derive(FromRow)]
struct LockedRow {
    #[sqlx(flatten)]
    dossier: DossierRow,
    owner_closed: bool,
}

impl TryFrom<LockedRow> for Guarded<Dossier> {
    type Error = StoreError;
    fn try_from(LockedRow { dossier, owner_closed }: LockedRow) -> Result<Self, StoreError> {
        Ok(Self::new(dossier.try_into()?).with_owner_closed(owner_closed))
    }
}

/// Returns a dossier, locked until the transaction ends: all changes to a dossier are serialised by this lock, and so is
/// the closing of its owner's account, which locks it before.
pub async fn lock(db: &mut MySqlConnection, id: DossierId) -> Result<Option<Guarded<Dossier>>, StoreError> {
    let row: Option<LockedRow> =
        sqlx::query_as(concat!("select ", locked_columns!(), " from dossier d where d.dossier_id = ? for update"))
            .bind(id)
            .fetch_optional(db)
            .await?;
    row.map(TryInto::try_into).transpose()
}

/// Returns the dossiers that no other transaction holds, locked until the transaction ends, and waits for none. A dossier
/// that is missing may exist. Whether the owner's account is closed may be older than the lock here, since the rows are
/// locked one after the other.
pub async fn lock_free(
    db: &mut MySqlConnection,
    ids: &[DossierId],
) -> Result<HashMap<DossierId, Guarded<Dossier>>, StoreError> {
    let mut query = QueryBuilder::new(concat!("select ", locked_columns!(), " from dossier d where d.dossier_id in "));
    push_list(&mut query, ids);
    query.push(" order by d.dossier_id for update skip locked");
    let rows: Vec<LockedRow> = query.build_query_as().fetch_all(db).await?;
    rows.into_iter().map(|row| Ok((row.dossier.dossier_id, row.try_into()?))).collect()
}

/// Which dossiers of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnedKind {
    All,
    /// Drafts that were never deposited.
    NeverDeposited,
    /// What was deposited, withdrawn or not.
    Deposited,
}

/// Returns the dossiers of an account, the last changed first, and how many there are: at most
/// [`MAX_LISTED_DOSSIERS`] are listed, so whoever says what an account has counts the others. None while it is suspended.
pub async fn of_account(
    db: &mut MySqlConnection,
    owner: AccountId,
    kind: OwnedKind,
) -> Result<(Vec<Dossier>, u64), StoreError> {
    let (all, deposited) = (kind == OwnedKind::All, kind == OwnedKind::Deposited);
    let rows: Vec<DossierRow> = sqlx::query_as(select!(
        "where d.account_id = ? and d.deleted_at is null and (? or (d.versions > 0) = ?)
         and not exists (select 1 from account a where a.account_id = d.account_id and a.suspended_at is not null)
         order by d.changed_at desc limit ?"
    ))
    .bind(owner)
    .bind(all)
    .bind(deposited)
    .bind(MAX_LISTED_DOSSIERS as u64)
    .fetch_all(&mut *db)
    .await?;
    let listed = rows.into_iter().map(Dossier::try_from).collect::<Result<Vec<_>, _>>()?;
    if listed.len() < MAX_LISTED_DOSSIERS {
        let total = listed.len() as u64;
        return Ok((listed, total));
    }
    let total: i64 = sqlx::query_scalar(
        "select count(*) from dossier where account_id = ? and deleted_at is null and (? or (versions > 0) = ?)",
    )
    .bind(owner)
    .bind(all)
    .bind(deposited)
    .fetch_one(db)
    .await?;
    let total = u64::try_from(total).unwrap_or(0).max(listed.len() as u64);
    Ok((listed, total))
}

/// Writes the draft after [`Dossier::change`].
///
/// # Errors
/// [`StoreError::Stale`] when the row no longer exists.
pub async fn update_draft(db: &mut MySqlConnection, dossier: &Dossier) -> Result<(), StoreError> {
    let done =
        sqlx::query("update dossier set draft = ?, revision = ?, changed_at = ?, changes = ? where dossier_id = ?")
            .bind(serde_json::json!(dossier.draft).to_string())
            .bind(dossier.revision)
            .bind(to_datetime(dossier.changed_at))
            .bind(serde_json::json!(dossier.changes).to_string())
            .bind(dossier.id)
            .execute(db)
            .await?;
    expect_one_row(done.rows_affected())
}

/// Writes what [`Dossier::change`] recorded about a change of pieces.
///
/// # Errors
/// [`StoreError::Stale`] when the row no longer exists.
pub async fn touch(db: &mut MySqlConnection, dossier: &Dossier) -> Result<(), StoreError> {
    let done = sqlx::query("update dossier set revision = ?, changed_at = ?, changes = ? where dossier_id = ?")
        .bind(dossier.revision)
        .bind(to_datetime(dossier.changed_at))
        .bind(serde_json::json!(dossier.changes).to_string())
        .bind(dossier.id)
        .execute(db)
        .await?;
    expect_one_row(done.rows_affected())
}

/// Makes the deposits after a place in the chain of receipts the current ones of their dossiers, which must be locked.
///
/// # Errors
/// [`StoreError::Stale`] when a row no longer exists.
pub async fn set_deposits(db: &mut MySqlConnection, after: u64, ids: &[DossierId]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    // By the key, so that no row that another transaction holds is looked at.
    let mut query = QueryBuilder::new(
        "update dossier force index (primary)
         set deposit_version = versions + 1, versions = versions + 1, deposit_revision = revision,
             withdrawn_at = null, admitted_at = null, admitted_by = null,
             deposit_receipt = (select p.receipt_number from deposit p
                                where p.dossier_id = dossier.dossier_id and p.sequence > ",
    );
    query.push_bind(after);
    query.push(
        "), deposit_at = (select p.deposited_at from deposit p
                          where p.dossier_id = dossier.dossier_id and p.sequence > ",
    );
    query.push_bind(after).push(") where dossier_id in ");
    push_list(&mut query, ids);
    let done = query.build().execute(db).await?;
    if usize::try_from(done.rows_affected()) == Ok(ids.len()) { Ok(()) } else { Err(StoreError::Stale) }
}

/// Records the withdrawal of the current deposit.
///
/// # Errors
/// [`StoreError::Stale`] when the row no longer exists.
pub async fn set_withdrawn(db: &mut MySqlConnection, id: DossierId, at: Timestamp) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update dossier set deposit_version = null, deposit_receipt = null, deposit_at = null,
                            deposit_revision = null, withdrawn_at = ?, admitted_at = null, admitted_by = null
         where dossier_id = ?",
    )
    .bind(to_datetime(at))
    .bind(id)
    .execute(db)
    .await?;
    expect_one_row(done.rows_affected())
}

/// Records that the current deposit is admissible, or no longer is.
///
/// # Errors
/// [`StoreError::Stale`] when the row no longer exists.
pub async fn set_admission(
    db: &mut MySqlConnection,
    id: DossierId,
    admission: Option<Admission>,
) -> Result<(), StoreError> {
    let done = sqlx::query("update dossier set admitted_at = ?, admitted_by = ? where dossier_id = ?")
        .bind(admission.map(|admission| to_datetime(admission.at)))
        .bind(admission.map(|admission| admission.by))
        .bind(id)
        .execute(db)
        .await?;
    expect_one_row(done.rows_affected())
}

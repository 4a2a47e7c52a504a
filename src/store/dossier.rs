//! Dossiers and their drafts.

mod joined;

pub use joined::{DossierWithPieces, DossierWithRecord, load_with_record, lock_with_pieces};

use super::{
    StoreError,
    row::{expect_one_row, from_datetime, inconsistent, to_datetime},
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
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

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
    let row: Option<DossierRow> = sqlx::query_as(select!("where dossier_id = ?")).bind(id).fetch_optional(db).await?;
    row.map(|row| row.try_into().map(Guarded::new)).transpose()
}

/// Returns a dossier, locked until the transaction ends: all changes to a dossier are serialised by this lock.
pub async fn lock(db: &mut MySqlConnection, id: DossierId) -> Result<Option<Guarded<Dossier>>, StoreError> {
    let row: Option<DossierRow> =
        sqlx::query_as(select!("where dossier_id = ? for update")).bind(id).fetch_optional(db).await?;
    row.map(|row| row.try_into().map(Guarded::new)).transpose()
}

/// Returns the dossiers of an account, the last changed first; `None` while it is suspended.
pub async fn of_account(db: &mut MySqlConnection, owner: AccountId) -> Result<Vec<Dossier>, StoreError> {
    let rows: Vec<DossierRow> = sqlx::query_as(select!(
        "where account_id = ? and deleted_at is null
         and not exists (select 1 from account a where a.account_id = d.account_id and a.suspended_at is not null)
         order by changed_at desc limit 200"
    ))
    .bind(owner)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Dossier::try_from).collect()
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

/// Makes a deposited version the current one.
///
/// # Errors
/// [`StoreError::Stale`] when the row no longer exists.
pub async fn set_deposit(db: &mut MySqlConnection, id: DossierId, deposit: &Deposit) -> Result<(), StoreError> {
    let done = sqlx::query(
        "update dossier set versions = ?, deposit_version = ?, deposit_receipt = ?, deposit_at = ?,
                            deposit_revision = ?, withdrawn_at = null, admitted_at = null, admitted_by = null
         where dossier_id = ?",
    )
    .bind(deposit.version)
    .bind(deposit.version)
    .bind(&deposit.receipt)
    .bind(to_datetime(deposit.at))
    .bind(deposit.revision)
    .bind(id)
    .execute(db)
    .await?;
    expect_one_row(done.rows_affected())
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

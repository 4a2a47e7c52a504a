//! Uploaded pieces of drafts. Their bytes are in the blob store.

use super::{
    StoreError,
    row::{from_date, inconsistent, to_date, to_datetime},
    several::push_list,
};
use crate::domain::{ids::DossierId, media::Inspection, piece::AttachedPiece};
use jiff::{Timestamp, civil::Date};
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(FromRow)]
pub(super) struct PieceRow {
    pub dossier_id: DossierId,
    pub code: String,
    pub sha256: String,
    pub name: String,
    pub media: String,
    pub bytes: u64,
    pub issued: Option<time::Date>,
    pub opened: Option<bool>,
    pub pages: Option<u32>,
    pub signed: Option<bool>,
}

impl TryFrom<PieceRow> for AttachedPiece {
    type Error = StoreError;
    fn try_from(row: PieceRow) -> Result<Self, StoreError> {
        let issued = match row.issued {
            Some(day) => Some(from_date(day).ok_or_else(|| inconsistent("piece", "issued"))?),
            None => None,
        };
        let inspection =
            row.opened.map(|opened| Inspection { opened, pages: row.pages, signed: row.signed.unwrap_or_default() });
        Ok(Self {
            code: row.code,
            sha256: row.sha256,
            name: row.name,
            media: row.media,
            bytes: row.bytes,
            issued,
            inspection,
        })
    }
}

/// Returns the pieces of a dossier, by code.
pub async fn of_dossier(db: &mut MySqlConnection, id: DossierId) -> Result<Vec<AttachedPiece>, StoreError> {
    let rows: Vec<PieceRow> = sqlx::query_as(
        "select dossier_id, code, sha256, name, media, bytes, issued, opened, pages, signed
         from piece where dossier_id = ? order by code",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(AttachedPiece::try_from).collect()
}

/// A piece, and the store that was seen to have its bytes.
#[derive(Clone, Debug)]
pub struct StoredPiece {
    pub piece: AttachedPiece,
    /// Id of the store; `None` if none was seen to have them.
    pub kept_in: Option<Uuid>,
}

#[derive(FromRow)]
struct StoredPieceRow {
    #[sqlx(flatten)]
    piece: PieceRow,
    kept_in: Option<Uuid>,
}

/// Returns the pieces of dossiers, by code.
pub async fn of_dossiers(
    db: &mut MySqlConnection,
    ids: &[DossierId],
) -> Result<HashMap<DossierId, Vec<StoredPiece>>, StoreError> {
    let mut all: HashMap<DossierId, Vec<StoredPiece>> = HashMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let mut query = QueryBuilder::new(
        "select dossier_id, code, sha256, name, media, bytes, issued, opened, pages, signed, kept_in
         from piece where dossier_id in ",
    );
    push_list(&mut query, ids);
    query.push(" order by dossier_id, code");
    let rows: Vec<StoredPieceRow> = query.build_query_as().fetch_all(db).await?;
    for StoredPieceRow { piece, kept_in } in rows {
        let id = piece.dossier_id;
        all.entry(id).or_default().push(StoredPiece { piece: piece.try_into()?, kept_in });
    }
    Ok(all)
}

/// Returns the pieces of all dossiers of an account.
pub async fn of_account(
    db: &mut MySqlConnection,
    owner: crate::domain::ids::AccountId,
) -> Result<HashMap<DossierId, Vec<AttachedPiece>>, StoreError> {
    let rows: Vec<PieceRow> = sqlx::query_as(
        "select p.dossier_id, p.code, p.sha256, p.name, p.media, p.bytes, p.issued, p.opened, p.pages, p.signed
         from piece p join dossier d on d.dossier_id = p.dossier_id where d.account_id = ?",
    )
    .bind(owner)
    .fetch_all(db)
    .await?;
    let mut all: HashMap<DossierId, Vec<AttachedPiece>> = HashMap::new();
    for row in rows {
        all.entry(row.dossier_id).or_default().push(AttachedPiece::try_from(row)?);
    }
    Ok(all)
}

/// Inserts a piece, or replaces the former one. `kept_in` is the store that was seen to have its bytes at that instant.
pub async fn replace(
    db: &mut MySqlConnection,
    id: DossierId,
    upload: &AttachedPiece,
    kept_in: Option<Uuid>,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "replace into piece (dossier_id, code, sha256, name, media, bytes, issued, uploaded_at, opened, pages, signed,
                             kept_in, kept_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(&upload.code)
    .bind(&upload.sha256)
    .bind(&upload.name)
    .bind(&upload.media)
    .bind(upload.bytes)
    .bind(upload.issued.and_then(to_date))
    .bind(to_datetime(at))
    .bind(upload.inspection.map(|inspection| inspection.opened))
    .bind(upload.inspection.and_then(|inspection| inspection.pages))
    .bind(upload.inspection.map(|inspection| inspection.signed))
    .bind(kept_in)
    .bind(kept_in.map(|_| to_datetime(at)))
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the day of issue of a piece.
pub async fn set_issued(db: &mut MySqlConnection, id: DossierId, code: &str, issued: Date) -> Result<(), StoreError> {
    sqlx::query("update piece set issued = ? where dossier_id = ? and code = ?")
        .bind(to_date(issued))
        .bind(id)
        .bind(code)
        .execute(db)
        .await?;
    Ok(())
}

/// Remembers that a store was seen to have a piece.
pub async fn seen(
    db: &mut MySqlConnection,
    id: DossierId,
    code: &str,
    store: Uuid,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("update piece set kept_in = ?, kept_at = ? where dossier_id = ? and code = ?")
        .bind(store)
        .bind(to_datetime(at))
        .bind(id.0)
        .bind(code)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes a piece from the draft. Deposited versions keep theirs.
pub async fn delete(db: &mut MySqlConnection, id: DossierId, code: &str) -> Result<bool, StoreError> {
    let done =
        sqlx::query("delete from piece where dossier_id = ? and code = ?").bind(id).bind(code).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

/// Whether a draft or deposit still refers to this digest.
pub async fn referenced(db: &mut MySqlConnection, sha256: &str) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "select (select count(*) from piece where sha256 = ?) + (select count(*) from deposit_piece where sha256 = ?)",
    )
    .bind(sha256)
    .bind(sha256)
    .fetch_one(db)
    .await?;
    Ok(found > 0)
}

/// Returns the digests of attachments that drafts or deposits refer to, in order, starting after a given one.
pub async fn digests(db: &mut MySqlConnection, after: &str, most: u32) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select sha256 from piece where sha256 > ? union select sha256 from deposit_piece where sha256 > ?
         order by sha256 limit ?",
    )
    .bind(after)
    .bind(after)
    .bind(most)
    .fetch_all(db)
    .await?)
}

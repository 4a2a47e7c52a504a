//! Records of the public register of companies, with the dossiers that they were taken for: the source of values in their
//! answers, and for a day what other look-ups are answered from.

use super::{
    StoreError,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{company_register::DatedRecord, ids::DossierId};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

#[derive(FromRow)]
struct LookupRow {
    taken_at: PrimitiveDateTime,
    record: String,
}

impl TryFrom<LookupRow> for DatedRecord {
    type Error = StoreError;
    fn try_from(row: LookupRow) -> Result<Self, StoreError> {
        dated_record(row.taken_at, &row.record)
    }
}

/// A record of columns that another statement read.
pub(super) fn dated_record(taken_at: PrimitiveDateTime, record: &str) -> Result<DatedRecord, StoreError> {
    let record = serde_json::from_str(record).map_err(|_| inconsistent("company_lookup", "record"))?;
    Ok(DatedRecord { taken_at: from_datetime(taken_at), record })
}

/// Records what was found for a dossier; a second time changes nothing.
pub async fn insert(db: &mut MySqlConnection, dossier: DossierId, found: &DatedRecord) -> Result<(), StoreError> {
    sqlx::query(
        "insert into company_lookup (dossier_id, siret, taken_at, record) values (?, ?, ?, ?)
         on duplicate key update siret = siret",
    )
    .bind(dossier)
    .bind(&found.record.siret)
    .bind(to_datetime(found.taken_at))
    .bind(serde_json::json!(found.record).to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the newest record of an establishment that was taken between two instants, for whichever dossier.
pub async fn taken_between(
    db: &mut MySqlConnection,
    siret: &str,
    since: Timestamp,
    until: Timestamp,
) -> Result<Option<DatedRecord>, StoreError> {
    let row: Option<LookupRow> = sqlx::query_as(
        "select taken_at, record from company_lookup where siret = ? and taken_at > ? and taken_at <= ?
         order by taken_at desc limit 1",
    )
    .bind(siret)
    .bind(to_datetime(since))
    .bind(to_datetime(until))
    .fetch_optional(db)
    .await?;
    row.map(DatedRecord::try_from).transpose()
}

/// Returns the newest record of an establishment that a dossier had at an instant.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: DossierId,
    siret: &str,
    at: Timestamp,
) -> Result<Option<DatedRecord>, StoreError> {
    let row: Option<LookupRow> = sqlx::query_as(
        "select taken_at, record from company_lookup where dossier_id = ? and siret = ? and taken_at <= ?
         order by taken_at desc limit 1",
    )
    .bind(dossier)
    .bind(siret)
    .bind(to_datetime(at))
    .fetch_optional(db)
    .await?;
    row.map(DatedRecord::try_from).transpose()
}

/// Returns every record of a dossier, the oldest first.
pub async fn all_of_dossier(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<DatedRecord>, StoreError> {
    let rows: Vec<LookupRow> =
        sqlx::query_as("select taken_at, record from company_lookup where dossier_id = ? order by taken_at, siret")
            .bind(dossier)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(DatedRecord::try_from).collect()
}

/// Gives a dossier the records of another one, with whose answers it begins.
pub async fn copy(db: &mut MySqlConnection, from: DossierId, to: DossierId) -> Result<(), StoreError> {
    sqlx::query(
        "insert into company_lookup (dossier_id, siret, taken_at, record)
         select ?, siret, taken_at, record from company_lookup where dossier_id = ?",
    )
    .bind(to)
    .bind(from)
    .execute(db)
    .await?;
    Ok(())
}

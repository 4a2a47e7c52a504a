//! Uploads into a bucket that are under way. All instants are the database's, so that machines with different clocks agree
//! on which ones are held.

use super::{StoreError, row::IDS_PER_STATEMENT};
use crate::domain::ids::DossierId;
use sqlx::{MySqlConnection, QueryBuilder};
use uuid::Uuid;

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UploadRow {
    pub upload_id: String,
    /// Who began it.
    pub account_id: Uuid,
    /// What the application remembers of it, as JSON.
    pub note: String,
    /// What has arrived, as JSON.
    pub parts: String,
    /// The request whose turn it is.
    pub turn: Uuid,
}

/// What a request records of an upload.
#[derive(Clone, Copy, Debug)]
pub struct UploadState<'a> {
    /// What has arrived, as JSON.
    pub parts: &'a str,
    /// Number of bytes of that.
    pub bytes: u64,
    /// Whether a later request has to wait.
    pub finishing: bool,
    /// How long the upload is held without a further record, in seconds; 0 to release it.
    pub held_seconds: u32,
}

/// Inserts an upload of which nothing has arrived.
pub async fn begin(db: &mut MySqlConnection, row: &UploadRow) -> Result<(), StoreError> {
    sqlx::query(
        "insert into upload (upload_id, account_id, note, parts, bytes, turn, used_at)
         values (?, ?, ?, ?, 0, ?, utc_timestamp(6)) on duplicate key update used_at = utc_timestamp(6)",
    )
    .bind(&row.upload_id)
    .bind(row.account_id)
    .bind(&row.note)
    .bind(&row.parts)
    .bind(row.turn)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns an upload of an account.
pub async fn find(db: &mut MySqlConnection, account: Uuid, id: &str) -> Result<Option<UploadRow>, StoreError> {
    Ok(sqlx::query_as(
        "select upload_id, account_id, note, parts, turn from upload where upload_id = ? and account_id = ?",
    )
    .bind(id)
    .bind(account)
    .fetch_optional(db)
    .await?)
}

/// Takes the turn; returns false if the upload is gone, or is being finished.
pub async fn claim(db: &mut MySqlConnection, id: &str, turn: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update upload set turn = ?, finishing = 0, held_until = null, used_at = utc_timestamp(6)
         where upload_id = ? and (finishing = 0 or held_until is null or held_until < utc_timestamp(6))",
    )
    .bind(turn)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Records what has arrived; returns false if it is the turn of another request.
pub async fn record(
    db: &mut MySqlConnection,
    id: &str,
    turn: Uuid,
    state: UploadState<'_>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update upload set parts = ?, bytes = ?, finishing = ?, used_at = utc_timestamp(6),
                held_until = if(? = 0, null, utc_timestamp(6) + interval ? second)
         where upload_id = ? and turn = ?",
    )
    .bind(state.parts)
    .bind(state.bytes)
    .bind(state.finishing)
    .bind(state.held_seconds)
    .bind(state.held_seconds)
    .bind(id)
    .bind(turn)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Replaces the note; returns false if it is the turn of another request.
pub async fn note(db: &mut MySqlConnection, id: &str, turn: Uuid, note: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("update upload set note = ?, used_at = utc_timestamp(6) where upload_id = ? and turn = ?")
        .bind(note)
        .bind(id)
        .bind(turn)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes an upload that it is the turn of.
pub async fn remove(db: &mut MySqlConnection, id: &str, turn: Uuid) -> Result<(), StoreError> {
    sqlx::query("delete from upload where upload_id = ? and turn = ?").bind(id).bind(turn).execute(db).await?;
    Ok(())
}

/// Removes an upload unless a request holds it, and returns whether it did.
pub async fn remove_unheld(db: &mut MySqlConnection, id: &str) -> Result<bool, StoreError> {
    let done =
        sqlx::query("delete from upload where upload_id = ? and (held_until is null or held_until < utc_timestamp(6))")
            .bind(id)
            .execute(db)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Returns the uploads of an account, the longest unused first.
pub async fn of_account(db: &mut MySqlConnection, account: Uuid) -> Result<Vec<UploadRow>, StoreError> {
    Ok(sqlx::query_as(
        "select upload_id, account_id, note, parts, turn from upload where account_id = ? order by used_at",
    )
    .bind(account)
    .fetch_all(db)
    .await?)
}

/// Returns the uploads to some dossiers, of all accounts.
pub async fn to_dossiers(db: &mut MySqlConnection, dossiers: &[DossierId]) -> Result<Vec<UploadRow>, StoreError> {
    let mut found = Vec::new();
    for some in dossiers.chunks(IDS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "select upload_id, account_id, note, parts, turn from upload where json_value(note, '$.dossier') in (",
        );
        let mut listed = query.separated(", ");
        for id in some {
            listed.push_bind(id.to_string());
        }
        query.push(")");
        let rows: Vec<UploadRow> = query.build_query_as().fetch_all(&mut *db).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Returns uploads that were not used for so many seconds.
pub async fn unused(db: &mut MySqlConnection, seconds: u32, most: u32) -> Result<Vec<UploadRow>, StoreError> {
    Ok(sqlx::query_as(
        "select upload_id, account_id, note, parts, turn from upload
         where used_at < utc_timestamp(6) - interval ? second order by used_at limit ?",
    )
    .bind(seconds)
    .bind(most)
    .fetch_all(db)
    .await?)
}

/// Returns the number of bytes of all uploads.
pub async fn total_bytes(db: &mut MySqlConnection) -> Result<u64, StoreError> {
    Ok(sqlx::query_scalar("select cast(coalesce(sum(bytes), 0) as unsigned) from upload").fetch_one(db).await?)
}

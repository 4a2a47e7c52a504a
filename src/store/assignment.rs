//! Assignments of dossiers to experts.

use super::{StoreError, row::to_datetime};
use crate::domain::{
    ids::{AccountId, DossierId},
    text::Lang,
};
use jiff::Timestamp;
use sqlx::MySqlConnection;
use uuid::Uuid;

/// An assignment that stands.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: Uuid,
    /// Address of the expert.
    pub email: String,
    /// Address of the officer who assigned it.
    pub given_by: String,
    /// When it was assigned.
    pub at: Timestamp,
    /// The expert's declaration: a conflict of interest (true), none (false), or nothing yet.
    pub conflict: Option<bool>,
    /// When the expert made that declaration.
    pub declared_at: Option<Timestamp>,
    /// Whether the account still is an active expert and not a guest of the dossier.
    pub able: bool,
}

/// An expert to whom a dossier can be assigned.
#[derive(Clone, Debug)]
pub struct Expert {
    pub id: AccountId,
    pub email: String,
    /// Language of the mails.
    pub lang: Lang,
}

pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    dossier: DossierId,
    expert: AccountId,
    by: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at)
         values (?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(dossier)
    .bind(expert)
    .bind(by)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    Ok(())
}

/// Ends an assignment, and returns the expert if it existed.
pub async fn end(
    db: &mut MySqlConnection,
    dossier: DossierId,
    id: Uuid,
    by: AccountId,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let done = sqlx::query(
        "update assignment set ended_at = ?, ended_by = ?
         where assignment_id = ? and dossier_id = ? and ended_at is null",
    )
    .bind(to_datetime(now))
    .bind(by)
    .bind(id)
    .bind(dossier)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select account_id from assignment where assignment_id = ?")
        .bind(id)
        .fetch_optional(db)
        .await?)
}

/// Whether a dossier is assigned to an expert.
pub async fn stands(db: &mut MySqlConnection, dossier: DossierId, expert: AccountId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from assignment where dossier_id = ? and account_id = ? and ended_at is null)",
    )
    .bind(dossier)
    .bind(expert)
    .fetch_one(db)
    .await?)
}

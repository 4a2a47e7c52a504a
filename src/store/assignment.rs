//! Assignments of dossiers to experts.

use super::{StoreError, row::to_datetime};
use crate::domain::{
    ids::{AccountId, DossierId},
    text::Lang,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
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

/// Inserts an assignment. Returns false if the account of the expert was closed meanwhile.
pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    dossier: DossierId,
    expert: AccountId,
    by: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at)
         select ?, ?, account_id, ?, ? from account where account_id = ? and closed_at is null lock in share mode",
    )
    .bind(id)
    .bind(dossier)
    .bind(by)
    .bind(to_datetime(now))
    .bind(expert)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
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

/// An assignment that was ended.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct EndedAssignment {
    pub id: Uuid,
    pub dossier: DossierId,
}

/// Ends every assignment of an expert who leaves, and returns them.
pub async fn end_of_account(
    db: &mut MySqlConnection,
    expert: AccountId,
    now: Timestamp,
) -> Result<Vec<EndedAssignment>, StoreError> {
    let standing: Vec<EndedAssignment> = sqlx::query_as(
        "select assignment_id as id, dossier_id as dossier from assignment
         where account_id = ? and ended_at is null order by assignment_id for update",
    )
    .bind(expert)
    .fetch_all(&mut *db)
    .await?;
    sqlx::query("update assignment set ended_at = ?, ended_by = ? where account_id = ? and ended_at is null")
        .bind(to_datetime(now))
        .bind(expert)
        .bind(expert)
        .execute(db)
        .await?;
    Ok(standing)
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

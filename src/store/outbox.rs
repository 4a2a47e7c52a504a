//! Follow-up work, written in the transaction of its cause and done afterwards, at least once.

use super::{StoreError, row::instant};
use jiff::Timestamp;
use sqlx::MySqlConnection;
use uuid::Uuid;

/// A job as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Job {
    /// Id; the same job done twice must have the effect of one.
    pub job_id: Uuid,
    /// Kind.
    pub kind: String,
    /// What to do, as JSON.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Adds a job.
///
/// # Errors
/// When the database fails.
pub async fn push(
    db: &mut MySqlConnection,
    id: Uuid,
    kind: &str,
    payload: &serde_json::Value,
    due: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into outbox (job_id, kind, payload, due_at, attempts) values (?, ?, ?, ?, 0)")
        .bind(id)
        .bind(kind)
        .bind(payload.to_string())
        .bind(instant(due))
        .execute(db)
        .await?;
    Ok(())
}

/// Takes due jobs; they stay locked until the transaction ends, and other processes pass them by.
///
/// # Errors
/// When the database fails.
pub async fn take(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
    Ok(sqlx::query_as(
        "select job_id, kind, payload, attempts from outbox
         where done_at is null and due_at <= ? order by due_at limit ? for update skip locked",
    )
    .bind(instant(now))
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Marks a job as done and forgets what it was about: a sign-in link must not outlive its sending.
///
/// # Errors
/// When the database fails.
pub async fn done(db: &mut MySqlConnection, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "update outbox set done_at = ?, attempts = attempts + 1, failure = null, payload = '{}' where job_id = ?",
    )
    .bind(instant(now))
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a job off after a failure.
///
/// # Errors
/// When the database fails.
pub async fn postpone(db: &mut MySqlConnection, id: Uuid, due: Timestamp, failure: &str) -> Result<(), StoreError> {
    let failure: String = failure.chars().take(500).collect();
    sqlx::query("update outbox set due_at = ?, attempts = attempts + 1, failure = ? where job_id = ?")
        .bind(instant(due))
        .bind(failure)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Age in seconds of the oldest job that should have been done, zero when there is none. It counts from when the job was
/// made, which its id tells: each failure puts the due instant off.
///
/// # Errors
/// When the database fails.
pub async fn oldest_seconds(db: &mut MySqlConnection, now: Timestamp) -> Result<i64, StoreError> {
    let oldest: Option<Uuid> =
        sqlx::query_scalar("select min(job_id) from outbox where done_at is null and (due_at <= ? or attempts > 0)")
            .bind(instant(now))
            .fetch_one(db)
            .await?;
    let made = oldest.and_then(|id| id.get_timestamp()).and_then(|made| i64::try_from(made.to_unix().0).ok());
    Ok(made.map_or(0, |made| (now.as_second() - made).max(0)))
}

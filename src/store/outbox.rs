//! Follow-up work (transactional outbox): written in the transaction that causes it and done afterwards, at least once.

use super::{StoreError, row::to_datetime};
use crate::domain::slugs::slugs;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

slugs! {
    /// Kind of a job. Another release may know others.
    pub enum JobKind {
        /// A mail to send.
        Mail = "mail",
    }
}

/// A job as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Job {
    /// Id. Doing the same job twice must have the effect of once.
    pub job_id: Uuid,
    /// Name of its kind.
    pub kind: String,
    /// The task, as JSON.
    pub payload: String,
    /// Number of attempts.
    pub attempts: u32,
}

/// Inserts a mail to send.
pub async fn enqueue_mail(
    db: &mut MySqlConnection,
    id: Uuid,
    message: &impl Serialize,
    due: Timestamp,
) -> Result<(), StoreError> {
    let payload = serde_json::json!(message);
    enqueue(db, id, JobKind::Mail, &payload, due).await
}

async fn enqueue(
    db: &mut MySqlConnection,
    id: Uuid,
    kind: JobKind,
    payload: &serde_json::Value,
    due: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into outbox (job_id, kind, payload, due_at, attempts) values (?, ?, ?, ?, 0)")
        .bind(id)
        .bind(kind.slug())
        .bind(payload.to_string())
        .bind(to_datetime(due))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the jobs that are due, the longest waiting first. Nothing is locked; a worker claims each job before it runs
/// it.
pub async fn fetch_due(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
    Ok(sqlx::query_as(
        "select job_id, kind, payload, attempts from outbox where done_at is null and due_at <= ?
         order by due_at limit ?",
    )
    .bind(to_datetime(now))
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Claims a job for one attempt: it is not due again until the lease ends. Returns false if another worker has claimed
/// it, which shows in the count of attempts.
pub async fn claim(db: &mut MySqlConnection, job: &Job, lease_ends: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update outbox set due_at = ?, attempts = attempts + 1 where job_id = ? and attempts = ? and done_at is null",
    )
    .bind(to_datetime(lease_ends))
    .bind(job.job_id)
    .bind(job.attempts)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks a job as done and deletes its content, because a sign-in link must not outlive its sending.
pub async fn mark_done(db: &mut MySqlConnection, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update outbox set done_at = ?, failure = null, payload = '{}' where job_id = ?")
        .bind(to_datetime(now))
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the jobs that are done and were created before an instant, and returns how many. Their ids are
/// smaller than `before`.
pub async fn sweep(db: &mut MySqlConnection, before: Uuid, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from outbox where job_id < ? and done_at is not null order by job_id limit ?")
        .bind(before)
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

/// Postpones a job after a failure.
pub async fn postpone(db: &mut MySqlConnection, id: Uuid, due: Timestamp, failure: &str) -> Result<(), StoreError> {
    let failure: String = failure.chars().take(500).collect();
    sqlx::query("update outbox set due_at = ?, failure = ? where job_id = ? and done_at is null")
        .bind(to_datetime(due))
        .bind(failure)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the age in seconds of the oldest job that should have been done, or zero. The age counts from the creation
/// of the job, which its id contains, because each failure postpones the due instant.
pub async fn oldest_due_age_seconds(db: &mut MySqlConnection, now: Timestamp) -> Result<i64, StoreError> {
    let oldest: Option<Uuid> =
        sqlx::query_scalar("select min(job_id) from outbox where done_at is null and (due_at <= ? or attempts > 0)")
            .bind(to_datetime(now))
            .fetch_one(db)
            .await?;
    let made = oldest.and_then(|id| id.get_timestamp()).and_then(|made| i64::try_from(made.to_unix().0).ok());
    Ok(made.map_or(0, |made| (now.as_second() - made).max(0)))
}

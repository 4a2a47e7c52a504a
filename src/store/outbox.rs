//! Follow-up work (transactional outbox): written in the transaction that causes it and done afterwards, at least once.

use super::{StoreError, row::to_datetime, several::chunks};
use crate::domain::slugs::slugs;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{MySqlConnection, QueryBuilder};
use uuid::Uuid;

slugs! {
    /// Kind of a job. Another release may know others.
    pub enum JobKind {
        /// A mail to send.
        Mail = "mail",
    }
}

/// Most characters of a failure.
const MAX_FAILURE_CHARS: usize = 500;

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
    enqueue_mails(db, &[(id, message)], due).await
}

/// Inserts mails to send.
pub async fn enqueue_mails(
    db: &mut MySqlConnection,
    mails: &[(Uuid, &impl Serialize)],
    due: Timestamp,
) -> Result<(), StoreError> {
    for chunk in chunks(mails) {
        let mut query = QueryBuilder::new("insert into outbox (job_id, kind, payload, due_at, attempts) ");
        query.push_values(chunk, |mut row, (id, message)| {
            row.push_bind(id).push_bind(JobKind::Mail.slug());
            row.push_bind(serde_json::json!(message).to_string()).push_bind(to_datetime(due)).push("0");
        });
        query.build().execute(&mut *db).await?;
    }
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

/// Marks a job as done. Of its content only the recipient stays, for reports on the delivery: a sign-in link must not
/// outlive its sending.
pub async fn mark_done(db: &mut MySqlConnection, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    end(db, id, now, None).await
}

/// Ends a job that failed for good; what is kept of it is the same.
pub async fn give_up(db: &mut MySqlConnection, id: Uuid, now: Timestamp, failure: &str) -> Result<(), StoreError> {
    end(db, id, now, Some(failure)).await
}

async fn end(db: &mut MySqlConnection, id: Uuid, now: Timestamp, failure: Option<&str>) -> Result<(), StoreError> {
    sqlx::query(
        "update outbox set done_at = ?, failure = ?, payload = json_object('to', json_value(payload, '$.to'))
         where job_id = ?",
    )
    .bind(to_datetime(now))
    .bind(failure.map(shortened))
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// The failure as the column takes it.
fn shortened(failure: &str) -> String {
    failure.chars().take(MAX_FAILURE_CHARS).collect()
}

/// Returns the recipient of a mail that was sent, or is to be sent; `None` once its job has been swept.
pub async fn recipient(db: &mut MySqlConnection, id: Uuid) -> Result<Option<String>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Recipient {
        to: String,
    }
    let payload: Option<String> =
        sqlx::query_scalar("select payload from outbox where job_id = ?").bind(id).fetch_optional(db).await?;
    Ok(payload.and_then(|payload| serde_json::from_str::<Recipient>(&payload).ok()).map(|recipient| recipient.to))
}

/// Returns the number of mails that wait, and of those, how many have failed before.
pub async fn count_waiting(db: &mut MySqlConnection) -> Result<(i64, i64), StoreError> {
    let counts = sqlx::query_as("select count(*), count(failure) from outbox where done_at is null");
    Ok(counts.fetch_one(db).await?)
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
    sqlx::query("update outbox set due_at = ?, failure = ? where job_id = ? and done_at is null")
        .bind(to_datetime(due))
        .bind(shortened(failure))
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

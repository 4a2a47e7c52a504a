//! The text of attached files, one row for each digest, and the queue of those that are to be read.

use super::{StoreError, column::InstantColumn, row::to_datetime, several::push_list};
use crate::domain::search::TextState;
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};

/// Most characters that are kept of the reason of a failure.
const MAX_FAILURE_CHARS: usize = 500;

/// Queues files, each with whether its text can be read at all; those that have a row keep it.
pub async fn enqueue(db: &mut MySqlConnection, files: &[(&str, bool)], now: Timestamp) -> Result<(), StoreError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert ignore into piece_text (sha256, state, queued_at, attempts, due_at) ");
    query.push_values(files, |mut row, (sha256, readable)| {
        let state = if *readable { TextState::Waiting } else { TextState::Unreadable };
        row.push_bind(*sha256).push_bind(state.slug());
        row.push_bind(to_datetime(now)).push_bind(0_u32).push_bind(readable.then(|| to_datetime(now)));
    });
    query.build().execute(db).await?;
    Ok(())
}

/// Returns the texts of files, as far as they are known. None becomes known until the transaction ends, so that what is
/// indexed with them is not outdated unnoticed.
pub async fn lock(db: &mut MySqlConnection, digests: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("select sha256, body from piece_text where sha256 in ");
    push_list(&mut query, digests);
    query.push(" lock in share mode");
    let rows: Vec<(String, Option<String>)> = query.build_query_as().fetch_all(db).await?;
    Ok(rows.into_iter().filter_map(|(sha256, body)| Some((sha256, body?))).collect())
}

/// Returns the texts of files, as far as they are known.
pub async fn of_digests(db: &mut MySqlConnection, digests: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("select sha256, body from piece_text where body is not null and sha256 in ");
    push_list(&mut query, digests);
    Ok(query.build_query_as().fetch_all(db).await?)
}

/// Counts the files, each once, whose text is searched.
pub async fn count_indexed(db: &mut MySqlConnection, digests: &[&str]) -> Result<u64, StoreError> {
    if digests.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::new("select count(*) from piece_text where state = ");
    query.push_bind(TextState::Indexed.slug()).push(" and sha256 in ");
    push_list(&mut query, digests);
    let count: i64 = query.build_query_scalar().fetch_one(db).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A file to read.
#[derive(Clone, Debug, FromRow)]
pub struct QueuedFile {
    pub sha256: String,
    /// Attempts that the file itself failed.
    pub attempts: u32,
    #[sqlx(try_from = "InstantColumn")]
    pub queued_at: Timestamp,
}

/// Returns the files that are to be read. Nothing is locked; a worker claims each file before it reads it.
pub async fn fetch_due(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<Vec<QueuedFile>, StoreError> {
    Ok(sqlx::query_as("select sha256, attempts, queued_at from piece_text where due_at <= ? order by due_at limit ?")
        .bind(to_datetime(now))
        .bind(limit)
        .fetch_all(db)
        .await?)
}

/// Claims a file for one attempt: it is not due again until the lease ends. Returns the claimed file, or `None` if another
/// worker has it.
pub async fn claim(
    db: &mut MySqlConnection,
    queued: &QueuedFile,
    now: Timestamp,
    lease_ends: Timestamp,
) -> Result<Option<QueuedFile>, StoreError> {
    let done = sqlx::query(
        "update piece_text set attempts = attempts + 1, due_at = ? where sha256 = ? and attempts = ? and due_at <= ?",
    )
    .bind(to_datetime(lease_ends))
    .bind(&queued.sha256)
    .bind(queued.attempts)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    let claimed = QueuedFile { attempts: queued.attempts + 1, ..queued.clone() };
    Ok((done.rows_affected() == 1).then_some(claimed))
}

/// Records the text of a claimed file, which is not due any more; false if the claim was lost.
pub async fn record(db: &mut MySqlConnection, claimed: &QueuedFile, body: &str) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update piece_text set state = ?, body = ?, due_at = null, failure = null
         where sha256 = ? and attempts = ? and due_at is not null",
    )
    .bind(TextState::Indexed.slug())
    .bind(body)
    .bind(&claimed.sha256)
    .bind(claimed.attempts)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has a claimed file read later, and does not count the attempt. Nothing is recorded if the claim was lost, or if the file
/// is due already, because it is clean now.
pub async fn postpone(
    db: &mut MySqlConnection,
    claimed: &QueuedFile,
    reason: &str,
    now: Timestamp,
    due: Timestamp,
) -> Result<(), StoreError> {
    let reason: String = reason.chars().take(MAX_FAILURE_CHARS).collect();
    sqlx::query(
        "update piece_text set attempts = attempts - 1, failure = ?, due_at = ?
         where sha256 = ? and attempts = ? and due_at > ?",
    )
    .bind(reason)
    .bind(to_datetime(due))
    .bind(&claimed.sha256)
    .bind(claimed.attempts)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the text of an infected file, or has it not read; whoever reads it now has lost the claim. True if the file had
/// a text or was to be read.
pub async fn remove_infected(db: &mut MySqlConnection, sha256: &str) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update piece_text set state = ?, body = null, due_at = null, attempts = 0, failure = null
         where sha256 = ? and (body is not null or due_at is not null)",
    )
    .bind(TextState::Infected.slug())
    .bind(sha256)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has a file read now that was infected until now, or that waits to be scanned.
pub async fn enqueue_clean(db: &mut MySqlConnection, sha256: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "update piece_text set due_at = ?, queued_at = if(state = ?, ?, queued_at), state = ?
         where sha256 = ? and state in (?, ?)",
    )
    .bind(to_datetime(now))
    .bind(TextState::Infected.slug())
    .bind(to_datetime(now))
    .bind(TextState::Waiting.slug())
    .bind(sha256)
    .bind(TextState::Infected.slug())
    .bind(TextState::Waiting.slug())
    .execute(db)
    .await?;
    Ok(())
}

/// Records that an attempt gave no text, and when the next one is due, if there is one. Nothing is recorded if the claim
/// was lost.
pub async fn record_failure(
    db: &mut MySqlConnection,
    claimed: &QueuedFile,
    failure: &str,
    due: Option<Timestamp>,
) -> Result<(), StoreError> {
    let failure: String = failure.chars().take(MAX_FAILURE_CHARS).collect();
    sqlx::query(
        "update piece_text set state = ?, failure = ?, due_at = ? where sha256 = ? and attempts = ? and due_at is not null",
    )
    .bind(TextState::Unreadable.slug())
    .bind(failure)
    .bind(due.map(to_datetime))
    .bind(&claimed.sha256)
    .bind(claimed.attempts)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the text of a file that is not kept any more.
pub async fn forget(db: &mut MySqlConnection, sha256: &str) -> Result<(), StoreError> {
    sqlx::query(
        "delete from piece_text where sha256 = ?
         and not exists (select 1 from deposit_piece q where q.sha256 = piece_text.sha256)",
    )
    .bind(sha256)
    .execute(db)
    .await?;
    Ok(())
}

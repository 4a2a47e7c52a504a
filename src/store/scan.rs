//! The virus scan of attached files, one row for each digest: its result, and the queue of those that are to be scanned.

use super::{
    StoreError,
    row::{from_datetime, inconsistent, to_datetime},
    several::push_list,
};
use crate::domain::{
    ids::DossierId,
    scan::{Scan, ScanState, Verdict},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use time::PrimitiveDateTime;

/// Most characters that are kept of the reason of a failure.
const MAX_FAILURE_CHARS: usize = 500;

#[derive(FromRow)]
pub(super) struct ScanRow {
    pub sha256: String,
    pub state: String,
    pub signature: Option<String>,
    pub scanned_at: Option<PrimitiveDateTime>,
}

impl TryFrom<ScanRow> for (String, Scan) {
    type Error = StoreError;
    fn try_from(row: ScanRow) -> Result<Self, StoreError> {
        let ScanRow { sha256, signature, .. } = row;
        let scan = Scan { state: state(&row.state)?, signature, scanned_at: row.scanned_at.map(from_datetime) };
        Ok((sha256, scan))
    }
}

fn state(slug: &str) -> Result<ScanState, StoreError> {
    slug.parse().map_err(|()| inconsistent("scan", "state"))
}

/// Returns what is known of files. A digest that was never queued is missing.
pub async fn of_digests(db: &mut MySqlConnection, digests: &[&str]) -> Result<Vec<(String, Scan)>, StoreError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("select sha256, state, signature, scanned_at from scan where sha256 in ");
    push_list(&mut query, digests);
    let rows: Vec<ScanRow> = query.build_query_as().fetch_all(db).await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Queues files; those that have a row keep it. Returns how many had none.
pub async fn enqueue(db: &mut MySqlConnection, digests: &[&str], now: Timestamp) -> Result<u64, StoreError> {
    if digests.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::new("insert ignore into scan (sha256, state, queued_at, attempts, due_at) ");
    query.push_values(digests, |mut row, sha256| {
        row.push_bind(*sha256).push_bind(ScanState::Waiting.slug());
        row.push_bind(to_datetime(now)).push_bind(0_u32).push_bind(to_datetime(now));
    });
    Ok(query.build().execute(db).await?.rows_affected())
}

/// Returns digests of drafts and deposits that were never queued. Nothing is locked.
pub async fn never_queued(db: &mut MySqlConnection, limit: u32) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select p.sha256 from piece p where not exists (select 1 from scan s where s.sha256 = p.sha256)
         union
         select q.sha256 from deposit_piece q where not exists (select 1 from scan s where s.sha256 = q.sha256)
         limit ?",
    )
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Queues some files of drafts and deposits whose last verdict is older than `before` and comes from another version
/// of the scanner, and returns how many. They keep that verdict until the next one.
pub async fn enqueue_outdated(
    db: &mut MySqlConnection,
    scanner: &str,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "update scan set due_at = ?
         where due_at is null and scanner <> ? and scanned_at < ?
           and (exists (select 1 from piece p where p.sha256 = scan.sha256)
                or exists (select 1 from deposit_piece q where q.sha256 = scan.sha256))
         order by sha256 limit ?",
    )
    .bind(to_datetime(now))
    .bind(scanner)
    .bind(to_datetime(before))
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A file to scan.
#[derive(Clone, Debug, FromRow)]
pub struct QueuedScan {
    pub sha256: String,
    /// Attempts since the last verdict.
    pub attempts: u32,
}

/// Returns the files that are to be scanned, those without a verdict first. Nothing is locked; a worker claims each file
/// before it scans it.
pub async fn fetch_due(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<Vec<QueuedScan>, StoreError> {
    Ok(sqlx::query_as(
        "select sha256, attempts from scan where due_at <= ? order by scanned_at is not null, due_at limit ?",
    )
    .bind(to_datetime(now))
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Claims a file for one attempt: it is not due again until the lease ends. Returns the claimed file, or `None` if another
/// worker has it.
pub async fn claim(
    db: &mut MySqlConnection,
    queued: &QueuedScan,
    now: Timestamp,
    lease_ends: Timestamp,
) -> Result<Option<QueuedScan>, StoreError> {
    let done = sqlx::query(
        "update scan set attempts = attempts + 1, due_at = ? where sha256 = ? and attempts = ? and due_at <= ?",
    )
    .bind(to_datetime(lease_ends))
    .bind(&queued.sha256)
    .bind(queued.attempts)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    let claimed = QueuedScan { sha256: queued.sha256.clone(), attempts: queued.attempts + 1 };
    Ok((done.rows_affected() == 1).then_some(claimed))
}

/// Returns the state of a claimed file, locked until the transaction ends; `None` if the claim was lost.
pub async fn lock(db: &mut MySqlConnection, claimed: &QueuedScan) -> Result<Option<ScanState>, StoreError> {
    let found: Option<String> = sqlx::query_scalar(
        "select state from scan where sha256 = ? and attempts = ? and due_at is not null for update",
    )
    .bind(&claimed.sha256)
    .bind(claimed.attempts)
    .fetch_optional(db)
    .await?;
    found.map(|slug| state(&slug)).transpose()
}

/// Records a verdict; the file is not due any more.
pub async fn record_verdict(
    db: &mut MySqlConnection,
    sha256: &str,
    verdict: &Verdict,
    scanner: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let signature = match verdict {
        Verdict::Clean => None,
        Verdict::Infected { signature } => Some(signature),
    };
    sqlx::query(
        "update scan set state = ?, signature = ?, scanner = ?, scanned_at = ?, attempts = 0, due_at = null, failure = null
         where sha256 = ?",
    )
    .bind(verdict.state().slug())
    .bind(signature)
    .bind(scanner)
    .bind(to_datetime(at))
    .bind(sha256)
    .execute(db)
    .await?;
    Ok(())
}

/// Records that an attempt gave no verdict, and when the next one is due. A file keeps the verdict that it has. Nothing is
/// recorded if the claim was lost.
pub async fn record_failure(
    db: &mut MySqlConnection,
    claimed: &QueuedScan,
    failure: &str,
    due: Timestamp,
) -> Result<(), StoreError> {
    let failure: String = failure.chars().take(MAX_FAILURE_CHARS).collect();
    sqlx::query(
        "update scan set state = if(scanned_at is null, ?, state), failure = ?, due_at = ?
         where sha256 = ? and attempts = ? and due_at is not null",
    )
    .bind(ScanState::Unscannable.slug())
    .bind(failure)
    .bind(to_datetime(due))
    .bind(&claimed.sha256)
    .bind(claimed.attempts)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns dossier and code of every draft and current deposit that a file belongs to.
pub async fn references(db: &mut MySqlConnection, sha256: &str) -> Result<Vec<(DossierId, String)>, StoreError> {
    Ok(sqlx::query_as(
        "select dossier_id, code from piece where sha256 = ?
         union
         select q.dossier_id, q.code from deposit_piece q
         join deposit d on d.dossier_id = q.dossier_id and d.version = q.version and d.standing
         where q.sha256 = ?",
    )
    .bind(sha256)
    .bind(sha256)
    .fetch_all(db)
    .await?)
}

/// Removes the row of a file that is not kept any more; not when it was attached again meanwhile.
pub async fn forget(db: &mut MySqlConnection, sha256: &str) -> Result<(), StoreError> {
    sqlx::query(
        "delete from scan where sha256 = ?
         and not exists (select 1 from piece p where p.sha256 = scan.sha256)
         and not exists (select 1 from deposit_piece q where q.sha256 = scan.sha256)",
    )
    .bind(sha256)
    .execute(db)
    .await?;
    Ok(())
}

/// Numbers of files by their state, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanCounts {
    pub waiting: u64,
    pub clean: u64,
    pub infected: u64,
    pub unscannable: u64,
    /// Since when the file that waits for the longest has waited.
    pub waiting_since: Option<Timestamp>,
}

#[derive(FromRow)]
struct CountRow {
    waiting: u64,
    clean: u64,
    infected: u64,
    unscannable: u64,
    waiting_since: Option<PrimitiveDateTime>,
}

/// Counts the files by their state.
pub async fn count(db: &mut MySqlConnection) -> Result<ScanCounts, StoreError> {
    let row: CountRow = sqlx::query_as(
        "select cast(coalesce(sum(state = 'waiting'), 0) as unsigned) as waiting,
                cast(coalesce(sum(state = 'clean'), 0) as unsigned) as clean,
                cast(coalesce(sum(state = 'infected'), 0) as unsigned) as infected,
                cast(coalesce(sum(state = 'unscannable'), 0) as unsigned) as unscannable,
                min(if(state = 'waiting', queued_at, null)) as waiting_since
         from scan",
    )
    .fetch_one(db)
    .await?;
    let CountRow { waiting, clean, infected, unscannable, waiting_since } = row;
    Ok(ScanCounts { waiting, clean, infected, unscannable, waiting_since: waiting_since.map(from_datetime) })
}

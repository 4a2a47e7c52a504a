//! The worker of the outbox: does what transactions left to be done, at least once, in every process.

use super::{App, AppError, mail, mail::Letter};
use crate::store::{Freshness, outbox, piece};
use jiff::SignedDuration;
use std::time::{Duration, SystemTime};

/// How long the worker rests when nobody wakes it; another process may have left work.
const REST: Duration = Duration::from_secs(1);
/// How often files without rows are swept.
const SWEEP: Duration = Duration::from_secs(3600);
/// How old a file without a row must be: far longer than any upload.
const ORPHAN: Duration = Duration::from_secs(24 * 3600);
/// Tries after which a job waits an hour between two.
const PATIENCE: u32 = 10;

/// Works until the future is dropped. Each step is a transaction of its own, so stopping anywhere loses nothing.
pub async fn work(app: App) {
    let mut swept = tokio::time::Instant::now();
    loop {
        match run_due(&app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "outbox.failed"),
        }
        if let Err(error) = app.flush_readings().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "readings.failed");
        }
        if swept.elapsed() > SWEEP {
            swept = tokio::time::Instant::now();
            match sweep(&app, ORPHAN).await {
                Ok(removed) => tracing::info!(removed, "attachments.swept"),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "attachments.sweep_failed"),
            }
        }
        tokio::select! {
            () = app.work.notified() => {}
            () = tokio::time::sleep(REST) => {}
        }
    }
}

/// Does the jobs that are due and tells how many there were.
///
/// # Errors
/// The store's; a job that fails is put off and does not stop the others.
pub async fn run_due(app: &App) -> Result<usize, AppError> {
    let now = app.clock();
    let mut tx = app.store.begin().await?;
    let jobs = outbox::take(&mut tx, now, 20).await?;
    for job in &jobs {
        match run(app, job).await {
            Ok(()) => outbox::done(&mut tx, job.job_id, now).await?,
            Err(failure) => {
                tracing::warn!(job = %job.job_id, kind = job.kind, failure, "outbox.job_failed");
                let wait = if job.attempts < PATIENCE { 1_i64 << job.attempts.min(9) } else { 3600 };
                outbox::postpone(&mut tx, job.job_id, now + SignedDuration::from_secs(wait), &failure).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(jobs.len())
}

async fn run(app: &App, job: &outbox::Job) -> Result<(), String> {
    match job.kind.as_str() {
        "mail" => {
            let letter: Letter = serde_json::from_str(&job.payload).map_err(|error| error.to_string())?;
            mail::send(app, job.job_id, &letter).await.map_err(|error| error.to_string())
        }
        kind => Err(format!("unknown kind {kind}")),
    }
}

/// Removes files that no row refers to, and tells how many there were.
///
/// # Errors
/// The store's or the disk's.
pub async fn sweep(app: &App, age: Duration) -> Result<usize, AppError> {
    let old = app.blobs.older_than(age, SystemTime::now())?;
    let mut removed = 0;
    let mut db = app.store.read(Freshness::OwnWrites).await?;
    for name in old {
        if !piece::referenced(&mut db, &name).await? {
            app.blobs.remove(&name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

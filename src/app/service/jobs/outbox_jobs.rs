//! Sends the mail that transactions have queued. Each job is claimed, sent and marked as done, in that order and
//! independently of the others. No lock is held while a mail server is contacted, and a server that hangs delays no
//! other job. Whatever is lost on the way (a commit, the process) causes at most one mail to be sent twice.

use crate::{
    app::{
        App, AppError,
        service::mail::{self, EmailMessage},
    },
    store::{
        Freshness,
        outbox::{self, JobKind},
    },
};
use futures_util::{StreamExt, stream::iter};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::time::timeout;

/// Jobs fetched per poll.
const JOBS_PER_POLL: u32 = 20;
/// Maximum number of mails in progress at once.
const MAX_CONCURRENT_LETTERS: usize = 4;
/// Maximum time that a mail server may take for one mail.
const HANDOVER_TIMEOUT: Duration = Duration::from_secs(30);
/// Lifetime of a claim: longer than any mail takes. The mails of a process that dies are delayed by this long.
const CLAIM_LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Number of attempts after which a job is retried only once an hour.
const MAX_QUICK_ATTEMPTS: u32 = 10;

/// Runs the jobs that are due and returns their number.
///
/// # Errors
/// Store errors, when the due jobs cannot be read. A job that fails is rescheduled and does not stop the others.
pub async fn run_due(app: &App) -> Result<usize, AppError> {
    let jobs = {
        let mut db = app.store.read(Freshness::OwnWrites).await?;
        outbox::fetch_due(&mut db, app.clock(), JOBS_PER_POLL).await?
    };
    let attempts: Vec<_> = jobs.iter().map(|job| attempt(app, job)).collect();
    let done: Vec<Result<bool, AppError>> = iter(attempts).buffer_unordered(MAX_CONCURRENT_LETTERS).collect().await;
    let mut tried = 0;
    for attempt in done {
        match attempt {
            Ok(claimed) => tried += usize::from(claimed),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "outbox.attempt_lost"),
        }
    }
    Ok(tried)
}

/// Makes one attempt at a job. Returns false if another process has claimed it.
async fn attempt(app: &App, job: &outbox::Job) -> Result<bool, AppError> {
    {
        let mut db = app.store.write().await?;
        if !outbox::claim(&mut db, job, app.clock() + CLAIM_LEASE).await? {
            return Ok(false);
        }
    }
    let done = match timeout(HANDOVER_TIMEOUT, run(app, job)).await {
        Ok(done) => done,
        Err(_) => Err(format!("not taken within {} s", HANDOVER_TIMEOUT.as_secs())),
    };
    let mut db = app.store.write().await?;
    match done {
        Ok(()) => outbox::mark_done(&mut db, job.job_id, app.clock()).await?,
        Err(failure) => {
            tracing::warn!(job = %job.job_id, kind = job.kind, failure, "outbox.job_failed");
            let wait = if job.attempts < MAX_QUICK_ATTEMPTS { 1_i64 << job.attempts.min(9) } else { 3600 };
            let due = app.clock() + SignedDuration::from_secs(wait);
            outbox::postpone(&mut db, job.job_id, due, &failure).await?;
        }
    }
    Ok(true)
}

async fn run(app: &App, job: &outbox::Job) -> Result<(), String> {
    match job.kind.parse().ok() {
        Some(JobKind::Mail) => {
            let message: EmailMessage = serde_json::from_str(&job.payload).map_err(|error| error.to_string())?;
            mail::send(app, job.job_id, &message).await.map_err(|error| error.to_string())
        }
        None => Err(format!("unknown kind {}", job.kind)),
    }
}

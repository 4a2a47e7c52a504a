//! What transactions left to be done: each job is claimed, done, and marked as done, in that order and each by itself. No
//! lock is held while a mail server is spoken to, one that hangs keeps nobody else waiting, and whatever is lost on the way
//! (a commit, the process) has at most that one letter sent again.

use crate::{
    app::{App, AppError, mail, mail::Letter},
    store::{
        Freshness,
        outbox::{self, JobKind},
    },
};
use futures_util::{StreamExt, stream::iter};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::time::timeout;

/// Jobs that one look takes.
const JOBS_PER_POLL: u32 = 20;
/// Letters under way at once.
const MAX_CONCURRENT_LETTERS: usize = 4;
/// Longest time that a mail server may take over one letter.
const HANDOVER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a claim holds: longer than any letter takes. A process that dies leaves its letters for so long.
const CLAIM_LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Tries after which a job waits an hour between two.
const MAX_QUICK_ATTEMPTS: u32 = 10;

/// Does the jobs that are due and tells how many there were.
///
/// # Errors
/// The store's, when it cannot tell what is due; a job that fails is put off and does not stop the others.
pub async fn run_due(app: &App) -> Result<usize, AppError> {
    let jobs = {
        let mut db = app.store.read(Freshness::OwnWrites).await?;
        outbox::due(&mut db, app.clock(), JOBS_PER_POLL).await?
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

/// One attempt at a job; false when somebody else has it.
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
        Ok(()) => outbox::done(&mut db, job.job_id, app.clock()).await?,
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
    match JobKind::of_slug(&job.kind) {
        Some(JobKind::Mail) => {
            let letter: Letter = serde_json::from_str(&job.payload).map_err(|error| error.to_string())?;
            mail::send(app, job.job_id, &letter).await.map_err(|error| error.to_string())
        }
        None => Err(format!("unknown kind {}", job.kind)),
    }
}

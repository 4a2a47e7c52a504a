//! Sends the mail that transactions have queued. Each job is claimed, sent and marked as done, in that order and
//! independently of the others. No lock is held while a mail server is contacted, and a server that hangs delays no
//! other job. Whatever is lost on the way (a commit, the process) causes at most one mail to be sent twice.

use crate::{
    app::{
        App, AppError,
        service::mail::{self, EmailMessage},
        transaction::transaction,
    },
    domain::delivery::{DeliveryFailure, FailureKind},
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
        Err(_) => Err(Failure::of_text(format!("not taken within {} s", HANDOVER_TIMEOUT.as_secs()))),
    };
    let (id, now) = (job.job_id, app.clock());
    let Failure { text, recipient } = match done {
        Ok(to) => {
            transaction!(app.store, db => {
                outbox::mark_done(db, id, now).await?;
                mail::mark_recovered(db, &to, id, now).await
            })?;
            return Ok(true);
        }
        Err(failure) => failure,
    };
    tracing::warn!(job = %id, kind = job.kind, failure = text, "outbox.job_failed");
    let text = &text;
    let due = now + retry_delay(job.attempts);
    transaction!(app.store, db => {
        match &recipient {
            // Nobody will ever take it; another attempt would only harm the portal's name with the mail server.
            Some((to, failure)) if failure.kind == FailureKind::Permanent => {
                outbox::give_up(db, id, now, text).await?;
                mail::mark_failing(db, to, *failure, id, now).await
            }
            Some((to, failure)) => {
                outbox::postpone(db, id, due, text).await?;
                mail::mark_failing(db, to, *failure, id, now).await
            }
            None => Ok(outbox::postpone(db, id, due, text).await?),
        }
    })?;
    Ok(true)
}

/// Why an attempt failed.
struct Failure {
    /// For the operator.
    text: String,
    /// The recipient, and what the mail server says of it, if it refused the recipient.
    recipient: Option<(String, DeliveryFailure)>,
}

impl Failure {
    fn of_text(text: String) -> Self {
        Self { text, recipient: None }
    }
}

/// The time until the next attempt after a number of earlier ones.
fn retry_delay(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs(if attempts < MAX_QUICK_ATTEMPTS { 1_i64 << attempts.min(9) } else { 3600 })
}

/// Runs a job and returns the address that its mail was sent to.
async fn run(app: &App, job: &outbox::Job) -> Result<String, Failure> {
    match job.kind.parse().ok() {
        Some(JobKind::Mail) => {
            let message: EmailMessage =
                serde_json::from_str(&job.payload).map_err(|error| Failure::of_text(error.to_string()))?;
            match mail::send(app, job.job_id, &message).await {
                Ok(()) => Ok(message.to),
                Err(error) => Err(Failure {
                    text: error.without_address(&message.to),
                    recipient: error.recipient_failure().map(|failure| (message.to, failure)),
                }),
            }
        }
        None => Err(Failure::of_text(format!("unknown kind {}", job.kind))),
    }
}

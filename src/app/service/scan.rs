//! Scans attached files for viruses, in the background: neither an upload nor a deposit waits for it (decision 24).
//!
//! A file is queued in the transaction that attaches it. Each process takes files from the queue; a claim keeps two from
//! scanning the same one. What was attached before there was a scanner, and what was scanned with an older base of
//! signatures, is looked for once an hour and whenever the scanner has another version.

use crate::app::{App, AppError, transaction::transaction};
use crate::{
    adapters::clamd::{Clamd, ClamdError},
    blob::BlobError,
    domain::{
        event::{Event, EventKind},
        scan::{ScanState, Verdict},
    },
    store::{
        Connection, Freshness, StoreError, journal, piece, piece_text,
        scan::{self, QueuedScan},
        search,
    },
};
use futures_util::{StreamExt, stream::iter};
use jiff::SignedDuration;
use std::{error::Error, time::Duration};
use tokio::time::{Instant, sleep, timeout};

/// Files fetched per poll.
const FILES_PER_POLL: u32 = 8;
/// Maximum number of files that a process scans at once.
const MAX_CONCURRENT_SCANS: usize = 2;
/// Interval between two polls of the queue; another process may have left work.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which the scanner is asked for its version while nothing is queued.
const VERSION_INTERVAL: Duration = Duration::from_secs(10);
/// Maximum interval between two tries to reach a scanner that is away.
const MAX_AWAY_INTERVAL: Duration = Duration::from_secs(15);
/// Time to read a file from its store, in addition to that of the scan.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Delay before a file without a verdict is scanned again; it doubles with each attempt.
const RETRY_SECONDS: i64 = 5;
/// Maximum such delay.
const MAX_RETRY_SECONDS: i64 = 3600;
/// Interval at which files that are not queued, or were scanned with an older base, are looked for.
const SURVEY_INTERVAL: Duration = Duration::from_secs(3600);
/// A file with a verdict is not scanned again before, so that two scanners with different bases behind one address do not
/// keep each other busy.
const MIN_RESCAN_AGE: SignedDuration = SignedDuration::from_hours(1);
/// Rows that are queued per statement.
const ROWS_PER_STATEMENT: u32 = 200;

/// Why a file has no verdict.
#[derive(Debug, thiserror::Error)]
enum ScanFailure {
    #[error(transparent)]
    Scanner(#[from] ClamdError),
    #[error(transparent)]
    Attachment(#[from] BlobError),
    #[error("the file could not be read and scanned in time")]
    Slow,
}

/// Scans until the future is dropped; returns at once where no scanner is configured.
pub(super) async fn run(app: &App) {
    let Some(clamd) = &app.scanner else { return };
    let mut worker = Worker { app, clamd, asked: None, refusals: 0, surveyed: None };
    loop {
        let pause = worker.turn().await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn Error, "scan.failed");
            POLL_INTERVAL
        });
        if !pause.is_zero() {
            tokio::select! {
                () = app.scan_notify.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }
}

struct Worker<'a> {
    app: &'a App,
    clamd: &'a Clamd,
    /// When the scanner last told its version.
    asked: Option<Instant>,
    /// How often in a row it did not.
    refusals: u32,
    /// The version with which the last survey ended, and when.
    surveyed: Option<(String, Instant)>,
}

impl Worker<'_> {
    /// Does what is to be done now, and returns the pause after it.
    async fn turn(&mut self) -> Result<Duration, AppError> {
        let due = {
            let mut db = self.app.store.read(Freshness::OwnWrites).await?;
            scan::fetch_due(&mut db, self.app.clock(), FILES_PER_POLL).await?
        };
        if due.is_empty() && self.asked.is_some_and(|asked| asked.elapsed() < VERSION_INTERVAL) {
            return Ok(POLL_INTERVAL);
        }
        // Files are not claimed while the scanner is away: they wait, and are not counted as failed.
        let Some(version) = self.version().await else {
            return Ok(MAX_AWAY_INTERVAL.min(Duration::from_secs(1 << self.refusals.min(6))));
        };
        let attempts: Vec<_> = due.iter().map(|queued| attempt(self.app, self.clamd, queued, &version)).collect();
        let done: Vec<Result<bool, AppError>> = iter(attempts).buffer_unordered(MAX_CONCURRENT_SCANS).collect().await;
        let mut tried = false;
        for attempt in done {
            tried |= attempt?;
        }
        let queued = due.is_empty() && self.survey(&version).await?;
        Ok(if tried || queued { Duration::ZERO } else { POLL_INTERVAL })
    }

    /// The version of the scanner, unless it is away; that it went away and came back is logged once each.
    async fn version(&mut self) -> Option<String> {
        match self.clamd.version().await {
            Ok(version) => {
                if self.refusals > 0 || self.asked.is_none() {
                    tracing::info!(version, "scan.scanner_answers");
                }
                self.refusals = 0;
                self.asked = Some(Instant::now());
                Some(version)
            }
            Err(error) => {
                if self.refusals == 0 {
                    tracing::warn!(error = &error as &dyn Error, "scan.scanner_away");
                }
                self.refusals = self.refusals.saturating_add(1);
                None
            }
        }
    }

    /// Queues some of the files that should have been scanned, or scanned again; false when there are none.
    async fn survey(&mut self, version: &str) -> Result<bool, AppError> {
        let recent = |(known, at): &(String, Instant)| known == version && at.elapsed() < SURVEY_INTERVAL;
        if self.surveyed.as_ref().is_some_and(recent) {
            return Ok(false);
        }
        let (store, now) = (&self.app.store, self.app.clock());
        let missing = {
            let mut db = store.read(Freshness::OwnWrites).await?;
            scan::never_queued(&mut db, ROWS_PER_STATEMENT).await?
        };
        let mut db = store.write().await?;
        let digests: Vec<&str> = missing.iter().map(String::as_str).collect();
        scan::enqueue(&mut db, &digests, now).await?;
        let before = now - MIN_RESCAN_AGE;
        let outdated = scan::enqueue_outdated(&mut db, version, before, now, ROWS_PER_STATEMENT).await?;
        let queued = !missing.is_empty() || outdated > 0;
        if !queued {
            self.surveyed = Some((version.to_owned(), Instant::now()));
        }
        Ok(queued)
    }
}

/// Makes one attempt at a file. Returns false if another process has claimed it.
async fn attempt(app: &App, clamd: &Clamd, queued: &QueuedScan, version: &str) -> Result<bool, AppError> {
    let limit = clamd.scan_timeout() + READ_TIMEOUT;
    let claimed = {
        let lease = SignedDuration::try_from(limit + READ_TIMEOUT).unwrap_or(SignedDuration::MAX);
        let (mut db, now) = (app.store.write().await?, app.clock());
        scan::claim(&mut db, queued, now, now.saturating_add(lease).unwrap_or(now)).await?
    };
    let Some(claimed) = claimed else { return Ok(false) };
    match timeout(limit, examine(app, clamd, &claimed.sha256)).await.unwrap_or(Err(ScanFailure::Slow)) {
        Ok(verdict) => record(app, &claimed, &verdict, version).await?,
        Err(failure) => postpone(app, &claimed, &failure).await?,
    }
    Ok(true)
}

async fn examine(app: &App, clamd: &Clamd, sha256: &str) -> Result<Verdict, ScanFailure> {
    let file = app.blobs.file_once(sha256).await?;
    Ok(clamd.scan(file).await?)
}

/// Records a verdict, and in the journal of each dossier that has the file that it is infected, or is so no longer. The
/// text of an infected file is removed with it, and what was indexed of it (decision 27).
async fn record(app: &App, claimed: &QueuedScan, verdict: &Verdict, version: &str) -> Result<(), AppError> {
    let at = app.clock();
    let found = transaction!(app.store, db => {
        let Some(before) = scan::lock(db, claimed).await? else { return Ok(None) };
        scan::record_verdict(db, &claimed.sha256, verdict, version, at).await?;
        match verdict {
            Verdict::Clean => piece_text::enqueue_clean(db, &claimed.sha256, at).await?,
            Verdict::Infected { .. } => {
                if piece_text::remove_infected(db, &claimed.sha256).await? {
                    search::mark_outdated(db, &claimed.sha256).await?;
                }
            }
        }
        let kind = match (before, verdict) {
            (ScanState::Infected, Verdict::Clean) => EventKind::PieceCleared,
            (ScanState::Waiting | ScanState::Clean | ScanState::Unscannable, Verdict::Infected { .. }) => {
                EventKind::PieceInfected
            }
            _ => return Ok(None),
        };
        let mut events = Vec::new();
        for (dossier, code) in scan::references(db, &claimed.sha256).await? {
            let mut data = serde_json::json!({ "code": code, "sha256": claimed.sha256, "scanner": version });
            if let Verdict::Infected { signature } = verdict {
                data["signature"] = signature.as_str().into();
            }
            events.push(Event { kind, at, actor: None, dossier: Some(dossier), data });
        }
        journal::append_all(db, &events).await?;
        Ok(Some(kind))
    })?;
    if let Some(kind) = found {
        tracing::warn!(sha256 = claimed.sha256, kind = kind.slug(), "scan.verdict_changed");
    }
    Ok(())
}

async fn postpone(app: &App, claimed: &QueuedScan, failure: &ScanFailure) -> Result<(), AppError> {
    let mut db = app.store.write().await?;
    if matches!(failure, ScanFailure::Attachment(BlobError::Missing(_)))
        && !piece::referenced(&mut db, &claimed.sha256).await?
    {
        return Ok(scan::forget(&mut db, &claimed.sha256).await?);
    }
    tracing::warn!(sha256 = claimed.sha256, error = failure as &dyn Error, "scan.no_verdict");
    let reason = match failure.source() {
        Some(source) => format!("{failure}: {source}"),
        None => failure.to_string(),
    };
    let wait = RETRY_SECONDS << claimed.attempts.saturating_sub(1).min(10);
    let due = app.clock() + SignedDuration::from_secs(wait.min(MAX_RETRY_SECONDS));
    Ok(scan::record_failure(&mut db, claimed, &reason, due).await?)
}

impl App {
    /// Queues a file that is being attached, where a scanner is configured. Returns what was found in the same file before,
    /// by whichever process.
    pub(in crate::app) async fn enqueue_scan(
        &self,
        db: &mut Connection,
        sha256: &str,
    ) -> Result<Option<String>, StoreError> {
        // The clock of the queue is the system's, whatever the request's is. Of a file that was not queued, nothing is known.
        if self.scanner.is_some() && scan::enqueue(db, &[sha256], self.clock()).await? > 0 {
            return Ok(None);
        }
        let known = scan::of_digests(db, &[sha256]).await?.pop();
        Ok(known.and_then(|(_, scan)| scan.signature))
    }
}

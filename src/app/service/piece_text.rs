//! Reads the text of deposited files, in the background, so that they are found by what they say. Neither an upload nor a
//! deposit waits for it; a file that cannot be read is not searched, and the search says so (decision 27).
//!
//! A file is queued when its deposit is indexed. Each process takes files from the queue, one at a time; a claim keeps two
//! from reading the same one.

use crate::app::{App, AppError, transaction::transaction};
use crate::{
    adapters::inspect::{
        limited,
        pdf_text::{self, TEXT_TIMEOUT},
    },
    blob::BlobError,
    domain::{
        scan::{PieceReader, ScanWarning, Withheld},
        search::readable_text,
    },
    store::{
        Freshness, piece,
        piece_text::{self, QueuedFile},
        search,
    },
};
use jiff::SignedDuration;
use std::{error::Error, io, path::Path, time::Duration};
use tokio::time::{sleep, timeout};

/// Files fetched per poll.
const FILES_PER_POLL: u32 = 8;
/// Interval between two polls of the queue.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which the program is looked for while it is missing.
const PROGRAM_INTERVAL: Duration = Duration::from_secs(60);
/// Time to read a file from its store, in addition to that of the program.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Attempts at a file that cannot be read as text. Attempts that failed for a reason outside the file are not counted.
const MAX_ATTEMPTS: u32 = 3;
/// Delay before a file that gave no text is read again, times the attempts.
const RETRY_SECONDS: i64 = 300;

/// Minimum delay before a file is read again that could not be read for a reason outside it; it grows without an end to the
/// attempts.
const MIN_POSTPONEMENT: SignedDuration = SignedDuration::from_secs(60);
/// Maximum such delay.
const MAX_POSTPONEMENT: SignedDuration = SignedDuration::from_hours(1);

/// Why a file has no text.
#[derive(Debug, thiserror::Error)]
enum TextFailure {
    #[error("cannot be read as text: {0}")]
    Unreadable(#[from] io::Error),
    #[error(transparent)]
    Attachment(#[from] BlobError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error("takes too long to read")]
    Slow,
    #[error("has no text")]
    Empty,
    #[error(transparent)]
    Withheld(#[from] Withheld),
}

/// Reads until the future is dropped.
pub(super) async fn run(app: &App) {
    let mut missing = false;
    loop {
        let Some(program) = pdf_text::find_program() else {
            if !missing {
                tracing::warn!("pdftotext is not installed (Debian: poppler-utils): the text of files is not searched");
            }
            missing = true;
            sleep(PROGRAM_INTERVAL).await;
            continue;
        };
        missing = false;
        match turn(app, &program).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "piece_text.failed"),
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Reads some files; false when there is none.
async fn turn(app: &App, program: &Path) -> Result<bool, AppError> {
    let due = {
        let mut db = app.store.read(Freshness::OwnWrites).await?;
        piece_text::fetch_due(&mut db, app.clock(), FILES_PER_POLL).await?
    };
    let mut tried = false;
    for queued in &due {
        tried |= attempt(app, program, queued).await?;
    }
    Ok(tried)
}

/// Makes one attempt at a file. Returns false if another process has claimed it.
async fn attempt(app: &App, program: &Path, queued: &QueuedFile) -> Result<bool, AppError> {
    let limit = READ_TIMEOUT + TEXT_TIMEOUT;
    let claimed = {
        let lease = SignedDuration::try_from(limit + READ_TIMEOUT).unwrap_or(SignedDuration::MAX);
        let (mut db, now) = (app.store.write().await?, app.clock());
        piece_text::claim(&mut db, queued, now, now.saturating_add(lease).unwrap_or(now)).await?
    };
    let Some(claimed) = claimed else { return Ok(false) };
    match timeout(limit, read(app, program, &claimed.sha256)).await.unwrap_or(Err(TextFailure::Slow)) {
        Ok(text) => {
            let (claimed, text) = (&claimed, &text);
            transaction!(app.store, db => {
                if piece_text::record(db, claimed, text).await? {
                    search::mark_outdated(db, &claimed.sha256).await?;
                }
                Ok(())
            })?;
        }
        Err(failure) => give_up(app, &claimed, &failure).await?,
    }
    Ok(true)
}

async fn read(app: &App, program: &Path, sha256: &str) -> Result<String, TextFailure> {
    let scans = {
        let mut db = app.store.read(Freshness::OwnWrites).await.map_err(AppError::from)?;
        app.file_scans(&mut db, PieceReader::NeedToKnow, &[sha256]).await.map_err(AppError::from)?
    };
    // The program waits for the scanner like those who need not hurry: everybody finds what it reads.
    scans.may_open(sha256, ScanWarning::NotShown)?;
    let file = app.blobs.file_once(sha256).await?;
    let text = limited::text(file.into_std().await, program).await?;
    let text = app.offload(text.len(), move || readable_text(&text)).await?;
    if text.is_empty() { Err(TextFailure::Empty) } else { Ok(text) }
}

async fn give_up(app: &App, claimed: &QueuedFile, failure: &TextFailure) -> Result<(), AppError> {
    let mut db = app.store.write().await?;
    if matches!(failure, TextFailure::Attachment(BlobError::Missing(_)))
        && !piece::referenced(&mut db, &claimed.sha256).await?
    {
        return Ok(piece_text::forget(&mut db, &claimed.sha256).await?);
    }
    let (now, reason) = (app.clock(), failure.to_string());
    match failure {
        TextFailure::Withheld(Withheld::Infected) => {
            piece_text::remove_infected(&mut db, &claimed.sha256).await?;
        }
        TextFailure::Unreadable(_) | TextFailure::Empty => {
            tracing::warn!(sha256 = claimed.sha256, error = failure as &dyn Error, "piece_text.none");
            let again = matches!(failure, TextFailure::Unreadable(_)) && claimed.attempts < MAX_ATTEMPTS;
            let wait = SignedDuration::from_secs(RETRY_SECONDS * i64::from(claimed.attempts));
            piece_text::record_failure(&mut db, claimed, &reason, again.then(|| now + wait)).await?;
        }
        TextFailure::Withheld(_) | TextFailure::Attachment(_) | TextFailure::App(_) | TextFailure::Slow => {
            tracing::info!(sha256 = claimed.sha256, error = failure as &dyn Error, "piece_text.postponed");
            // Each wait is as long as all that were before it.
            let wait = now.duration_since(claimed.queued_at).clamp(MIN_POSTPONEMENT, MAX_POSTPONEMENT);
            piece_text::postpone(&mut db, claimed, &reason, now, now + wait).await?;
        }
    }
    Ok(())
}

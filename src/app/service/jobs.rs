//! Background worker of a process: mail, the journal of readings, and cleanup. The three run independently, so that
//! none waits for another.

mod letters;
#[expect(clippy::disallowed_methods, reason = "file ages are compared with the file system's clock")]
mod sweep;

pub use letters::run_due;
pub use sweep::{files, rows};

use crate::app::App;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Polling interval of a part of the worker that nobody wakes; another process may have left work.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until the future is dropped. Each step is its own transaction, so stopping at any point loses nothing.
pub async fn work(app: App) {
    tokio::join!(post(&app), journal(&app), sweeps(&app));
}

async fn post(app: &App) {
    loop {
        match run_due(app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "outbox.failed"),
        }
        tokio::select! {
            () = app.work.notified() => {}
            () = sleep(POLL_INTERVAL) => {}
        }
    }
}

async fn journal(app: &App) {
    loop {
        if let Err(error) = app.flush_readings().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "readings.failed");
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn sweeps(app: &App) {
    let mut files_swept = Instant::now();
    loop {
        match rows(app, app.clock()).await {
            Ok(removed) => tracing::info!(removed, "rows.swept"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "rows.sweep_failed"),
        }
        app.sweep_uploads().await;
        if files_swept.elapsed() >= sweep::SWEEP_INTERVAL {
            files_swept = Instant::now();
            match files(app, sweep::MIN_ORPHAN_AGE).await {
                Ok(removed) => tracing::info!(removed, "attachments.swept"),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "attachments.sweep_failed"),
            }
        }
        sleep(sweep::SWEEP_INTERVAL).await;
    }
}

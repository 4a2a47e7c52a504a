//! Background worker of a process: mail, the access log, virus scans, the index of the search, and cleanup. They run independently, so that none
//! waits for another.

mod outbox_jobs;
#[expect(clippy::disallowed_methods, reason = "file ages are compared with the file system's clock")]
mod sweep;

pub use outbox_jobs::run_due;
pub use sweep::{sweep_files, sweep_rows};

use crate::app::{
    App,
    service::{piece_text, scan, search},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Polling interval of a part of the worker that nobody wakes; another process may have left work.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until the future is dropped. Each step is its own transaction, so stopping at any point loses nothing.
pub async fn run(app: App) {
    let search = async { tokio::join!(search::run(&app), piece_text::run(&app)) };
    tokio::join!(send_mail_loop(&app), flush_access_log_loop(&app), scan::run(&app), search, sweep_loop(&app));
}

async fn send_mail_loop(app: &App) {
    loop {
        match run_due(app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "outbox.failed"),
        }
        tokio::select! {
            () = app.outbox_notify.notified() => {}
            () = sleep(POLL_INTERVAL) => {}
        }
    }
}

async fn flush_access_log_loop(app: &App) {
    loop {
        if let Err(error) = app.flush_access_log().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "readings.failed");
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn sweep_loop(app: &App) {
    let mut files_swept = Instant::now();
    loop {
        match sweep_rows(app, app.clock()).await {
            Ok(removed) => tracing::info!(removed, "rows.swept"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "rows.sweep_failed"),
        }
        app.sweep_uploads().await;
        if files_swept.elapsed() >= sweep::SWEEP_INTERVAL {
            files_swept = Instant::now();
            match sweep_files(app, sweep::MIN_ORPHAN_AGE).await {
                Ok(removed) => tracing::info!(removed, "attachments.swept"),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "attachments.sweep_failed"),
            }
        }
        sleep(sweep::SWEEP_INTERVAL).await;
    }
}

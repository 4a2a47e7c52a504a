//! Whether a program is stuck.

use super::plan::Health;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{process::Command, time::timeout};

/// Pause between two questions…
const CHECK_INTERVAL: Duration = Duration::from_secs(3);
/// …and before the first answer, which says that the start is over.
const START_CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// Longest time for one answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Resolves when a program has left questions unanswered for longer than it may.
pub async fn lost(health: Option<Health>) {
    let Some(health) = health else { return std::future::pending().await };
    let mut patience = Duration::from_secs(health.start_seconds);
    // Made once: it reads the authorities that the machine trusts. Without one, nothing can be told.
    let Ok(client) = reqwest::Client::builder().no_proxy().build() else { return std::future::pending().await };
    let (mut answered, mut pause) = (Instant::now(), START_CHECK_INTERVAL);
    while answered.elapsed() < patience {
        tokio::time::sleep(pause).await;
        if timeout(CHECK_TIMEOUT, answers(&health, &client)).await.unwrap_or(false) {
            answered = Instant::now();
            patience = Duration::from_secs(health.patience_seconds);
            pause = CHECK_INTERVAL;
        }
    }
}

async fn answers(health: &Health, client: &reqwest::Client) -> bool {
    if let Some(address) = &health.http {
        // Any answer will do: one that says "not ready" is not stuck.
        return client.get(address).send().await.is_ok();
    }
    let Some((file, arguments)) = health.command.split_first() else { return true };
    let ran = Command::new(file)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    // A command that cannot even be run says nothing about the program.
    ran.await.map_or(true, |status| status.success())
}

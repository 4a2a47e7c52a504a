//! Whether a program is stuck.

use super::plan::Health;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{process::Command, time::timeout};

/// Interval between two checks…
const CHECK_INTERVAL: Duration = Duration::from_secs(3);
/// …and before the first success, which shows that the start is over.
const START_CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// Timeout for one check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Resolves when a program has failed its checks for longer than allowed.
pub async fn lost(health: Option<Health>) {
    let Some(health) = health else { return std::future::pending().await };
    let mut patience = Duration::from_secs(health.start_seconds);
    // Created once, because it reads the machine's trusted authorities. Without a client, nothing can be checked.
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
        // Any response counts: a program that reports "not ready" is not stuck.
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

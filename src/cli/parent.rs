//! When a role must stop: on a signal, and for a child of `guichet demo`, when the demonstration has ended.

use nix::unistd::getppid;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Interval between two polls of the parent, whose exit gives no notification.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Resolves when the process that started this one has ended in any way.
pub async fn parent_gone() {
    let parent = getppid();
    while getppid() == parent {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Resolves when this process is asked to stop: by SIGINT, SIGTERM, or, with `with_parent`, the end of the parent.
pub async fn asked_to_stop(with_parent: bool) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let orphaned = async { if with_parent { parent_gone().await } else { std::future::pending().await } };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = orphaned => tracing::warn!("the process that started this one is gone"),
    }
    Ok(())
}

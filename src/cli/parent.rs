//! When a role has to stop: on a signal, and for a child of `guichet demo`, when the demonstration is gone.

use nix::unistd::getppid;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Pause between two looks at the parent, whose end gives no notice.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Resolves when the process that started this one has ended, however it did.
pub async fn parent_gone() {
    let parent = getppid();
    while getppid() == parent {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Resolves when this process is asked to stop: SIGINT, SIGTERM, or `with_parent` and the parent is gone.
///
/// # Errors
/// When the signals cannot be listened to.
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

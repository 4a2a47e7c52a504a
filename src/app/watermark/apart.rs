//! Marking in a process of its own, which has so much memory and time and no more, and nothing of the portal's but the
//! piece: a file can ask for any amount of both.

use super::MAX_BYTES;
use crate::blob::Blobs;
use std::{io, process::Stdio, time::Duration};
use tokio::{fs::File, io::AsyncSeekExt, process::Command, sync::Semaphore, time::timeout};

/// Most memory of that process.
pub const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// Most seconds of a processor.
pub const MAX_SECONDS: u64 = 10;
/// Longest copy.
pub const MAX_COPY: u64 = 2 * MAX_BYTES;
/// The command of this program that it runs.
pub const COMMAND: &str = "watermark";
/// The variable that holds the words: arguments are for everyone on the machine to see, and they name a reader.
pub const WORDS: &str = "GUICHET_WATERMARK";

/// How long it may take, whatever it waits for.
const PATIENCE: Duration = Duration::from_secs(20);
/// So many at once.
static TURNS: Semaphore = Semaphore::const_new(2);

/// A copy of a piece with words on every page, and its length. None when it cannot be marked, for whatever reason; the
/// piece is read from its start by whoever is next.
///
/// # Errors
/// The disk's.
pub async fn copy(piece: &mut File, blobs: &Blobs, media: &str, words: &str) -> io::Result<Option<(File, u64)>> {
    let copy = match TURNS.acquire().await {
        Ok(_turn) => run(piece, blobs, media, words).await,
        Err(closed) => Err(io::Error::other(closed)),
    };
    piece.rewind().await?;
    // Somebody else's file may make even the marking fall over; its reader waits for the piece all the same.
    Ok(copy.unwrap_or_else(|error| {
        tracing::warn!("watermark.failed: {error}");
        None
    }))
}

async fn run(piece: &File, blobs: &Blobs, media: &str, words: &str) -> io::Result<Option<(File, u64)>> {
    let mut copy = blobs.scratch().await?;
    // The program as it runs, even where its file was replaced meanwhile.
    let mut child = Command::new("/proc/self/exe")
        .arg0("guichet")
        .args([COMMAND, media])
        .env_clear()
        .env(WORDS, words)
        .current_dir("/")
        .stdin(Stdio::from(piece.try_clone().await?.into_std().await))
        .stdout(Stdio::from(copy.try_clone().await?.into_std().await))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let Ok(status) = timeout(PATIENCE, child.wait()).await else {
        child.kill().await?;
        return Err(io::ErrorKind::TimedOut.into());
    };
    let status = status?;
    match status.code() {
        Some(0) => {
            copy.rewind().await?;
            let length = copy.metadata().await?.len();
            Ok((length > 0).then_some((copy, length)))
        }
        Some(_) => Ok(None),
        // Something ended it: one of its limits, as a rule.
        None => Err(io::Error::other(status.to_string())),
    }
}

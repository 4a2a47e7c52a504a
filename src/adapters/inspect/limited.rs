//! This program once more, in a process that has so much memory and time and no more, and nothing of the portal's but one
//! file: a file can ask for any amount of both. `cli/limited.rs` is the other side.

use super::{
    MAX_BYTES,
    pdf_text::{MAX_TEXT_BYTES, TEXT_TIMEOUT},
};
use crate::domain::media::{FileRefusal, FileVerdict, WINDOW_BYTES, check_ends};
use std::{io, os::unix::fs::FileExt, path::Path, process::Stdio, time::Duration};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
    process::{Child, Command},
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Most memory of that process, in bytes.
pub const MAX_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// Most seconds of a processor.
pub const MAX_SECONDS: u64 = 10;
/// Longest copy, in bytes.
pub const MAX_COPY: u64 = 2 * MAX_BYTES;
/// The command of this program that checks standard input: its arguments are the accepted media types, its output is a
/// [`InspectionResult`] as JSON.
pub const INSPECT_COMMAND: &str = "inspect";
/// The command of this program that marks standard input: its argument is the media type, its output the copy.
pub const WATERMARK_COMMAND: &str = "watermark";
/// The command of this program that becomes another one, which its argument names, and writes the text of standard input.
pub const TEXT_COMMAND: &str = "file-text";
/// The variable that holds the words: arguments are for everyone on the machine to see, and they name a reader.
pub const WATERMARK_VARIABLE: &str = "GUICHET_WATERMARK";

/// How long it may take, whatever it waits for.
const CHILD_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a file waits until others are checked.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest result, in bytes.
const MAX_RESULT_BYTES: u64 = 4096;
/// So many at once of each kind: readers do not keep those waiting who attach.
static INSPECTIONS: Semaphore = Semaphore::const_new(2);
static COPIES: Semaphore = Semaphore::const_new(2);
static TEXTS: Semaphore = Semaphore::const_new(1);

/// What is said of a file.
pub type InspectionResult = Result<FileVerdict, FileRefusal>;

/// Checks a file. Where that cannot be done within the limits, by its two ends, and the verdict says so: nobody is refused
/// for a slow machine.
pub async fn inspect(file: std::fs::File, accepted: &[String]) -> io::Result<InspectionResult> {
    let result = match file.metadata()?.len() {
        0..=MAX_BYTES => inspect_in_child(&file, accepted).await,
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    };
    match result {
        Ok(result) => Ok(result),
        Err(error) => {
            tracing::warn!("inspect.failed: {error}");
            let accepted = accepted.to_vec();
            tokio::task::spawn_blocking(move || {
                let length = file.metadata()?.len();
                let (head, tail) = (window(&file, 0)?, window(&file, length.saturating_sub(WINDOW_BYTES as u64))?);
                Ok(check_ends(&head, &tail, &accepted))
            })
            .await
            .map_err(io::Error::other)?
        }
    }
}

fn window(file: &std::fs::File, from: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; WINDOW_BYTES];
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], from + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

async fn inspect_in_child(file: &std::fs::File, accepted: &[String]) -> io::Result<InspectionResult> {
    let _turn = timeout(TURN_TIMEOUT, turn(&INSPECTIONS)).await??;
    let arguments = accepted.iter().map(String::as_str);
    let mut child = command(INSPECT_COMMAND, arguments).stdin(file.try_clone()?).stdout(Stdio::piped()).spawn()?;
    let said = child.stdout.take();
    // What it says fits into the pipe, so it need not be read meanwhile.
    if !succeeds(&mut child).await? {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = Vec::new();
    if let Some(said) = said {
        said.take(MAX_RESULT_BYTES).read_to_end(&mut json).await?;
    }
    Ok(serde_json::from_slice(&json)?)
}

/// A copy of a piece with words on every page, and its length, in an empty file. `None` when it cannot be marked, for
/// whatever reason; the piece is read from its start by whoever is next.
pub async fn copy(
    piece: &mut File,
    scratch: impl Future<Output = io::Result<File>>,
    media: &str,
    words: &str,
) -> io::Result<Option<(File, u64)>> {
    let copy = mark(piece, scratch, media, words).await;
    piece.rewind().await?;
    // Somebody else's file may make even the marking fall over; its reader waits for the piece all the same.
    Ok(copy.unwrap_or_else(|error| {
        tracing::warn!("watermark.failed: {error}");
        None
    }))
}

async fn mark(
    piece: &File,
    scratch: impl Future<Output = io::Result<File>>,
    media: &str,
    words: &str,
) -> io::Result<Option<(File, u64)>> {
    let _turn = turn(&COPIES).await?;
    let mut copy = scratch.await?;
    let mut child = command(WATERMARK_COMMAND, [media])
        .env(WATERMARK_VARIABLE, words)
        .stdin(piece.try_clone().await?.into_std().await)
        .stdout(copy.try_clone().await?.into_std().await)
        .spawn()?;
    if !succeeds(&mut child).await? {
        return Ok(None);
    }
    copy.rewind().await?;
    let length = copy.metadata().await?.len();
    Ok((length > 0).then_some((copy, length)))
}

/// The text of a PDF, as another program reads it: the first pages, and of those the first bytes.
pub async fn text(pdf: std::fs::File, program: &Path) -> io::Result<String> {
    let _turn = turn(&TEXTS).await?;
    let program = program.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = command(TEXT_COMMAND, [program]).stdin(pdf).stdout(Stdio::piped()).spawn()?;
    let said = child.stdout.take();
    let mut text = Vec::new();
    let read = async {
        match said {
            Some(said) => said.take(MAX_TEXT_BYTES).read_to_end(&mut text).await,
            None => Ok(0),
        }
    };
    let length = timeout(TEXT_TIMEOUT, read).await??;
    if length as u64 == MAX_TEXT_BYTES {
        child.kill().await?;
    } else if !succeeds(&mut child).await? {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

async fn turn(turns: &'static Semaphore) -> io::Result<SemaphorePermit<'static>> {
    turns.acquire().await.map_err(io::Error::other)
}

fn command<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    // The program as it runs, even where its file was replaced meanwhile.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("guichet").arg(name).args(arguments).env_clear().current_dir("/");
    command.stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Waits for its end, which is brought about when it takes too long.
async fn succeeds(child: &mut Child) -> io::Result<bool> {
    let Ok(status) = timeout(CHILD_TIMEOUT, child.wait()).await else {
        child.kill().await?;
        return Err(io::ErrorKind::TimedOut.into());
    };
    let status = status?;
    match status.code() {
        Some(code) => Ok(code == 0),
        // Something ended it: one of its limits, as a rule.
        None => Err(io::Error::other(status.to_string())),
    }
}

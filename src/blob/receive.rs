//! Receiving bytes into a local file, hashed on their way.

use super::BlobError;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use ring::digest::{Context, SHA256};
use std::{
    io::{self, Write},
    path::Path,
};

/// Number of bytes collected before they are hashed and written.
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// Bytes received into a local file and not yet kept.
#[derive(Debug)]
pub struct Received {
    pub(super) file: tempfile::NamedTempFile,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// Object of the bucket that has the same bytes already, because they arrived in parts.
    pub(super) object: Option<object_store::path::Path>,
}

impl Received {
    /// Opens the bytes, positioned at their start.
    pub fn open(&self) -> io::Result<std::fs::File> {
        self.file.reopen()
    }
}

struct Receiver {
    file: tempfile::NamedTempFile,
    context: Context,
    bytes: u64,
}

impl Receiver {
    fn write(mut self, batch: &[u8]) -> io::Result<Self> {
        self.file.write_all(batch)?;
        self.context.update(batch);
        self.bytes += batch.len() as u64;
        Ok(self)
    }

    fn finish(self) -> Received {
        let sha256 = hex::encode(self.context.finish());
        Received { sha256, file: self.file, bytes: self.bytes, object: None }
    }
}

/// Receives a stream of bytes into a file of a folder.
pub(super) async fn receive(
    folder: &Path,
    stream: impl Stream<Item = Result<Bytes, BlobError>>,
    max_bytes: u64,
) -> Result<Received, BlobError> {
    let mut stream = std::pin::pin!(stream);
    let mut receiver: Option<Receiver> = None;
    let mut batch: Vec<u8> = Vec::new();
    let mut total = 0_u64;
    loop {
        let next = stream.next().await.transpose()?;
        let last = next.is_none();
        if let Some(bytes) = next {
            total += bytes.len() as u64;
            if total > max_bytes {
                return Err(BlobError::TooLarge(max_bytes));
            }
            batch.extend_from_slice(&bytes);
        }
        if last || batch.len() >= BATCH_BYTES {
            let full = std::mem::take(&mut batch);
            let (folder, current) = (folder.to_owned(), receiver.take());
            let written = blocking(move || {
                let current = match current {
                    Some(current) => current,
                    None => Receiver {
                        file: tempfile::NamedTempFile::new_in(folder)?,
                        context: Context::new(&SHA256),
                        bytes: 0,
                    },
                };
                current.write(&full)
            })
            .await?;
            if last {
                return Ok(written.finish());
            }
            receiver = Some(written);
        }
    }
}

/// Runs work on files beside the requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

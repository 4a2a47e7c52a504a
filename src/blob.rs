//! Attachments as content-addressed files: `<folder>/ab/<sha256>`.
//!
//! Bytes are written to a temporary file while they are hashed, never completely held in memory. The file is synced,
//! renamed into its place and the folder synced before any row refers to it. A file that no row refers to is removed
//! later.
//!
//! Processes of one machine share the folder. If some run on other machines, [`peers`] copies files between the
//! folders.

pub mod partial;
pub mod peers;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use peers::Peers;
use ring::digest::{Context, SHA256};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The store of attachments.
#[derive(Clone)]
pub struct Blobs {
    folder: PathBuf,
    peers: Option<Arc<Peers>>,
}

/// Why bytes could not be received.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Too many bytes; nothing is kept.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The request body ended early; nothing is kept.
    #[error("the upload broke off")]
    BrokenOff,
    /// The disk failed.
    #[error("cannot write to the attachment store")]
    Disk(#[from] io::Error),
    /// Too few other stores accepted a copy.
    #[error("{0} copies are wanted and cannot be had")]
    TooFewCopies(u8),
}

/// Bytes received into a temporary file and not yet kept.
#[derive(Debug)]
pub struct Received {
    file: tempfile::NamedTempFile,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
}

impl Received {
    /// Opens the bytes, positioned at their start.
    pub fn open(&self) -> io::Result<std::fs::File> {
        self.file.reopen()
    }
}

/// Number of bytes collected before they are hashed and written.
const BATCH_BYTES: usize = 256 * 1024;

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
        Received { sha256: hex::encode(self.context.finish()), file: self.file, bytes: self.bytes }
    }
}

/// Path of a digest in the store of a folder.
pub fn place(folder: &Path, sha256: &str) -> PathBuf {
    // Digests come from our own rows; the filter prevents an invalid one from leaving the folder.
    let name: String = sha256.chars().filter(char::is_ascii_hexdigit).collect();
    folder.join(name.get(..2).unwrap_or("00")).join(name)
}

/// Returns the SHA-256 of a file, lower-case hexadecimal.
pub fn digest(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut context, mut part) = (Context::new(&SHA256), vec![0; BATCH_BYTES]);
    loop {
        match io::Read::read(&mut file, &mut part)? {
            0 => return Ok(hex::encode(context.finish())),
            read => context.update(part.get(..read).unwrap_or_default()),
        }
    }
}

/// Returns all files in the store of a folder.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let within = entry?.path();
        let named = within.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.len() == 2);
        if named && within.is_dir() {
            for file in std::fs::read_dir(&within)? {
                let file = file?;
                // An interrupted copy keeps a hidden name.
                if !file.file_name().as_encoded_bytes().starts_with(b".") {
                    files.push(file.path());
                }
            }
        }
    }
    Ok(files)
}

impl Blobs {
    /// Opens the store and creates its folder.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("incoming"))?;
        Ok(Self { folder, peers: None })
    }

    /// The same store, with files copied to and fetched from other stores.
    #[must_use]
    pub fn among(mut self, peers: Peers) -> Self {
        self.peers = Some(Arc::new(peers));
        self
    }

    /// The other stores, if any.
    #[must_use]
    pub fn peers(&self) -> Option<&Peers> {
        self.peers.as_deref()
    }

    /// Receives a stream of bytes into a temporary file.
    pub async fn receive<E>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>>,
        max_bytes: u64,
    ) -> Result<Received, BlobError> {
        let incoming = self.folder.join("incoming");
        let mut stream = std::pin::pin!(stream);
        let mut receiver: Option<Receiver> = None;
        let mut batch: Vec<u8> = Vec::new();
        let mut total = 0_u64;
        loop {
            let next = stream.next().await;
            let last = next.is_none();
            if let Some(bytes) = next {
                let bytes = bytes.map_err(|_| BlobError::BrokenOff)?;
                total += bytes.len() as u64;
                if total > max_bytes {
                    return Err(BlobError::TooLarge(max_bytes));
                }
                batch.extend_from_slice(&bytes);
            }
            if last || batch.len() >= BATCH_BYTES {
                let full = std::mem::take(&mut batch);
                let (incoming, current) = (incoming.clone(), receiver.take());
                let written = blocking(move || {
                    let current = match current {
                        Some(current) => current,
                        None => Receiver {
                            file: tempfile::NamedTempFile::new_in(incoming)?,
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

    /// Keeps received bytes permanently. When this returns, they are on disk here and on the required number of other
    /// stores.
    pub async fn keep(&self, received: Received) -> Result<(), BlobError> {
        let sha256 = received.sha256.clone();
        self.keep_here(received).await?;
        match &self.peers {
            Some(peers) => peers.give(&self.place(&sha256), &sha256).await,
            None => Ok(()),
        }
    }

    async fn keep_here(&self, received: Received) -> io::Result<()> {
        let place = self.place(&received.sha256);
        let root = self.folder.clone();
        blocking(move || {
            let folder = place.parent().unwrap_or(&root).to_owned();
            let new_folder = !folder.exists();
            std::fs::create_dir_all(&folder)?;
            received.file.as_file().sync_all()?;
            received.file.persist(&place).map_err(|error| error.error)?;
            std::fs::File::open(&folder)?.sync_all()?;
            if new_folder { std::fs::File::open(&root)?.sync_all() } else { Ok(()) }
        })
        .await
    }

    /// Whether bytes are stored here, without opening them.
    #[must_use]
    pub fn has(&self, sha256: &str) -> bool {
        self.place(sha256).is_file()
    }

    /// Whether bytes are stored here, after an attempt to fetch them from another store.
    pub async fn obtain(&self, sha256: &str) -> io::Result<bool> {
        if self.has(sha256) {
            return Ok(true);
        }
        match &self.peers {
            Some(peers) => peers.fetch(self, sha256).await,
            None => Ok(false),
        }
    }

    /// Opens stored bytes.
    ///
    /// # Errors
    /// When no store has them.
    pub async fn file(&self, sha256: &str) -> io::Result<tokio::fs::File> {
        self.obtain(sha256).await?;
        tokio::fs::File::open(self.place(sha256)).await
    }

    /// Creates an empty unnamed file, which is removed when its last handle is closed.
    pub async fn scratch(&self) -> io::Result<tokio::fs::File> {
        let incoming = self.folder.join("incoming");
        Ok(tokio::fs::File::from_std(blocking(move || tempfile::tempfile_in(incoming)).await?))
    }

    fn place(&self, sha256: &str) -> PathBuf {
        place(&self.folder, sha256)
    }

    /// Returns the digests of files older than an age: candidates for the sweep.
    pub fn older_than(&self, age: Duration, now: SystemTime) -> io::Result<Vec<String>> {
        let old = |path: &Path| -> io::Result<bool> {
            let modified = path.metadata()?.modified()?;
            Ok(now.duration_since(modified).is_ok_and(|since| since > age))
        };
        let mut found = Vec::new();
        for folder in std::fs::read_dir(&self.folder)? {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if old(&path)? {
                    found.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
                }
            }
        }
        Ok(found)
    }

    /// Removes a file that nothing refers to.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let incoming = self.folder.join("incoming").join(name);
        if incoming.exists() { std::fs::remove_file(incoming) } else { std::fs::remove_file(self.place(name)) }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests;

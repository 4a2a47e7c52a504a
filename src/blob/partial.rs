//! Partial files: uploads that arrive over several requests.
//!
//! Each one consists of three files in `incoming`: `<owner>.<id>.part` has the received bytes, `.note` the caller's
//! state, and `.turn` the id of the request whose turn it is. Every process of the machine can continue one, because
//! the proxy sends each connection to any of them. The request that holds the lock on the part appends to it. A later
//! request takes the turn, and the holder then writes its buffer and releases the lock: a request whose client is long
//! gone must not block the next one. The lock ends with the process that holds it.

pub use super::pour::PartialError;

use super::{
    BlobError, Blobs, Received,
    pour::{Sink, pour},
    receive::{BATCH_BYTES, blocking},
};
use bytes::Bytes;
use futures_util::Stream;
use ring::rand::{SecureRandom, SystemRandom};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Interval at which received bytes are written and the turn is checked.
const FLUSH_INTERVAL: Duration = Duration::from_millis(250);
/// Polling interval for the lock.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum time to wait for the lock: its holder may be recording the file.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(20);

/// A partial file.
#[derive(Clone, Debug)]
pub struct Partial {
    base: PathBuf,
}

/// Metadata of a partial file, for limits and the sweep.
#[derive(Clone, Debug)]
pub struct KeptPartial {
    pub owner: Uuid,
    /// Number of received bytes.
    pub bytes: u64,
    /// Last access.
    pub used: SystemTime,
    pub partial: Partial,
}

/// A partial file that is locked by one request.
#[derive(Debug)]
pub struct PartialWriter {
    partial: Partial,
    file: Arc<File>,
    turn: String,
    offset: u64,
}

impl Blobs {
    /// Creates a partial file.
    pub async fn begin(&self, owner: Uuid, id: &str, note: Vec<u8>) -> io::Result<Partial> {
        let partial = Partial { base: self.base(owner, id) };
        let made = partial.clone();
        blocking(move || {
            made.write_note(&note)?;
            OpenOptions::new().write(true).create_new(true).open(made.named("part"))?;
            Ok(())
        })
        .await?;
        Ok(partial)
    }

    /// Returns a partial file of an owner; those of other owners are not found.
    #[must_use]
    pub fn partial(&self, owner: Uuid, id: &str) -> Option<Partial> {
        let partial = Partial { base: self.base(owner, id) };
        partial.named("part").is_file().then_some(partial)
    }

    /// Returns all partial files, the longest unused first.
    pub async fn partials(&self) -> io::Result<Vec<KeptPartial>> {
        let incoming = self.incoming.clone();
        blocking(move || {
            let mut found = Vec::new();
            for entry in fs::read_dir(incoming)? {
                // A partial file may be removed during the listing.
                found.extend(kept(&entry?.path()));
            }
            found.sort_by_key(|kept| kept.used);
            Ok(found)
        })
        .await
    }

    /// Removes partial files that were not accessed for a while, and returns their number.
    pub async fn sweep_partials(&self, age: Duration, now: SystemTime) -> io::Result<usize> {
        let mut removed = 0;
        for kept in self.partials().await? {
            if now.duration_since(kept.used).is_ok_and(|unused| unused > age) && kept.partial.remove_unheld().await? {
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn base(&self, owner: Uuid, id: &str) -> PathBuf {
        // Ids come from URLs; the filter prevents an invalid one from leaving the folder.
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        self.incoming.join(format!("{}.{id}", owner.simple()))
    }
}

fn kept(path: &Path) -> Option<KeptPartial> {
    let name = path.file_name()?.to_str()?.strip_suffix(".part")?;
    let (owner, _) = name.split_once('.')?;
    let partial = Partial { base: path.with_file_name(name) };
    let (part, note) = (path.metadata().ok()?, partial.named("note").metadata().ok()?);
    let used = part.modified().ok()?.max(note.modified().ok()?);
    Some(KeptPartial { owner: owner.parse().ok()?, bytes: part.len(), used, partial })
}

impl Partial {
    fn named(&self, kind: &str) -> PathBuf {
        let name = self.base.file_name().unwrap_or_default().to_string_lossy();
        self.base.with_file_name(format!("{name}.{kind}"))
    }

    /// Returns the caller's note.
    pub async fn note(&self) -> io::Result<Vec<u8>> {
        let path = self.named("note");
        blocking(move || fs::read(path)).await
    }

    fn write_note(&self, note: &[u8]) -> io::Result<()> {
        let (path, fresh) = (self.named("note"), self.named("fresh"));
        fs::write(&fresh, note)?;
        fs::rename(fresh, path)
    }

    /// Takes the turn, and waits until the holder has released the lock.
    ///
    /// # Errors
    /// See [`PartialError`].
    pub async fn claim(&self) -> Result<PartialWriter, PartialError> {
        let turn = turn()?;
        let (part, place, own) = (self.named("part"), self.named("turn"), turn.clone());
        let file = blocking(move || {
            let file = OpenOptions::new().read(true).append(true).open(part)?;
            fs::write(place, own)?;
            Ok(Arc::new(file))
        })
        .await
        .map_err(gone)?;
        let end = Instant::now() + CLAIM_TIMEOUT;
        while !locked(&file)? {
            if !self.is_turn_of(&turn).await {
                return Err(PartialError::Superseded);
            }
            if Instant::now() > end {
                return Err(PartialError::Busy);
            }
            sleep(LOCK_RETRY_INTERVAL).await;
        }
        let meta = file.metadata()?;
        if meta.nlink() == 0 {
            return Err(PartialError::Gone);
        }
        if !self.is_turn_of(&turn).await {
            return Err(PartialError::Superseded);
        }
        let note = self.named("note");
        // A query counts as an access.
        blocking(move || OpenOptions::new().append(true).open(note)?.set_modified(SystemTime::now())).await?;
        Ok(PartialWriter { partial: self.clone(), file, turn, offset: meta.len() })
    }

    async fn is_turn_of(&self, turn: &str) -> bool {
        let (path, turn) = (self.named("turn"), turn.to_owned());
        blocking(move || fs::read_to_string(path)).await.is_ok_and(|has| has == turn)
    }

    /// Removes the file unless a request holds it, and returns whether it did.
    pub async fn remove_unheld(&self) -> io::Result<bool> {
        let this = self.clone();
        blocking(move || {
            let Ok(file) = File::open(this.named("part")) else { return Ok(false) };
            if !locked(&file)? {
                return Ok(false);
            }
            this.remove_files()?;
            Ok(true)
        })
        .await
    }

    fn remove_files(&self) -> io::Result<()> {
        for kind in ["part", "note", "turn"] {
            match fs::remove_file(self.named(kind)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn gone(error: io::Error) -> PartialError {
    if error.kind() == io::ErrorKind::NotFound { PartialError::Gone } else { error.into() }
}

fn locked(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn turn() -> io::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(hex::encode(bytes))
}

impl PartialWriter {
    /// Number of received bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Replaces the caller's note.
    pub async fn note(&self, note: Vec<u8>) -> io::Result<()> {
        let partial = self.partial.clone();
        blocking(move || partial.write_note(&note)).await
    }

    /// Appends a stream until it ends. However it ends, the received bytes are kept. The total never exceeds `most`
    /// bytes.
    ///
    /// # Errors
    /// See [`PartialError`].
    pub async fn append<E>(
        &mut self,
        stream: impl Stream<Item = Result<Bytes, E>>,
        most: u64,
    ) -> Result<(), PartialError> {
        let ended = pour(self, stream, most).await;
        let file = self.file.clone();
        blocking(move || file.sync_data()).await?;
        ended
    }

    /// Returns a hashed copy of the received bytes, as if they had arrived in one request.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn received(&self, blobs: &Blobs, most: u64) -> Result<Received, BlobError> {
        let part = tokio::fs::File::open(self.partial.named("part")).await?;
        blobs.receive(ReaderStream::with_capacity(part, BATCH_BYTES), most).await
    }

    /// Removes the bytes, and keeps the note.
    pub async fn clear(&self) -> io::Result<()> {
        let file = self.file.clone();
        blocking(move || file.set_len(0)).await
    }

    pub async fn remove(self) -> io::Result<()> {
        blocking(move || self.partial.remove_files()).await
    }
}

impl Sink for PartialWriter {
    type Error = PartialError;
    const CHECK_INTERVAL: Duration = FLUSH_INTERVAL;

    fn arrived(&self) -> u64 {
        self.offset
    }

    async fn write(&mut self, batch: Vec<u8>) -> Result<(), PartialError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (file, bytes) = (self.file.clone(), batch.len() as u64);
        blocking(move || (&*file).write_all(&batch)).await?;
        self.offset += bytes;
        Ok(())
    }

    async fn check(&mut self) -> Result<(), PartialError> {
        if self.partial.is_turn_of(&self.turn).await { Ok(()) } else { Err(PartialError::Superseded) }
    }
}

#[cfg(test)]
mod tests;

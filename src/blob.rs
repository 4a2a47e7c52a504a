//! Attachments, content-addressed: the name of each is its SHA-256. They are in a folder, or in a bucket of an S3 store.
//!
//! Bytes are first received into a local file while they are hashed, never completely held in memory. They are in the
//! store durably before any row refers to them, and their digest is checked again before a byte of them is given out. An
//! attachment that no row refers to is removed later.

pub mod bucket;
mod folder;
pub mod partial;
mod pour;
mod receive;
pub mod transfer;

pub use folder::digest;
pub use receive::Received;
pub use transfer::transfer;

use crate::config::{Attachments, BucketUrl, StoreUrl};
use bucket::{Bucket, cache::Cache};
use bytes::Bytes;
use folder::Folder;
use futures_util::{Stream, StreamExt, stream::BoxStream};
use receive::{blocking, receive};
use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

/// Why bytes could not be received, kept or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Too many bytes; nothing is kept.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The request body ended early; nothing is kept.
    #[error("the upload broke off")]
    BrokenOff,
    /// The local disk failed.
    #[error("cannot write to the attachment store")]
    Disk(#[from] io::Error),
    /// No store has it.
    #[error("attachment {0} is missing")]
    Missing(String),
    /// What the store has under this digest are other bytes.
    #[error("attachment {0}: its bytes are others")]
    WrongBytes(String),
    /// The store cannot be reached, or cannot serve now.
    #[error("the attachment store does not answer")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// The store took too long.
    #[error("the attachment store is too slow")]
    Slow(#[source] Box<dyn Error + Send + Sync>),
    /// The store, or its quota, is full.
    #[error("the attachment store is full")]
    Full(#[source] Box<dyn Error + Send + Sync>),
    /// The store refuses our key, or knows no such bucket.
    #[error("the attachment store refuses the portal")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}

/// An attachment as a store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub sha256: String,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// The store of attachments, and the former one while attachments are moved.
#[derive(Clone, Debug)]
pub struct Blobs {
    /// Local folder of files that arrive.
    incoming: PathBuf,
    current: Backend,
    previous: Option<Backend>,
}

/// A store.
#[derive(Clone, Debug)]
enum Backend {
    Folder(Arc<Folder>),
    Bucket(Arc<Bucket>),
}

impl Blobs {
    /// Opens the configured store, without connecting to it.
    ///
    /// # Errors
    /// When a folder cannot be created, or a key cannot be read.
    pub fn open(config: Option<&Attachments>, data_dir: &Path) -> io::Result<Self> {
        let default = Attachments::default();
        let config = config.unwrap_or(&default);
        let url = config.url.clone().unwrap_or_else(|| StoreUrl::Folder(data_dir.join("blobs")));
        let mut blobs = Self::at(&url, config.key_file.as_deref(), data_dir, config.cache_bytes())?;
        if let Some(previous) = &config.previous {
            let former = Self::at(previous, config.previous_key_file(), data_dir, config.cache_bytes())?;
            blobs.previous = Some(former.current);
        }
        Ok(blobs)
    }

    /// Opens one store. `data_dir` has the cache and the work folder of a bucket.
    ///
    /// # Errors
    /// As [`Blobs::open`].
    pub fn at(url: &StoreUrl, key_file: Option<&Path>, data_dir: &Path, cache_bytes: u64) -> io::Result<Self> {
        match url {
            StoreUrl::Folder(folder) => Self::folder(folder.clone()),
            StoreUrl::Bucket(url) => Self::bucket_at(url, key_file, data_dir, cache_bytes),
        }
    }

    fn bucket_at(url: &BucketUrl, key_file: Option<&Path>, data_dir: &Path, cache_bytes: u64) -> io::Result<Self> {
        let key = key_file.ok_or_else(|| io::Error::other("the bucket has no key file"))?;
        let objects = bucket::endpoints::connect(url, &bucket::endpoints::Key::read(key)?)?;
        Self::of_objects(objects, data_dir, cache_bytes)
    }

    fn of_objects(objects: Arc<dyn bucket::Objects>, data_dir: &Path, cache_bytes: u64) -> io::Result<Self> {
        let incoming = data_dir.join("blobs/incoming");
        std::fs::create_dir_all(&incoming)?;
        let cache = Cache::new(data_dir.join("attachments-cache"), cache_bytes);
        let bucket = Bucket::new(objects, cache, incoming.clone());
        Ok(Self { incoming, current: Backend::Bucket(Arc::new(bucket)), previous: None })
    }

    /// Opens a folder of attachments, and creates it.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn folder(folder: PathBuf) -> io::Result<Self> {
        // Files are renamed from there into their place, so it is on the same file system.
        let incoming = folder.join("incoming");
        match std::fs::create_dir_all(&incoming) {
            // What is read only, a set on another medium perhaps, takes nothing.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && folder.is_dir() => {}
            made => made?,
        }
        Ok(Self { incoming, current: Backend::Folder(Arc::new(Folder(folder))), previous: None })
    }

    /// The bucket, if attachments are in one.
    #[must_use]
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        match &self.current {
            Backend::Bucket(bucket) => Some(bucket),
            Backend::Folder(_) => None,
        }
    }

    /// Receives a stream of bytes into a local file.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`], [`BlobError::BrokenOff`], [`BlobError::Disk`].
    pub async fn receive<E>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>>,
        max_bytes: u64,
    ) -> Result<Received, BlobError> {
        receive(&self.incoming, stream.map(|bytes| bytes.map_err(|_| BlobError::BrokenOff)), max_bytes).await
    }

    /// Keeps received bytes permanently. When this returns, they are durable.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn keep(&self, received: Received) -> Result<(), BlobError> {
        match &self.current {
            Backend::Folder(folder) => Ok(folder.keep(received).await?),
            Backend::Bucket(bucket) => bucket.keep(received).await,
        }
    }

    /// Returns the id of the store that has an attachment at this moment; `None` if none has.
    ///
    /// # Errors
    /// When a store cannot be asked.
    pub async fn holder(&self, sha256: &str) -> Result<Option<Uuid>, BlobError> {
        for store in std::iter::once(&self.current).chain(&self.previous) {
            if store.find(sha256).await?.is_some() {
                return Ok(Some(store.id().await?));
            }
        }
        Ok(None)
    }

    /// Opens an attachment, its digest verified. What is read again comes from a local cache.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn file(&self, sha256: &str) -> Result<tokio::fs::File, BlobError> {
        self.read(sha256, true).await
    }

    /// Opens an attachment for readers of everything, who would push out of the cache what others read again.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn file_once(&self, sha256: &str) -> Result<tokio::fs::File, BlobError> {
        self.read(sha256, false).await
    }

    async fn read(&self, sha256: &str, again: bool) -> Result<tokio::fs::File, BlobError> {
        match (self.current.read(sha256, again).await, &self.previous) {
            (Err(error), Some(previous)) => match previous.read(sha256, false).await {
                Err(other) if matches!(error, BlobError::Missing(_)) => Err(other),
                read => read.map_err(|_| error),
            },
            (read, _) => read,
        }
    }

    /// Lists all attachments; one that was not moved yet is listed by the former store too.
    pub fn list(&self) -> BoxStream<'_, Result<Stored, BlobError>> {
        let former = self.previous.iter().map(Backend::list);
        futures_util::stream::iter(std::iter::once(self.current.list()).chain(former)).flatten().boxed()
    }

    /// Returns what the current store has under a digest.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn find(&self, sha256: &str) -> Result<Option<Stored>, BlobError> {
        self.current.find(sha256).await
    }

    /// Removes an attachment of the current store.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, sha256: &str) -> Result<(), BlobError> {
        match &self.current {
            Backend::Folder(folder) => Ok(folder.remove(sha256).await?),
            Backend::Bucket(bucket) => bucket.remove(sha256).await,
        }
    }

    /// Removes what arrived long ago and was never kept, and returns how many files and objects that were.
    ///
    /// # Errors
    /// When they cannot be listed or removed.
    pub async fn sweep_incoming(&self, age: Duration, now: SystemTime) -> Result<usize, BlobError> {
        let incoming = self.incoming.clone();
        let local = blocking(move || {
            let mut removed = 0;
            for entry in std::fs::read_dir(incoming)? {
                let path = entry?.path();
                if now.duration_since(path.metadata()?.modified()?).is_ok_and(|since| since > age) {
                    std::fs::remove_file(path)?;
                    removed += 1;
                }
            }
            Ok(removed)
        });
        let local = local.await?;
        Ok(local + if let Some(bucket) = self.bucket() { bucket.sweep_incoming(age, now).await? } else { 0 })
    }

    /// Creates an empty unnamed file, which is removed when its last handle is closed.
    pub async fn scratch(&self) -> io::Result<tokio::fs::File> {
        let incoming = self.incoming.clone();
        Ok(tokio::fs::File::from_std(blocking(move || tempfile::tempfile_in(incoming)).await?))
    }

    /// Id of the current store. A store that replaces another one has another id.
    ///
    /// # Errors
    /// When the store cannot be asked, at the first use.
    pub async fn store_id(&self) -> Result<Uuid, BlobError> {
        self.current.id().await
    }
}

impl Backend {
    async fn find(&self, sha256: &str) -> Result<Option<Stored>, BlobError> {
        match self {
            Self::Folder(folder) => Ok(folder.find(sha256).await?),
            Self::Bucket(bucket) => bucket.find(sha256).await,
        }
    }

    async fn read(&self, sha256: &str, again: bool) -> Result<tokio::fs::File, BlobError> {
        match self {
            Self::Folder(folder) => folder.read(sha256).await,
            Self::Bucket(bucket) => bucket.read(sha256, again).await,
        }
    }

    fn list(&self) -> BoxStream<'_, Result<Stored, BlobError>> {
        match self {
            Self::Folder(folder) => folder.list(),
            Self::Bucket(bucket) => bucket.list(),
        }
    }

    async fn id(&self) -> Result<Uuid, BlobError> {
        match self {
            Self::Folder(folder) => Ok(folder.id().await?),
            Self::Bucket(bucket) => bucket.id().await,
        }
    }
}

#[cfg(test)]
mod tests;

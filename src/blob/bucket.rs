//! Attachments in a bucket of an S3 store, as objects `sha256/<digest>`.
//!
//! Writing an object again changes nothing, so a request whose outcome is unknown is simply repeated. Every request is
//! bounded in time and in memory.

pub(super) mod cache;
pub(super) mod endpoints;
mod fault;
pub mod parts;

use super::{
    BlobError, Received, Stored,
    receive::{blocking, receive},
};
use cache::Cache;
use fault::{fault, ignore_missing};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, multipart::MultipartStore, path::Path as Key};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{OnceCell, Semaphore, SemaphorePermit},
    time::timeout,
};
use uuid::Uuid;

/// Size of a part, and largest object that is written by one request: the smallest part that every S3 store takes.
pub const PART_BYTES: u64 = 5 << 20;
/// Parts of one attachment that are written at once.
const CONCURRENT_PARTS: usize = 2;
/// Memory for what is being written, in KiB: four parts.
const MAX_MEMORY_KIB: u32 = 20 << 10;
/// Maximum time for an attachment to be written, read or looked up, repetitions included: shorter than the time after which
/// a request is answered in any case.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(45);
/// Object with the id of the store.
const ID_KEY: &str = "guichet-store-id";
/// Objects of attachments.
const ATTACHMENTS: &str = "sha256";
/// Objects of uploads that are under way.
const INCOMING: &str = "incoming";

/// A client of a store.
pub trait Objects: ObjectStore + MultipartStore {}
impl<T: ObjectStore + MultipartStore> Objects for T {}

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    objects: Arc<dyn Objects>,
    cache: Cache,
    /// Local folder of files that arrive.
    incoming: PathBuf,
    /// KiB of memory that are free for writing.
    memory: Semaphore,
    id: OnceCell<Uuid>,
}

/// Bounds a chain of requests.
async fn bounded<T>(work: impl Future<Output = Result<T, BlobError>>) -> Result<T, BlobError> {
    timeout(TOTAL_TIMEOUT, work).await.unwrap_or_else(|late| Err(BlobError::Slow(Box::new(late))))
}

fn key(sha256: &str) -> Key {
    Key::from_iter([ATTACHMENTS, sha256])
}

fn stored(object: &ObjectMeta) -> Stored {
    let sha256 = object.location.filename().unwrap_or_default().to_owned();
    Stored { sha256, bytes: object.size, modified: object.last_modified.into() }
}

impl Bucket {
    pub(super) fn new(objects: Arc<dyn Objects>, cache: Cache, incoming: PathBuf) -> Self {
        let memory = Semaphore::new(MAX_MEMORY_KIB as usize);
        Self { objects, cache, incoming, memory, id: OnceCell::new() }
    }

    pub(super) async fn keep(&self, received: Received) -> Result<(), BlobError> {
        let key = key(&received.sha256);
        bounded(async {
            if let Some(object) = &received.object {
                // Copied within the store, its bytes do not travel again.
                match self.objects.copy(object, &key).await.map_err(fault) {
                    Err(BlobError::Missing(_)) => {}
                    copied => return copied,
                }
            }
            self.write(&key, &Arc::new(received.open()?), received.bytes).await
        })
        .await?;
        self.cache.insert(received).await;
        Ok(())
    }

    /// Writes a local file as an object.
    async fn write(&self, key: &Key, file: &Arc<File>, bytes: u64) -> Result<(), BlobError> {
        if bytes <= PART_BYTES {
            let (bytes, _memory) = self.load(file, 0, bytes).await?;
            return self.objects.put(key, bytes).await.map(drop).map_err(fault);
        }
        let id = self.objects.create_multipart(key).await.map_err(fault)?;
        let parts = (0..bytes.div_ceil(PART_BYTES)).map(|index| {
            let (from, id) = (index * PART_BYTES, &id);
            async move { self.write_part(key, id, index, file, from, PART_BYTES.min(bytes - from)).await }
        });
        let written: Result<Vec<_>, BlobError> =
            futures_util::stream::iter(parts).buffered(CONCURRENT_PARTS).try_collect().await;
        let done = match written {
            Ok(parts) => self.join(key, &id, parts, bytes).await,
            Err(error) => Err(error),
        };
        if done.is_err() {
            // What it fails with is told already.
            self.objects.abort_multipart(key, &id).await.ok();
        }
        done
    }

    async fn write_part(
        &self,
        key: &Key,
        id: &String,
        index: u64,
        file: &Arc<File>,
        from: u64,
        bytes: u64,
    ) -> Result<String, BlobError> {
        let index = usize::try_from(index).map_err(io::Error::other)?;
        let (bytes, _memory) = self.load(file, from, bytes).await?;
        Ok(self.objects.put_part(key, id, index, bytes).await.map_err(fault)?.content_id)
    }

    /// Makes an object of its parts. That they were joined before is as good.
    async fn join(&self, key: &Key, id: &String, parts: Vec<String>, bytes: u64) -> Result<(), BlobError> {
        let parts = parts.into_iter().map(|content_id| object_store::multipart::PartId { content_id }).collect();
        match self.objects.complete_multipart(key, id, parts).await.map_err(fault) {
            Err(error @ BlobError::Missing(_)) => match self.objects.head(key).await {
                Ok(object) if object.size == bytes => Ok(()),
                _ => Err(error),
            },
            joined => joined.map(drop),
        }
    }

    /// Reads bytes of a file, as soon as there is memory for them; it is taken as long as the permit is held.
    async fn load(
        &self,
        file: &Arc<File>,
        from: u64,
        bytes: u64,
    ) -> Result<(PutPayload, SemaphorePermit<'_>), BlobError> {
        let kib = u32::try_from(bytes.div_ceil(1024)).map_err(io::Error::other)?.max(1);
        let memory = self.memory.acquire_many(kib).await.map_err(io::Error::other)?;
        let (file, length) = (file.clone(), usize::try_from(bytes).map_err(io::Error::other)?);
        let read = blocking(move || {
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, from).map(|()| bytes)
        });
        Ok((read.await?.into(), memory))
    }

    pub(super) async fn read(&self, sha256: &str, again: bool) -> Result<tokio::fs::File, BlobError> {
        if let Some(file) = self.cache.open(sha256).await {
            return Ok(tokio::fs::File::from_std(file));
        }
        let received = bounded(self.fetch(&key(sha256), u64::MAX)).await?;
        if received.sha256 != sha256 {
            return Err(BlobError::WrongBytes(sha256.to_owned()));
        }
        let file = received.open()?;
        if again {
            self.cache.insert(received).await;
        }
        Ok(tokio::fs::File::from_std(file))
    }

    /// Receives an object into a local file.
    async fn fetch(&self, key: &Key, max_bytes: u64) -> Result<Received, BlobError> {
        let object = self.objects.get(key).await.map_err(fault)?;
        receive(&self.incoming, object.into_stream().map_err(fault), max_bytes).await
    }

    pub(super) async fn find(&self, sha256: &str) -> Result<Option<Stored>, BlobError> {
        bounded(async {
            match self.objects.head(&key(sha256)).await.map_err(fault) {
                Ok(object) => Ok(Some(stored(&object))),
                // A bucket that is not there answers alike, but has no id either.
                Err(BlobError::Missing(_)) => self.read_id().await.map(|_| None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    pub(super) fn list(&self) -> BoxStream<'_, Result<Stored, BlobError>> {
        let all = self.objects.list(Some(&Key::from(ATTACHMENTS)));
        all.map(|object| object.map(|object| stored(&object)).map_err(fault)).boxed()
    }

    pub(super) async fn remove(&self, sha256: &str) -> Result<(), BlobError> {
        bounded(async { ignore_missing(self.objects.delete(&key(sha256)).await) }).await
    }

    /// Removes objects of uploads that nobody goes on with.
    pub(super) async fn sweep_incoming(&self, age: Duration, now: SystemTime) -> Result<usize, BlobError> {
        let (mut all, mut removed) = (self.objects.list(Some(&Key::from(INCOMING))), 0);
        while let Some(object) = all.try_next().await.map_err(fault)? {
            if now.duration_since(object.last_modified.into()).is_ok_and(|since| since > age) {
                ignore_missing(self.objects.delete(&object.location).await)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Id of the store; it is made at the first use.
    pub(super) async fn id(&self) -> Result<Uuid, BlobError> {
        let make = async {
            if let Some(id) = self.read_id().await? {
                return Ok(id);
            }
            let made = Uuid::now_v7().to_string();
            self.objects.put(&Key::from(ID_KEY), made.into()).await.map_err(fault)?;
            // Another process may have made one at the same time; the last one counts.
            self.read_id().await?.ok_or_else(|| BlobError::Missing(ID_KEY.into()))
        };
        self.id.get_or_try_init(|| bounded(make)).await.copied()
    }

    /// The id of the store, if it has one.
    async fn read_id(&self) -> Result<Option<Uuid>, BlobError> {
        let read = async { self.objects.get(&Key::from(ID_KEY)).await?.bytes().await };
        match read.await.map_err(fault) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().parse().map_err(io::Error::other)?)),
            Err(BlobError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;

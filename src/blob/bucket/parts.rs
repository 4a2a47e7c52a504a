//! Uploads into a bucket that arrive over several requests, which any process of any machine may serve.
//!
//! Bytes are written to a local file, and each [`PART_BYTES`] of them become a part of a multipart upload of the object
//! `incoming/<id>`. What is less than a part is the upload's tail: an object `incoming/<id>.<turn>`, written from time to
//! time and when a request ends early. What counts is what the ledger has: the later request takes the turn there, and one
//! whose turn is over can record nothing any more. So each object of a tail has one writer, and a part that two requests
//! have written has the same bytes or does not fit its recorded id.

use super::{
    super::{
        BlobError, Received,
        pour::{PartialError, Sink, pour},
        receive::{BATCH_BYTES, blocking, receive},
    },
    Bucket, INCOMING, PART_BYTES, bounded,
    fault::{fault, ignore_missing},
};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use object_store::{ObjectStoreExt, path::Path as Key};
use serde::{Deserialize, Serialize};
use std::{fs::File, os::unix::fs::FileExt, sync::Arc, time::Duration};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Interval at which the tail is written and the turn is checked.
const RECORD_INTERVAL: Duration = Duration::from_secs(10);

/// What is recorded of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedParts {
    /// Id of the multipart upload, once there is a part.
    multipart: Option<String>,
    /// Ids of the parts, all of the same length.
    parts: Vec<String>,
    tail: Option<Tail>,
}

/// What has arrived after the last part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tail {
    /// The turn that wrote it.
    turn: Uuid,
    /// The object may have more.
    bytes: u64,
}

impl RecordedParts {
    /// Number of bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.in_parts() + self.tail.map_or(0, |tail| tail.bytes)
    }

    fn in_parts(&self) -> u64 {
        self.parts.len() as u64 * PART_BYTES
    }
}

/// What a request does with an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It receives bytes; a later request may take over.
    Receiving,
    /// It makes the whole of them; a later request has to wait.
    Finishing,
    /// Nothing any more.
    Released,
}

/// Where uploads are recorded, by the request whose turn it is.
pub trait Ledger: Send + Sync {
    type Error: From<PartialError> + Send;

    /// Records what has arrived. Fails with [`PartialError::Superseded`] when a later request took the turn.
    fn record(&self, parts: &RecordedParts, hold: Hold) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// An upload that one request writes to.
pub struct PartsWriter<L> {
    bucket: Arc<Bucket>,
    ledger: L,
    id: String,
    turn: Uuid,
    recorded: RecordedParts,
    /// The local file, and the offset of its first byte.
    scratch: Arc<File>,
    scratch_from: u64,
    offset: u64,
}

impl Bucket {
    /// Goes on with an upload as it was recorded when the turn was taken.
    ///
    /// # Errors
    /// [`PartialError::Gone`] when its tail is not there any more; those of the disk and the store.
    pub async fn resume<L: Ledger>(
        self: &Arc<Self>,
        ledger: L,
        id: &str,
        turn: Uuid,
        recorded: RecordedParts,
    ) -> Result<PartsWriter<L>, PartialError> {
        let incoming = self.incoming.clone();
        let scratch = Arc::new(blocking(move || tempfile::tempfile_in(incoming)).await?);
        let (from, offset) = (recorded.in_parts(), recorded.bytes());
        if let Some(tail) = recorded.tail {
            let bytes =
                bounded(async { self.objects.get_range(&tail_key(id, tail.turn), 0..tail.bytes).await.map_err(fault) });
            let bytes = match bytes.await {
                Ok(bytes) if bytes.len() as u64 == tail.bytes => bytes,
                Ok(_) | Err(BlobError::Missing(_)) => return Err(PartialError::Gone),
                Err(error) => return Err(error.into()),
            };
            let file = scratch.clone();
            blocking(move || file.write_all_at(&bytes, 0)).await?;
        }
        let (bucket, id) = (self.clone(), id.to_owned());
        Ok(PartsWriter { bucket, ledger, id, turn, recorded, scratch, scratch_from: from, offset })
    }

    /// Removes the objects of an upload.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn discard(&self, id: &str, recorded: &RecordedParts) -> Result<(), BlobError> {
        let key = key(id);
        bounded(async {
            if let Some(tail) = recorded.tail {
                ignore_missing(self.objects.delete(&tail_key(id, tail.turn)).await)?;
            }
            match &recorded.multipart {
                Some(multipart) => {
                    ignore_missing(self.objects.delete(&key).await)?;
                    ignore_missing(self.objects.abort_multipart(&key, multipart).await)
                }
                None => Ok(()),
            }
        })
        .await
    }
}

fn key(id: &str) -> Key {
    Key::from_iter([INCOMING, id])
}

fn tail_key(id: &str, turn: Uuid) -> Key {
    Key::from_iter([INCOMING, &format!("{id}.{}", turn.simple())])
}

impl<L: Ledger> PartsWriter<L> {
    /// Number of received bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the upload is recorded.
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    /// Appends a stream until it ends. However it ends, the received bytes are kept, unless they are the last ones, of
    /// which [`PartsWriter::received`] makes the whole. The total never exceeds `most` bytes.
    ///
    /// # Errors
    /// See [`PartialError`]; those of the ledger.
    pub async fn append<E>(
        &mut self,
        stream: impl Stream<Item = Result<Bytes, E>>,
        most: u64,
        last: bool,
    ) -> Result<(), L::Error> {
        let ended = pour(self, stream, most).await;
        if !(last && ended.is_ok()) {
            let kept = self.record(Hold::Released).await;
            // Why it ended says more.
            return ended.and(kept);
        }
        ended
    }

    /// Keeps what has arrived for a later request.
    ///
    /// # Errors
    /// As [`PartsWriter::append`].
    pub async fn release(&mut self) -> Result<(), L::Error> {
        self.record(Hold::Released).await
    }

    /// Records what has arrived, with its tail.
    async fn record(&mut self, hold: Hold) -> Result<(), L::Error> {
        let (from, former) = (self.recorded.in_parts(), self.recorded.tail);
        if self.offset > self.recorded.bytes() {
            let tail = Tail { turn: self.turn, bytes: self.offset - from };
            let key = tail_key(&self.id, self.turn);
            let (bucket, at) = (&self.bucket, from - self.scratch_from);
            let put = bounded(async {
                let (bytes, _memory) = bucket.load(&self.scratch, at, tail.bytes).await?;
                bucket.objects.put(&key, bytes).await.map_err(fault)
            });
            put.await.map_err(PartialError::from)?;
            self.recorded.tail = Some(tail);
        }
        self.ledger.record(&self.recorded, hold).await?;
        self.forget_tail(former.filter(|former| Some(former.turn) != self.recorded.tail.map(|tail| tail.turn))).await;
        Ok(())
    }

    /// Removes the object of a tail that is not recorded any more; the sweep removes it where this fails.
    async fn forget_tail(&self, tail: Option<Tail>) {
        if let Some(tail) = tail {
            self.bucket.objects.delete(&tail_key(&self.id, tail.turn)).await.ok();
        }
    }

    /// Makes a part of what has arrived after the last one.
    async fn put_part(&mut self, bytes: u64) -> Result<String, BlobError> {
        let key = key(&self.id);
        bounded(async {
            let multipart = match &self.recorded.multipart {
                Some(multipart) => multipart.clone(),
                None => self.bucket.objects.create_multipart(&key).await.map_err(fault)?,
            };
            let multipart = self.recorded.multipart.insert(multipart);
            let (from, index) = (self.recorded.parts.len() as u64 * PART_BYTES, self.recorded.parts.len() as u64);
            self.bucket.write_part(&key, multipart, index, &self.scratch, from - self.scratch_from, bytes).await
        })
        .await
    }

    /// Makes the whole of what has arrived, as if it had arrived in one request.
    ///
    /// # Errors
    /// See [`BlobError`]; those of the ledger.
    pub async fn received(&mut self, most: u64) -> Result<Received, L::Error> {
        self.ledger.record(&self.recorded, Hold::Finishing).await?;
        self.whole(most).await.map_err(|error| {
            L::Error::from(match error {
                BlobError::Missing(_) => PartialError::Gone,
                error => error.into(),
            })
        })
    }

    async fn whole(&mut self, most: u64) -> Result<Received, BlobError> {
        let local = ReaderStream::with_capacity(tokio::fs::File::from_std(self.scratch.try_clone()?), BATCH_BYTES);
        let local = local.map_err(BlobError::from);
        if self.recorded.parts.is_empty() {
            rewind(&self.scratch).await?;
            return receive(&self.bucket.incoming, local, most).await;
        }
        let key = key(&self.id);
        // They were joined before, if what was to be made of the whole failed.
        let joined = self.bucket.objects.head(&key).await.is_ok_and(|object| object.size == self.offset);
        if !joined {
            let (mut parts, rest) = (self.recorded.parts.clone(), self.offset - self.recorded.in_parts());
            if rest > 0 {
                parts.push(self.put_part(rest).await?);
            }
            let multipart = self.recorded.multipart.clone().unwrap_or_default();
            bounded(self.bucket.join(&key, &multipart, parts, self.offset)).await?;
        }
        let mut received = bounded(async {
            if self.scratch_from == 0 {
                rewind(&self.scratch).await?;
                return receive(&self.bucket.incoming, local, most).await;
            }
            self.bucket.fetch(&key, most).await
        })
        .await?;
        if received.bytes != self.offset {
            return Err(BlobError::WrongBytes(self.id.clone()));
        }
        received.object = Some(key);
        Ok(received)
    }

    /// Removes the objects of the upload, which is recorded elsewhere now, or nowhere. What cannot be removed is swept.
    pub async fn clear(&self) {
        if let Err(error) = self.bucket.discard(&self.id, &self.recorded).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "upload.not_removed");
        }
        self.forget_tail(Some(Tail { turn: self.turn, bytes: 0 })).await;
    }
}

async fn rewind(file: &Arc<File>) -> std::io::Result<()> {
    let file = file.clone();
    blocking(move || std::io::Seek::rewind(&mut &*file)).await
}

impl<L: Ledger> Sink for PartsWriter<L> {
    type Error = L::Error;
    const CHECK_INTERVAL: Duration = RECORD_INTERVAL;

    fn arrived(&self) -> u64 {
        self.offset
    }

    async fn write(&mut self, batch: Vec<u8>) -> Result<(), L::Error> {
        let (file, bytes, at) = (self.scratch.clone(), batch.len() as u64, self.offset - self.scratch_from);
        blocking(move || file.write_all_at(&batch, at)).await.map_err(PartialError::from)?;
        self.offset += bytes;
        while self.offset - self.recorded.in_parts() >= PART_BYTES {
            let part = self.put_part(PART_BYTES).await.map_err(PartialError::from)?;
            self.recorded.parts.push(part);
            let former = self.recorded.tail.take();
            self.ledger.record(&self.recorded, Hold::Receiving).await?;
            self.forget_tail(former.filter(|tail| tail.turn != self.turn)).await;
        }
        Ok(())
    }

    async fn check(&mut self) -> Result<(), L::Error> {
        self.record(Hold::Receiving).await
    }
}

#[cfg(test)]
mod tests;

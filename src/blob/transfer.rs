//! Copying all attachments of one store into another.

use super::{BlobError, Blobs};
use futures_util::{StreamExt, TryStreamExt};
use std::collections::{BTreeSet, HashMap};
use tokio_util::io::ReaderStream;

/// Attachments that are copied at once.
const CONCURRENT_COPIES: usize = 4;
/// Maximum size of a copied attachment in bytes; uploads are limited to far less.
const MAX_ATTACHMENT_BYTES: u64 = 1 << 30;

/// What became of the attachments of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Those that the other store has now.
    pub present: BTreeSet<String>,
    /// Number of those that were copied.
    pub copied: u64,
    /// Those whose bytes are others, or that were removed meanwhile.
    pub unreadable: BTreeSet<String>,
}

/// Copies what `from` has and `to` lacks. What `to` has with the same length is not copied again, so that an interrupted
/// transfer goes on where it stood. With `verify`, each copy is read back: from the store, if `to` has no cache.
///
/// # Errors
/// When a store cannot be read or written. What cannot be read because its bytes are others is part of the result.
pub async fn transfer(from: &Blobs, to: &Blobs, verify: bool) -> Result<Transfer, BlobError> {
    let there: HashMap<String, u64> = to.list().map_ok(|stored| (stored.sha256, stored.bytes)).try_collect().await?;
    let there = &there;
    let copies = from.list().map(|stored| async move {
        let stored = stored?;
        if there.get(&stored.sha256) == Some(&stored.bytes) {
            return Ok((stored.sha256, Some(false)));
        }
        let copied = one(from, to, &stored.sha256, verify).await?;
        Ok((stored.sha256, copied.then_some(true)))
    });
    let mut done = Transfer::default();
    let mut copies = copies.buffer_unordered(CONCURRENT_COPIES);
    while let Some(copied) = copies.next().await {
        let copied: Result<_, BlobError> = copied;
        match copied? {
            (sha256, Some(copied)) => done.copied += u64::from(done.present.insert(sha256) && copied),
            (sha256, None) => drop(done.unreadable.insert(sha256)),
        }
    }
    // The former store may have had it.
    done.unreadable.retain(|sha256| !done.present.contains(sha256));
    Ok(done)
}

/// Copies one attachment; returns false if `from` has other bytes, or none.
///
/// # Errors
/// As [`transfer`].
pub async fn one(from: &Blobs, to: &Blobs, sha256: &str, verify: bool) -> Result<bool, BlobError> {
    let file = match from.file_once(sha256).await {
        Err(error @ (BlobError::WrongBytes(_) | BlobError::Missing(_))) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "attachment.not_copied");
            return Ok(false);
        }
        file => file?,
    };
    let received = to.receive(ReaderStream::new(file), MAX_ATTACHMENT_BYTES).await?;
    to.keep(received).await?;
    if verify {
        to.file_once(sha256).await?;
    }
    Ok(true)
}

//! A local cache of attachments that are read again, of bounded size. Processes of one machine share it, and nothing is
//! lost with it.

use super::super::{
    Received,
    folder::{files, open_verified, path_of},
    receive::blocking,
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

/// The part of its size by which the cache may grow before it is tidied up, and below its size afterwards: a sixteenth.
const SLACK: u64 = 16;

/// A folder of attachments from which the longest unused go first.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    max_bytes: u64,
    /// Bytes added by this process since it tidied up.
    added: AtomicU64,
}

impl Cache {
    /// A cache that is tidied up at its first use; of 0 bytes, it keeps nothing.
    pub(crate) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        Self { folder, max_bytes, added: AtomicU64::new(max_bytes) }
    }

    /// Opens an attachment. One whose bytes are others is removed and not found.
    pub(super) async fn open(&self, sha256: &str) -> Option<File> {
        if self.max_bytes == 0 {
            return None;
        }
        let (path, wanted) = (path_of(&self.folder, sha256), sha256.to_owned());
        let opened = blocking(move || {
            let found = open_verified(&path, &wanted)?;
            match &found {
                Some(file) => file.set_modified(SystemTime::now())?,
                None => {
                    tracing::warn!(sha256 = wanted, "attachments_cache.wrong_bytes");
                    fs::remove_file(&path)?;
                }
            }
            Ok(found)
        });
        opened.await.ok().flatten()
    }

    /// Takes a file over. That it cannot is no reason to fail for whoever has the file open.
    pub(super) async fn insert(&self, received: Received) {
        if received.bytes > self.max_bytes / SLACK {
            return;
        }
        let path = path_of(&self.folder, &received.sha256);
        let added = self.added.fetch_add(received.bytes, Ordering::Relaxed) + received.bytes;
        let tidy = (added > self.max_bytes / SLACK).then(|| (self.folder.clone(), self.max_bytes));
        if tidy.is_some() {
            self.added.store(0, Ordering::Relaxed);
        }
        let done = blocking(move || {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            received.file.persist(&path).map_err(|error| error.error)?;
            tidy.map_or(Ok(()), |(folder, max_bytes)| tidy_up(&folder, max_bytes))
        });
        if let Err(error) = done.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "attachments_cache.failed");
        }
    }
}

/// Removes the longest unused files of a cache that is too large.
fn tidy_up(folder: &Path, max_bytes: u64) -> io::Result<()> {
    let mut all = Vec::new();
    for (path, metadata) in files(folder)? {
        all.push((metadata.modified()?, metadata.len(), path));
    }
    let mut bytes: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
    if bytes <= max_bytes {
        return Ok(());
    }
    all.sort_unstable();
    for (_, length, path) in all {
        if bytes <= max_bytes - max_bytes / SLACK {
            break;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => bytes -= length,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Blobs;

    #[tokio::test]
    async fn the_longest_unused_go_and_wrong_bytes_are_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let incoming = Blobs::folder(folder.path().join("incoming")).unwrap();
        let cache = Cache::new(folder.path().join("cache"), 6400);
        let insert = async |number: u64| {
            let bytes = bytes::Bytes::from(vec![u8::try_from(number).unwrap(); 400]);
            let stream = futures_util::stream::iter([Ok::<_, io::Error>(bytes)]);
            let received = incoming.receive(stream, 1000).await.unwrap();
            let sha256 = received.sha256.clone();
            cache.insert(received).await;
            // Instants of files are as coarse as the kernel's tick.
            let used = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number);
            File::options().append(true).open(path_of(&cache.folder, &sha256)).unwrap().set_modified(used).unwrap();
            sha256
        };
        let first = insert(1).await;
        let second = insert(2).await;
        for number in 3..=16 {
            insert(number).await;
        }
        assert!(cache.open(&first).await.is_some(), "it fits, and is used again");
        insert(17).await;
        assert!(cache.open(&second).await.is_none(), "the longest unused had to go");
        assert!(cache.open(&first).await.is_some());
        let total: u64 = files(&cache.folder).unwrap().iter().map(|(_, metadata)| metadata.len()).sum();
        assert!(total <= 6400, "{total}");
        fs::write(path_of(&cache.folder, &first), b"others").unwrap();
        assert!(cache.open(&first).await.is_none());
        assert!(!path_of(&cache.folder, &first).exists());
    }
}

//! A bucket in memory.

use super::*;
use crate::blob::{Blobs, transfer};
use bytes::Bytes;
use futures_util::stream;
use object_store::memory::InMemory;
use std::{collections::BTreeSet, path::Path};
use tokio::io::AsyncReadExt;

fn bucket(folder: &Path, cache_bytes: u64) -> (Arc<InMemory>, Blobs) {
    let objects = Arc::new(InMemory::new());
    let blobs = Blobs::of_objects(objects.clone(), folder, cache_bytes).unwrap();
    (objects, blobs)
}

async fn keep(blobs: &Blobs, bytes: &[u8]) -> String {
    let chunks: Vec<_> = bytes.chunks(100_000).map(|chunk| Ok::<_, io::Error>(Bytes::copy_from_slice(chunk))).collect();
    let received = blobs.receive(stream::iter(chunks), u64::MAX).await.unwrap();
    let sha256 = received.sha256.clone();
    blobs.keep(received).await.unwrap();
    sha256
}

async fn read(blobs: &Blobs, sha256: &str) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    blobs.file(sha256).await?.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn long(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

#[tokio::test]
async fn what_is_kept_is_read_whether_it_goes_in_parts_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, blobs) = bucket(folder.path(), 0);
    for bytes in [vec![], b"abc".to_vec(), long(5 << 20), long((12 << 20) + 1)] {
        let sha256 = keep(&blobs, &bytes).await;
        let object = objects.get(&Key::from(format!("sha256/{sha256}"))).await.unwrap();
        assert_eq!(object.bytes().await.unwrap(), bytes);
        assert!(read(&blobs, &sha256).await.unwrap() == bytes);
        assert_eq!(blobs.find(&sha256).await.unwrap().unwrap().bytes, bytes.len() as u64);
        assert_eq!(blobs.holder(&sha256).await.unwrap(), Some(blobs.store_id().await.unwrap()));
        blobs.remove(&sha256).await.unwrap();
        assert!(matches!(read(&blobs, &sha256).await, Err(BlobError::Missing(_))));
        assert_eq!(blobs.holder(&sha256).await.unwrap(), None);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("blobs/incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn wrong_bytes_never_leave_the_store_nor_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, blobs) = bucket(folder.path(), 1 << 20);
    let sha256 = keep(&blobs, b"abc").await;
    let cached = folder.path().join("attachments-cache/ba").join(&sha256);
    std::fs::write(&cached, b"abd").unwrap();
    assert_eq!(read(&blobs, &sha256).await.unwrap(), b"abc", "fetched again");
    assert_eq!(std::fs::read(&cached).unwrap(), b"abc");
    objects.put(&Key::from(format!("sha256/{sha256}")), "abd".into()).await.unwrap();
    assert_eq!(read(&blobs, &sha256).await.unwrap(), b"abc", "the cache has it");
    std::fs::remove_file(&cached).unwrap();
    assert!(matches!(read(&blobs, &sha256).await, Err(BlobError::WrongBytes(_))));
    assert!(!cached.exists());
}

#[tokio::test]
async fn a_store_keeps_its_id_and_another_one_has_another() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, blobs) = bucket(folder.path(), 0);
    let id = blobs.store_id().await.unwrap();
    let again = Blobs::of_objects(objects, folder.path(), 0).unwrap();
    assert_eq!(again.store_id().await.unwrap(), id);
    assert_ne!(bucket(folder.path(), 0).1.store_id().await.unwrap(), id);
    let local = Blobs::folder(folder.path().join("local")).unwrap();
    let local_id = local.store_id().await.unwrap();
    assert_eq!(Blobs::folder(folder.path().join("local")).unwrap().store_id().await.unwrap(), local_id);
    assert_ne!(local_id, id);
}

#[tokio::test]
async fn attachments_move_between_kinds_of_stores_and_are_read_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let local = Blobs::folder(folder.path().join("local")).unwrap();
    let files = [b"one".to_vec(), b"two".to_vec(), long(6 << 20)];
    let mut all = BTreeSet::new();
    for file in &files {
        all.insert(keep(&local, file).await);
    }
    let (_, mut blobs) = bucket(folder.path(), 0);
    let early = keep(&blobs, b"one").await;
    blobs.previous = Some(local.current.clone());
    let late = keep(&local, b"late").await;
    assert_eq!(read(&blobs, &late).await.unwrap(), b"late");
    assert_eq!(blobs.holder(&late).await.unwrap(), Some(local.store_id().await.unwrap()));
    local.remove(&late).await.unwrap();
    blobs.previous = None;

    let damaged = keep(&local, b"damaged").await;
    let place = folder.path().join("local").join(&damaged[..2]).join(&damaged);
    std::fs::write(place, b"others").unwrap();
    let done = transfer(&local, &blobs, true).await.unwrap();
    assert_eq!((done.copied, &done.present, done.unreadable.contains(&damaged)), (2, &all, true));
    assert!(done.present.contains(&early));
    let again = transfer(&local, &blobs, true).await.unwrap();
    assert_eq!((again.copied, &again.present), (0, &all));

    let back = Blobs::folder(folder.path().join("back")).unwrap();
    assert_eq!(transfer(&blobs, &back, true).await.unwrap().copied, 3);
    for (sha256, file) in [(early, b"one"), (keep(&local, b"two").await, b"two")] {
        assert_eq!(read(&back, &sha256).await.unwrap(), file);
    }
}

#[tokio::test]
async fn what_arrived_long_ago_is_swept_and_attachments_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, blobs) = bucket(folder.path(), 0);
    let sha256 = keep(&blobs, b"abc").await;
    objects.put(&Key::from("incoming/a1.0"), "tail".into()).await.unwrap();
    std::fs::write(folder.path().join("blobs/incoming/left"), b"left").unwrap();
    let (hour, now) = (Duration::from_secs(3600), SystemTime::now());
    assert_eq!(blobs.sweep_incoming(hour, now).await.unwrap(), 0);
    assert_eq!(blobs.sweep_incoming(hour, now + 2 * hour).await.unwrap(), 2);
    assert_eq!(read(&blobs, &sha256).await.unwrap(), b"abc");
}

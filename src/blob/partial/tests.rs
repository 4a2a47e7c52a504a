//! Files that arrive in parts.

use super::*;
use futures_util::stream;
use tokio::sync::mpsc;

type Part = Result<Bytes, io::Error>;

fn store() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path().into()).unwrap();
    (folder, blobs)
}

fn parts(parts: &[&'static [u8]]) -> impl Stream<Item = Part> + use<> {
    stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part))).collect::<Vec<_>>())
}

/// A stream that the test feeds.
fn fed() -> (mpsc::UnboundedSender<Part>, impl Stream<Item = Part>) {
    let (feed, mut parts) = mpsc::unbounded_channel();
    (feed, stream::poll_fn(move |cx| parts.poll_recv(cx)))
}

fn incoming(folder: &tempfile::TempDir) -> usize {
    fs::read_dir(folder.path().join("incoming")).unwrap().count()
}

#[tokio::test]
async fn what_came_in_parts_is_the_whole() {
    let (folder, blobs) = store();
    let owner = Uuid::now_v7();
    let partial = blobs.begin(owner, "a1", b"note".to_vec()).await.unwrap();
    let mut held = partial.claim().await.unwrap();
    held.append(parts(&[b"ab"]), 3).await.unwrap();
    assert_eq!(held.offset(), 2);
    drop(held);
    let mut held = blobs.partial(owner, "a1").unwrap().claim().await.unwrap();
    assert_eq!(held.offset(), 2);
    held.append(parts(&[b"c"]), 3).await.unwrap();
    let received = held.received(&blobs, 3).await.unwrap();
    assert_eq!(received.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    drop(received);
    assert_eq!(partial.note().await.unwrap(), b"note");
    held.remove().await.unwrap();
    assert_eq!(incoming(&folder), 0);
}

#[tokio::test]
async fn an_append_that_breaks_off_keeps_what_arrived() {
    let (_folder, blobs) = store();
    let partial = blobs.begin(Uuid::now_v7(), "a1", Vec::new()).await.unwrap();
    let cut = stream::iter([Ok(Bytes::from_static(b"abc")), Err(io::Error::other("cut"))]);
    let mut held = partial.claim().await.unwrap();
    assert!(matches!(held.append(cut, 10).await, Err(PartialError::BrokenOff)));
    drop(held);
    assert_eq!(partial.claim().await.unwrap().offset(), 3);
}

#[tokio::test]
async fn the_later_request_ends_the_former_and_finds_what_it_had() {
    let (_folder, blobs) = store();
    let partial = blobs.begin(Uuid::now_v7(), "a1", Vec::new()).await.unwrap();
    let mut held = partial.claim().await.unwrap();
    let (feed, stream) = fed();
    feed.send(Ok(Bytes::from_static(b"abc"))).unwrap();
    let former = tokio::spawn(async move { held.append(stream, 10).await });
    // The first request would wait indefinitely: its client is gone, and nothing has reported that.
    let later = partial.claim().await.unwrap();
    assert_eq!(later.offset(), 3);
    assert!(matches!(former.await.unwrap(), Err(PartialError::Superseded)));
    drop(feed);
}

#[tokio::test]
async fn one_that_is_held_is_not_swept_and_one_that_was_removed_is_gone() {
    let (folder, blobs) = store();
    let partial = blobs.begin(Uuid::now_v7(), "a1", Vec::new()).await.unwrap();
    let later = SystemTime::now() + Duration::from_secs(100);
    let held = partial.claim().await.unwrap();
    assert_eq!(blobs.sweep_partials(Duration::from_secs(50), later).await.unwrap(), 0);
    drop(held);
    assert_eq!(blobs.sweep_partials(Duration::from_secs(200), later).await.unwrap(), 0);
    assert_eq!(blobs.sweep_partials(Duration::from_secs(50), later).await.unwrap(), 1);
    assert_eq!(incoming(&folder), 0);
    assert!(matches!(partial.claim().await, Err(PartialError::Gone)));
}

#[tokio::test]
async fn nobody_has_the_parts_of_another_and_no_name_leaves_the_folder() {
    let (_folder, blobs) = store();
    let owner = Uuid::now_v7();
    blobs.begin(owner, "a1", Vec::new()).await.unwrap();
    assert!(blobs.partial(owner, "a1").is_some());
    for (owner, id) in [(Uuid::now_v7(), "a1"), (owner, "a2"), (owner, "../a1/.."), (owner, "")] {
        assert_eq!(blobs.partial(owner, id).is_some(), id.contains("a1/"), "{id}");
    }
    assert_eq!(blobs.partials().await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_than_allowed_is_not_taken() {
    let (_folder, blobs) = store();
    let partial = blobs.begin(Uuid::now_v7(), "a1", Vec::new()).await.unwrap();
    let mut held = partial.claim().await.unwrap();
    assert!(matches!(held.append(parts(&[b"abcd", b"efgh"]), 7).await, Err(PartialError::TooLarge(7))));
    assert_eq!(held.offset(), 4);
}

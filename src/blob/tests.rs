//! A store in a temporary folder.

use super::*;

async fn receive(blobs: &Blobs, chunks: &[&'static [u8]], max: u64) -> Result<Received, BlobError> {
    let stream = futures_util::stream::iter(chunks.iter().map(|chunk| Ok::<_, io::Error>(Bytes::from_static(chunk))));
    blobs.receive(stream, max).await
}

#[tokio::test]
async fn bytes_are_hashed_on_the_way_and_kept_under_their_digest() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path().into()).unwrap();
    let received = receive(&blobs, &[b"ab", b"c"], 10).await.unwrap();
    assert_eq!(received.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let mut read = Vec::new();
    io::Read::read_to_end(&mut received.open().unwrap(), &mut read).unwrap();
    assert_eq!(read, b"abc");
    let digest = received.sha256.clone();
    blobs.keep(received).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("ba").join(&digest)).unwrap(), b"abc");
    assert_eq!(std::fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn too_many_bytes_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path().into()).unwrap();
    assert!(matches!(receive(&blobs, &[b"abcd", b"efgh"], 7).await, Err(BlobError::TooLarge(7))));
    assert_eq!(std::fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
}

//! Uploads over several requests, into a bucket in memory.

use super::*;
use crate::blob::Blobs;
use futures_util::{StreamExt, stream};
use object_store::memory::InMemory;
use proptest::prelude::*;
use std::{
    io,
    sync::{Mutex, MutexGuard},
};

/// The record of one upload, as a table has it.
#[derive(Default)]
struct Row {
    turn: Uuid,
    parts: RecordedParts,
    hold: Option<Hold>,
}

/// A request's view of the record.
struct Turn(Arc<Mutex<Row>>, Uuid);

impl Ledger for Turn {
    type Error = PartialError;

    async fn record(&self, parts: &RecordedParts, hold: Hold) -> Result<(), PartialError> {
        let mut row = self.0.lock().unwrap();
        if row.turn != self.1 {
            return Err(PartialError::Superseded);
        }
        (row.parts, row.hold) = (parts.clone(), Some(hold));
        Ok(())
    }
}

struct Upload {
    _folder: tempfile::TempDir,
    objects: Arc<InMemory>,
    blobs: Blobs,
    row: Arc<Mutex<Row>>,
}

impl Upload {
    fn new() -> Self {
        let (folder, objects) = (tempfile::tempdir().unwrap(), Arc::new(InMemory::new()));
        let blobs = Blobs::of_objects(objects.clone(), folder.path(), 0).unwrap();
        Self { _folder: folder, objects, blobs, row: Arc::default() }
    }

    fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap()
    }

    async fn claim(&self) -> Result<PartsWriter<Turn>, PartialError> {
        let turn = Uuid::now_v7();
        self.row().turn = turn;
        let parts = self.row().parts.clone();
        self.blobs.bucket().unwrap().resume(Turn(self.row.clone(), turn), "a1", turn, parts).await
    }

    async fn names(&self) -> Vec<String> {
        use object_store::ObjectStore;
        self.objects.list(None).map(|object| object.unwrap().location.to_string()).collect().await
    }
}

fn body(bytes: &[u8], whole: bool) -> impl Stream<Item = Result<Bytes, io::Error>> + use<> {
    let mut chunks: Vec<_> = bytes.chunks(300_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    if !whole {
        chunks.push(Err(io::Error::other("cut")));
    }
    stream::iter(chunks)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

fn long(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_short_file_in_one_request_makes_no_parts() {
    let upload = Upload::new();
    let mut writer = upload.claim().await.unwrap();
    writer.append(body(b"abc", true), 10, true).await.unwrap();
    let received = writer.received(10).await.unwrap();
    assert_eq!(received.sha256, sha256(b"abc"));
    assert_eq!(upload.row().hold, Some(Hold::Finishing));
    upload.blobs.keep(received).await.unwrap();
    writer.clear().await;
    assert_eq!(upload.names().await, [format!("sha256/{}", sha256(b"abc"))]);
}

#[tokio::test]
async fn the_later_request_wins_and_the_earlier_one_records_nothing_more() {
    let upload = Upload::new();
    let mut first = upload.claim().await.unwrap();
    assert!(matches!(first.append(body(b"ab", false), 10, false).await, Err(PartialError::BrokenOff)));
    assert_eq!(upload.row().parts.bytes(), 2);
    assert_eq!(upload.row().hold, Some(Hold::Released));
    let mut second = upload.claim().await.unwrap();
    assert_eq!(second.offset(), 2);
    assert!(matches!(first.append(body(b"xyz", true), 10, false).await, Err(PartialError::Superseded)));
    second.append(body(b"c", true), 10, true).await.unwrap();
    assert!(matches!(first.received(10).await, Err(PartialError::Superseded)));
    assert_eq!(second.received(10).await.unwrap().sha256, sha256(b"abc"));
    assert!(matches!(second.append(body(b"123456789", true), 10, true).await, Err(PartialError::TooLarge(10))));
}

#[tokio::test]
async fn an_upload_whose_tail_is_lost_is_gone() {
    let upload = Upload::new();
    let mut writer = upload.claim().await.unwrap();
    writer.append(body(b"ab", true), 10, false).await.unwrap();
    let tail = upload.names().await.remove(0);
    upload.objects.delete(&Key::from(tail)).await.unwrap();
    assert!(matches!(upload.claim().await, Err(PartialError::Gone)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn however_a_file_is_cut_it_arrives_whole(
        length in 1_usize..(13 << 20),
        cuts in prop::collection::vec((0_usize..1000, any::<bool>()), 0..5),
    ) {
        let bytes = long(length);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let left = runtime.block_on(async {
            let upload = Upload::new();
            let mut ends: Vec<_> = cuts.iter().map(|(at, whole)| (length * at / 1000, *whole)).collect();
            ends.sort_unstable();
            for (end, whole) in ends {
                let mut writer = upload.claim().await.unwrap();
                let from = usize::try_from(writer.offset()).unwrap();
                let done = writer.append(body(&bytes[from..end.max(from)], whole), length as u64, false).await;
                assert_eq!(done.is_ok(), whole);
            }
            let mut writer = upload.claim().await.unwrap();
            let from = usize::try_from(writer.offset()).unwrap();
            writer.append(body(&bytes[from..], true), length as u64, true).await.unwrap();
            let received = writer.received(length as u64).await.unwrap();
            assert_eq!((received.bytes, &received.sha256), (length as u64, &sha256(&bytes)));
            upload.blobs.keep(received).await.unwrap();
            writer.clear().await;
            upload.blobs.file(&sha256(&bytes)).await.unwrap();
            upload.names().await
        });
        prop_assert_eq!(left, [format!("sha256/{}", sha256(&bytes))]);
    }
}

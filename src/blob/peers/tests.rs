//! Stores of several machines, each with its own listener.

use super::*;
use bytes::Bytes;
use std::sync::Arc;

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

struct Machine {
    blobs: Blobs,
    address: String,
    _folder: tempfile::TempDir,
    serving: tokio::task::JoinHandle<io::Result<()>>,
}

async fn machine(copies: u8, secret: &[u8]) -> Machine {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let peers = Peers::new(Uuid::now_v7(), copies, key.clone()).unwrap();
    let blobs = Blobs::open(folder.path().into()).unwrap().among(peers);
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(serve(listener, blobs.clone(), key));
    Machine { blobs, address, _folder: folder, serving }
}

impl Machine {
    fn peer(&self) -> PeerStore {
        PeerStore { store: self.blobs.peers().unwrap().own, address: self.address.clone() }
    }

    fn meet(&self, others: &[&Machine]) {
        self.blobs.peers().unwrap().meet(others.iter().map(|other| other.peer()).collect());
    }

    async fn keep(&self, text: &'static str) -> Result<(), BlobError> {
        let stream = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from_static(text.as_bytes()))]);
        self.blobs.keep(self.blobs.receive(stream, 100).await?).await
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_on_as_many_machines_as_wanted_and_read_on_all() {
    let (one, two, three) = (machine(2, b"k").await, machine(2, b"k").await, machine(2, b"k").await);
    one.meet(&[&one, &two, &three]);
    two.meet(&[&one, &two, &three]);
    three.meet(&[&one, &two, &three]);
    one.keep("abc").await.unwrap();
    assert!(one.blobs.has(ABC) && two.blobs.has(ABC) && !three.blobs.has(ABC));
    assert!(three.blobs.file(ABC).await.is_ok(), "had from another");
    assert!(three.blobs.has(ABC), "and kept");
}

#[tokio::test]
async fn without_enough_others_nothing_is_acknowledged() {
    let (one, two) = (machine(2, b"k").await, machine(2, b"k").await);
    assert!(matches!(one.keep("abc").await, Err(BlobError::TooFewCopies(2))), "it knows nobody");
    one.meet(&[&one, &two]);
    two.serving.abort();
    assert!(matches!(one.keep("abc").await, Err(BlobError::TooFewCopies(2))), "the other is gone");
}

#[tokio::test]
async fn a_stranger_neither_leaves_nor_has_anything() {
    let (one, stranger) = (machine(2, b"k").await, machine(2, b"another").await);
    stranger.meet(&[&one]);
    assert!(stranger.keep("abc").await.is_err());
    assert!(!one.blobs.has(ABC));
    let client = Client::new();
    for proof in ["", "0:00", "99999999999:ff", "x"] {
        let asked = client.get(format!("http://{}/attachments/{ABC}", one.address)).header(PROOF_HEADER, proof);
        assert_eq!(asked.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn other_bytes_than_the_digest_says_are_not_kept() {
    let one = machine(1, b"k").await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"k");
    let other = Peers::new(Uuid::now_v7(), 1, key).unwrap();
    let asked = other.ask(Method::PUT, &one.peer(), ABC).body("abd").send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!one.blobs.has(ABC));
}

#[test]
fn a_proof_is_for_one_request_and_a_short_time() {
    let key = Arc::new(hmac::Key::new(hmac::HMAC_SHA256, b"k"));
    let (given, now) = (prove(&key, "GET", ABC), jiff::Timestamp::now());
    assert!(proof::holds(&key, "GET", ABC, &given, now));
    assert!(!proof::holds(&key, "PUT", ABC, &given, now));
    assert!(!proof::holds(&key, "GET", &ABC.replace('b', "c"), &given, now));
    assert!(!proof::holds(&key, "GET", ABC, &given, now + jiff::SignedDuration::from_secs(200)));
}

//! The stores of other machines: an attachment is acknowledged once as many folders as wanted have it, and one that is
//! missing here is had from whoever has it.
//!
//! Machines speak over the installation's own network. Each request proves by a key of the installation that it comes
//! from one of its processes; the address of an attachment is its digest, so that nobody can pass off other bytes.

mod listener;
mod proof;

pub use listener::serve;

use super::{BlobError, Blobs};
use futures_util::StreamExt;
use proof::{HEADER, prove};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use ring::hmac;
use std::{
    io,
    path::Path,
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Longest time to reach another store.
const REACH: Duration = Duration::from_secs(2);
/// Longest silence of another store while bytes go to or come from it.
const SILENCE: Duration = Duration::from_secs(20);
/// Largest attachment that is copied, bytes; what people may send is far less.
const LARGEST: u64 = 1 << 30;

/// A store of another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStore {
    /// The store: several processes may serve the same one.
    pub store: Uuid,
    /// Where one of them listens: `address:port`.
    pub address: String,
}

/// What a store knows of the others.
pub struct Peers {
    /// This store.
    pub own: Uuid,
    copies: u8,
    key: hmac::Key,
    client: Client,
    others: RwLock<Vec<PeerStore>>,
}

impl Peers {
    /// A store that knows no other yet; `copies` counts itself.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(own: Uuid, copies: u8, key: hmac::Key) -> io::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(REACH)
            .read_timeout(SILENCE)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { own, copies, key, client, others: RwLock::default() })
    }

    /// Learns which stores there are; its own is passed over.
    pub fn meet(&self, stores: Vec<PeerStore>) {
        let others = stores.into_iter().filter(|peer| peer.store != self.own).collect();
        *self.others.write().unwrap_or_else(PoisonError::into_inner) = others;
    }

    fn others(&self) -> Vec<PeerStore> {
        self.others.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(&self, method: Method, peer: &PeerStore, sha256: &str) -> RequestBuilder {
        let proof = prove(&self.key, method.as_str(), sha256);
        self.client.request(method, format!("http://{}/attachments/{sha256}", peer.address)).header(HEADER, proof)
    }

    /// Copies a file to as many others as wanted.
    ///
    /// # Errors
    /// [`BlobError::TooFewCopies`] when too few took it.
    pub(super) async fn give(&self, file: &Path, sha256: &str) -> Result<(), BlobError> {
        let mut copies = 1;
        for peer in self.others() {
            if copies >= self.copies {
                break;
            }
            match self.put(&peer, file, sha256).await {
                Ok(()) => copies += 1,
                Err(error) => tracing::warn!(peer = peer.address, error = &*error, "attachment.not_copied"),
            }
        }
        if copies < self.copies { Err(BlobError::TooFewCopies(self.copies)) } else { Ok(()) }
    }

    async fn put(
        &self,
        peer: &PeerStore,
        file: &Path,
        sha256: &str,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let file = tokio::fs::File::open(file).await?;
        let bytes = file.metadata().await?.len();
        let body = reqwest::Body::wrap_stream(ReaderStream::new(file));
        let request = self.ask(Method::PUT, peer, sha256).header(reqwest::header::CONTENT_LENGTH, bytes).body(body);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Has an attachment from another store and keeps it in this one; false when nobody has it.
    pub(super) async fn fetch(&self, blobs: &Blobs, sha256: &str) -> io::Result<bool> {
        for peer in self.others() {
            match self.get(blobs, &peer, sha256).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(BlobError::Disk(error)) => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        peer = peer.address,
                        error = &error as &dyn std::error::Error,
                        "attachment.not_fetched"
                    );
                }
            }
        }
        Ok(false)
    }

    async fn get(&self, blobs: &Blobs, peer: &PeerStore, sha256: &str) -> Result<bool, BlobError> {
        let answer = match self.ask(Method::GET, peer, sha256).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => answer,
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND => return Ok(false),
            _ => return Err(BlobError::BrokenOff),
        };
        let received = blobs.receive(answer.bytes_stream().boxed(), LARGEST).await?;
        if received.sha256 != sha256 {
            return Err(BlobError::BrokenOff);
        }
        blobs.keep_here(received).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;

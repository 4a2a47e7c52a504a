//! Attachment stores of other machines. An attachment is acknowledged once the required number of stores has it, and
//! one that is missing here is fetched from a store that has it.
//!
//! Machines communicate over the installation's own network. Each request proves with a key of the installation that it
//! comes from one of its processes. The address of an attachment is its digest, so no other bytes can be substituted.

mod listener;
mod proof;

pub use listener::serve;

use super::{BlobError, Blobs};
use futures_util::StreamExt;
use proof::{PROOF_HEADER, prove};
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

/// Timeout for connecting to another store.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum time without data from another store during a transfer.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);
/// Maximum size of a copied attachment in bytes; uploads are limited to far less.
const MAX_ATTACHMENT_BYTES: u64 = 1 << 30;

/// A store of another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStore {
    /// Id of the store; several processes may serve the same one.
    pub store: Uuid,
    /// Where one of them listens: `address:port`.
    pub address: String,
}

/// The other stores, as seen from one store.
pub struct Peers {
    /// Id of this store.
    pub own: Uuid,
    copies: u8,
    key: hmac::Key,
    client: Client,
    others: RwLock<Vec<PeerStore>>,
}

impl Peers {
    /// Creates a store that knows no other yet; `copies` includes its own.
    pub fn new(own: Uuid, copies: u8, key: hmac::Key) -> io::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { own, copies, key, client, others: RwLock::default() })
    }

    /// Sets the known stores; its own is skipped.
    pub fn meet(&self, stores: Vec<PeerStore>) {
        let others = stores.into_iter().filter(|peer| peer.store != self.own).collect();
        *self.others.write().unwrap_or_else(PoisonError::into_inner) = others;
    }

    fn others(&self) -> Vec<PeerStore> {
        self.others.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(&self, method: Method, peer: &PeerStore, sha256: &str) -> RequestBuilder {
        let proof = prove(&self.key, method.as_str(), sha256);
        self.client.request(method, format!("http://{}/attachments/{sha256}", peer.address)).header(PROOF_HEADER, proof)
    }

    /// Copies a file to the required number of other stores.
    ///
    /// # Errors
    /// [`BlobError::TooFewCopies`] when too few accepted it.
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

    /// Fetches an attachment from another store and keeps it here; returns false if no store has it.
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
        let received = blobs.receive(answer.bytes_stream().boxed(), MAX_ATTACHMENT_BYTES).await?;
        if received.sha256 != sha256 {
            return Err(BlobError::BrokenOff);
        }
        blobs.keep_here(received).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;

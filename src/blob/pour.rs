//! Bytes of a request that are poured into an upload as they arrive.

use super::{BlobError, receive::BATCH_BYTES};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::{io, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Why a part could not be claimed or appended to.
#[derive(Debug, thiserror::Error)]
pub enum PartialError {
    /// A later request took the turn; what was recorded is kept.
    #[error("a later request took over")]
    Superseded,
    /// The holder does not release the lock.
    #[error("the holder does not let go")]
    Busy,
    /// It was removed.
    #[error("it is gone")]
    Gone,
    /// Too many bytes.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The request body ended early; the received bytes are kept.
    #[error("the part broke off")]
    BrokenOff,
    /// The disk failed.
    #[error("cannot write to the attachment store")]
    Disk(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlobError),
}

/// An upload that one request writes to.
pub(super) trait Sink: Send {
    type Error: From<PartialError> + Send;
    /// Interval between two checks.
    const CHECK_INTERVAL: Duration;

    /// Number of received bytes.
    fn arrived(&self) -> u64;

    /// Takes bytes over.
    fn write(&mut self, batch: Vec<u8>) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Checks that it is still the turn of this request, whether bytes arrive or not.
    fn check(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Pours a stream until it ends. However it ends, the received bytes are written. The total never exceeds `most` bytes.
pub(super) async fn pour<S: Sink, E>(
    sink: &mut S,
    stream: impl Stream<Item = Result<Bytes, E>>,
    most: u64,
) -> Result<(), S::Error> {
    let mut stream = std::pin::pin!(stream);
    let mut check = interval(S::CHECK_INTERVAL);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::new();
    let ended = loop {
        tokio::select! {
            next = stream.next() => match next {
                None => break Ok(()),
                Some(Err(_)) => break Err(PartialError::BrokenOff),
                Some(Ok(bytes)) => {
                    if sink.arrived() + (batch.len() + bytes.len()) as u64 > most {
                        break Err(PartialError::TooLarge(most));
                    }
                    batch.extend_from_slice(&bytes);
                    if batch.len() >= BATCH_BYTES {
                        sink.write(std::mem::take(&mut batch)).await?;
                    }
                }
            },
            _ = check.tick() => {
                sink.write(std::mem::take(&mut batch)).await?;
                sink.check().await?;
            }
        }
    };
    sink.write(batch).await?;
    Ok(ended?)
}

//! Uploads that are under way, wherever their bytes are: in files of this machine beside a folder of attachments, or in
//! the bucket, with a row.

use super::{UploadFault, record::UploadRecord};
use crate::{
    app::{App, AppError},
    blob::{
        Received,
        bucket::parts::{Hold, Ledger, PartsWriter, RecordedParts},
        partial::{Partial, PartialError, PartialWriter},
    },
    store::{
        Freshness, Store,
        upload::{self, UploadRow, UploadState},
    },
};
use bytes::Bytes;
use futures_util::Stream;
use std::{
    io,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long a request holds an upload without a sign of life, in seconds; it gives one every ten.
const HELD_SECONDS: u32 = 60;
/// Maximum time to wait for a request that makes the whole of its bytes.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(20);
/// Polling interval for the end of that.
const CLAIM_INTERVAL: Duration = Duration::from_millis(250);
/// Uploads that are removed by one sweep.
const MAX_SWEPT: u32 = 1000;

/// An upload that is under way.
pub(super) enum Unfinished {
    File(Partial),
    Row(UploadRow),
}

/// An upload that one request holds.
pub(super) enum UploadWriter {
    File(PartialWriter),
    Bucket(Box<PartsWriter<Rows>>),
}

/// The record of an upload in the database, for the request whose turn it is.
pub(super) struct Rows {
    store: Store,
    id: String,
    turn: Uuid,
}

impl Ledger for Rows {
    type Error = AppError;

    async fn record(&self, parts: &RecordedParts, hold: Hold) -> Result<(), AppError> {
        let text = json(parts)?;
        let state = UploadState {
            parts: &text,
            bytes: parts.bytes(),
            finishing: hold == Hold::Finishing,
            held_seconds: if hold == Hold::Released { 0 } else { HELD_SECONDS },
        };
        let mut db = self.store.write().await?;
        turn_of(upload::record(&mut db, &self.id, self.turn, state).await?)
    }
}

fn turn_of(recorded: bool) -> Result<(), AppError> {
    if recorded { Ok(()) } else { Err(PartialError::Superseded.into()) }
}

fn json(value: &impl serde::Serialize) -> Result<String, AppError> {
    Ok(serde_json::to_string(value).map_err(io::Error::other)?)
}

/// What the last column of a row says.
fn recorded(row: &UploadRow) -> Result<RecordedParts, AppError> {
    Ok(serde_json::from_str(&row.parts).map_err(io::Error::other)?)
}

impl App {
    /// Begins an upload.
    pub(super) async fn begin_unfinished(&self, owner: Uuid, id: &str, note: &UploadRecord) -> Result<(), AppError> {
        if self.blobs.bucket().is_none() {
            self.blobs.begin(owner, id, note.bytes()?).await?;
            return Ok(());
        }
        let (note, parts) = (json(note)?, json(&RecordedParts::default())?);
        let row = UploadRow { upload_id: id.into(), account_id: owner, note, parts, turn: Uuid::now_v7() };
        Ok(upload::begin(&mut *self.store.write().await?, &row).await?)
    }

    /// Returns an upload of an account, if it is known here.
    pub(super) async fn unfinished(&self, owner: Uuid, id: &str) -> Result<Option<Unfinished>, AppError> {
        if self.blobs.bucket().is_none() {
            return Ok(self.blobs.partial(owner, id).map(Unfinished::File));
        }
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(upload::find(&mut db, owner, id).await?.map(Unfinished::Row))
    }

    /// Returns the number of bytes of all uploads, and the uploads of an account, the longest unused first.
    pub(super) async fn all_unfinished(&self, owner: Uuid) -> Result<(u64, Vec<Unfinished>), AppError> {
        if self.blobs.bucket().is_none() {
            let all = self.blobs.partials().await?;
            let bytes = all.iter().map(|kept| kept.bytes).sum();
            let own = all.into_iter().filter(|kept| kept.owner == owner);
            return Ok((bytes, own.map(|kept| Unfinished::File(kept.partial)).collect()));
        }
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let own = upload::of_account(&mut db, owner).await?;
        Ok((upload::total_bytes(&mut db).await?, own.into_iter().map(Unfinished::Row).collect()))
    }

    /// Removes uploads that were not used for a while, and returns their number.
    pub(super) async fn sweep_unfinished(&self, age: Duration) -> Result<usize, AppError> {
        if self.blobs.bucket().is_none() {
            return Ok(self.blobs.sweep_partials(age, SystemTime::now()).await?);
        }
        let seconds = u32::try_from(age.as_secs()).unwrap_or(u32::MAX);
        let rows = upload::unused(&mut *self.store.read(Freshness::OwnWrites).await?, seconds, MAX_SWEPT).await?;
        let mut removed = 0;
        for row in rows {
            removed += usize::from(Unfinished::Row(row).remove_unheld(self).await?);
        }
        Ok(removed)
    }
}

impl Unfinished {
    /// What is remembered of it.
    pub(super) async fn note(&self) -> Result<UploadRecord, AppError> {
        let text = match self {
            Self::File(partial) => partial.note().await.map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => AppError::NotFound,
                _ => error.into(),
            })?,
            Self::Row(row) => row.note.clone().into_bytes(),
        };
        Ok(serde_json::from_slice(&text).map_err(io::Error::other)?)
    }

    /// Removes it unless a request holds it, and returns whether it did.
    pub(super) async fn remove_unheld(&self, app: &App) -> Result<bool, AppError> {
        let row = match self {
            Self::File(partial) => return Ok(partial.remove_unheld().await?),
            Self::Row(row) => row,
        };
        let removed = upload::remove_unheld(&mut *app.store.write().await?, &row.upload_id).await?;
        if removed
            && let Some(bucket) = app.blobs.bucket()
            && let Err(error) = bucket.discard(&row.upload_id, &recorded(row)?).await
        {
            // The sweep of what arrived long ago removes it.
            tracing::warn!(error = &error as &dyn std::error::Error, "upload.not_removed");
        }
        Ok(removed)
    }

    /// Takes the turn, and tells what is remembered: whoever had it before may have noted something.
    pub(super) async fn claim(&self, app: &App) -> Result<(UploadWriter, UploadRecord), AppError> {
        let row = match self {
            Self::File(partial) => {
                let held = UploadWriter::File(partial.claim().await?);
                return Ok((held, self.note().await?));
            }
            Self::Row(row) => row,
        };
        let (turn, end) = (Uuid::now_v7(), Instant::now() + CLAIM_TIMEOUT);
        let row = loop {
            let claimed = upload::claim(&mut *app.store.write().await?, &row.upload_id, turn).await?;
            match upload::find(&mut *app.store.read(Freshness::OwnWrites).await?, row.account_id, &row.upload_id)
                .await?
            {
                None => return Err(AppError::NotFound),
                Some(found) if claimed => break found,
                Some(_) if Instant::now() > end => return Err(UploadFault::Busy.into()),
                Some(_) => sleep(CLAIM_INTERVAL).await,
            }
        };
        if row.turn != turn {
            return Err(UploadFault::Superseded.into());
        }
        let bucket = app.blobs.bucket().ok_or(AppError::NotFound)?;
        let rows = Rows { store: app.store.clone(), id: row.upload_id.clone(), turn };
        let writer = bucket.resume(rows, &row.upload_id, turn, recorded(&row)?).await?;
        Ok((UploadWriter::Bucket(Box::new(writer)), Self::Row(row).note().await?))
    }
}

impl UploadWriter {
    /// Number of bytes that have arrived.
    pub(super) fn offset(&self) -> u64 {
        match self {
            Self::File(writer) => writer.offset(),
            Self::Bucket(writer) => writer.offset(),
        }
    }

    /// Replaces what is remembered.
    pub(super) async fn note(&self, note: &UploadRecord) -> Result<(), AppError> {
        match self {
            Self::File(writer) => Ok(writer.note(note.bytes()?).await?),
            Self::Bucket(writer) => {
                let Rows { store, id, turn } = writer.ledger();
                turn_of(upload::note(&mut *store.write().await?, id, *turn, &json(note)?).await?)
            }
        }
    }

    /// Appends a stream, of which the `last` ends the file.
    pub(super) async fn append<E>(
        &mut self,
        body: impl Stream<Item = Result<Bytes, E>>,
        most: u64,
        last: bool,
    ) -> Result<(), AppError> {
        match self {
            Self::File(writer) => Ok(writer.append(body, most).await?),
            Self::Bucket(writer) => writer.append(body, most, last).await,
        }
    }

    /// Makes the whole of what has arrived.
    pub(super) async fn received(&mut self, app: &App, most: u64) -> Result<Received, AppError> {
        match self {
            Self::File(writer) => Ok(writer.received(&app.blobs, most).await?),
            Self::Bucket(writer) => writer.received(most).await,
        }
    }

    /// Leaves it to a later request, after what was to be made of the whole has failed.
    pub(super) async fn release(&mut self) {
        if let Self::Bucket(writer) = self
            && let Err(error) = writer.release().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "upload.not_released");
        }
    }

    /// Notes that it is finished, and frees its bytes.
    pub(super) async fn finish(&self, note: &UploadRecord) -> Result<(), AppError> {
        self.note(note).await?;
        match self {
            Self::File(writer) => writer.clear().await?,
            Self::Bucket(writer) => {
                writer.ledger().record(&RecordedParts::default(), Hold::Released).await?;
                writer.clear().await;
            }
        }
        Ok(())
    }

    /// Removes it.
    pub(super) async fn remove(self) -> Result<(), AppError> {
        match self {
            Self::File(writer) => writer.remove().await?,
            Self::Bucket(writer) => {
                let Rows { store, id, turn } = writer.ledger();
                upload::remove(&mut *store.write().await?, id, *turn).await?;
                writer.clear().await;
            }
        }
        Ok(())
    }
}

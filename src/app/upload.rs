//! Files that arrive in parts: begun, continued from where they stood, and attached once they are whole.
//!
//! The parts lie beside the attachments, under the account that began and an id that nobody guesses. Rights are asked for
//! before each part, and again when the whole is attached.

use super::{App, AppError, Attached, Ctx, attach::PieceRequirement};
use crate::{
    blob::partial::{Partial, PartialError, PartialWriter},
    domain::{ids::DossierId, media::FileRefusal},
};
use bytes::Bytes;
use futures_util::Stream;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use std::{
    io,
    time::{Duration, SystemTime},
};
use tracing::Instrument;

/// How long parts are kept without anybody asking for them.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(12 * 3600);
/// Most uploads that an account has under way; the longest unused gives way to a new one.
const MAX_UPLOADS: usize = 8;
/// Most bytes of parts, of everybody together.
const MAX_PARTS_BYTES: u64 = 32 << 30;

/// Why an upload cannot go on like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadFault {
    /// The part does not begin where the last one ended.
    #[error("the part begins at {provided}, and {expected} bytes have arrived")]
    Offset {
        /// Bytes that have arrived.
        expected: u64,
        /// Where the part begins.
        provided: u64,
        /// Whether the file is whole, and attached.
        complete: bool,
    },
    /// The lengths that were declared contradict each other or what came.
    #[error("the lengths contradict each other")]
    Length,
    /// A later request goes on with this upload.
    #[error("a later request took over")]
    Superseded,
    /// What was sent before is still being recorded.
    #[error("what was sent before is still being recorded")]
    Busy,
    /// The account has too many under way.
    #[error("too many uploads are under way")]
    TooMany,
}

/// An upload as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// Bytes that have arrived.
    pub offset: u64,
    /// Whether it is whole and attached.
    pub complete: bool,
    /// Its length, where it was told.
    pub length: Option<u64>,
    /// Most bytes that it may have.
    pub max_bytes: u64,
}

/// A part that comes.
#[derive(Clone, Copy, Debug)]
pub struct Append {
    /// Where it begins.
    pub offset: u64,
    /// Whether the file ends with it.
    pub last: bool,
    /// Length of the whole, where it is told.
    pub length: Option<u64>,
    /// Length of the part, where it is told.
    pub part_bytes: Option<u64>,
}

impl Append {
    /// The length of the whole that follows from what is said of this part.
    fn whole(&self, known: Option<u64>) -> Result<Option<u64>, UploadFault> {
        let ends = self.part_bytes.filter(|_| self.last).map(|bytes| self.offset.saturating_add(bytes));
        let mut told = [known, self.length, ends].into_iter().flatten();
        let first = told.next();
        if told.all(|other| Some(other) == first) { Ok(first) } else { Err(UploadFault::Length) }
    }
}

/// What became of a part.
#[derive(Clone, Debug)]
pub enum Appended {
    /// It is kept, and more has to come.
    More(UploadState),
    /// It was the last: the piece is attached.
    Attached(Box<Attached>),
}

/// Where an upload leads.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The dossier.
    pub dossier: DossierId,
    /// Code of the piece.
    pub code: &'a str,
}

/// What is remembered beside the parts.
#[derive(Debug, Serialize, Deserialize)]
struct UploadRecord {
    dossier: DossierId,
    code: String,
    name: String,
    issued: String,
    length: Option<u64>,
    /// What the last part was answered, since the answer may get lost.
    done: Option<Attached>,
}

impl UploadRecord {
    fn bytes(&self) -> Result<Vec<u8>, AppError> {
        Ok(serde_json::to_vec(self).map_err(io::Error::other)?)
    }

    fn leads_to(&self, to: Destination<'_>) -> bool {
        self.dossier == to.dossier && self.code == to.code
    }

    fn state(&self, arrived: u64, max_bytes: u64) -> UploadState {
        UploadState {
            offset: self.done.as_ref().map_or(arrived, |done| done.upload.bytes),
            complete: self.done.is_some(),
            length: self.length,
            max_bytes,
        }
    }
}

impl From<PartialError> for AppError {
    fn from(error: PartialError) -> Self {
        match error {
            PartialError::Superseded => UploadFault::Superseded.into(),
            PartialError::Busy => UploadFault::Busy.into(),
            PartialError::Gone => Self::NotFound,
            PartialError::TooLarge(limit) => Self::File(FileRefusal::TooLarge(limit)),
            PartialError::BrokenOff => Self::BrokenOff,
            PartialError::Disk(error) => Self::Disk(error),
        }
    }
}

impl App {
    /// Begins an upload, and tells its id.
    ///
    /// # Errors
    /// [`AppError::File`] when it would be too long; [`AppError::Upload`]; the policy's, the store's or the disk's.
    pub async fn begin_upload(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        name: &str,
        issued: &str,
        length: Option<u64>,
    ) -> Result<(String, UploadState), AppError> {
        let max_bytes = self.piece_requirement(ctx, to.dossier, to.code, issued).await?.max_file_bytes;
        if length.is_some_and(|length| length > max_bytes) {
            return Err(AppError::File(FileRefusal::TooLarge(max_bytes)));
        }
        let owner = ctx.account()?.0;
        self.make_room(owner, to).await?;
        let mut bytes = [0; 16];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
        let id = hex::encode(bytes);
        let (name, issued) = (name.chars().take(500).collect(), issued.chars().take(40).collect());
        let note = UploadRecord { dossier: to.dossier, code: to.code.to_owned(), name, issued, length, done: None };
        self.blobs.begin(owner, &id, note.bytes()?).await?;
        Ok((id, note.state(0, max_bytes)))
    }

    /// One upload of a piece at a time, a few of an account, so many bytes in all: what nobody is sending gives way.
    async fn make_room(&self, owner: uuid::Uuid, to: Destination<'_>) -> Result<(), AppError> {
        let all = self.blobs.partials().await?;
        if all.iter().map(|kept| kept.bytes).sum::<u64>() > MAX_PARTS_BYTES {
            return Err(AppError::Disk(io::ErrorKind::StorageFull.into()));
        }
        let mut own = Vec::new();
        for kept in all.into_iter().filter(|kept| kept.owner == owner) {
            let same = read(&kept.partial).await.is_ok_and(|note| note.leads_to(to));
            if !(same && kept.partial.remove_unheld().await?) {
                own.push(kept.partial);
            }
        }
        let mut under_way = own.len();
        for partial in own {
            if under_way < MAX_UPLOADS {
                break;
            }
            under_way -= usize::from(partial.remove_unheld().await?);
        }
        if under_way < MAX_UPLOADS { Ok(()) } else { Err(UploadFault::TooMany.into()) }
    }

    /// How an upload stands; a request that is still sending to it is ended, so that this stays true.
    ///
    /// # Errors
    /// [`AppError::NotFound`] in another folder than that of its beginning; the policy's, the store's or the disk's.
    pub async fn upload_state(&self, ctx: &Ctx, to: Destination<'_>, id: &str) -> Result<UploadState, AppError> {
        let (held, note, requirement) = self.hold(ctx, to, id).await?;
        Ok(note.state(held.offset(), requirement.max_file_bytes))
    }

    /// Appends a part, and attaches the piece when it was the last one. Goes on by itself when whoever asked is gone: what
    /// has arrived is to be kept, and what was whole is to be attached.
    ///
    /// # Errors
    /// [`AppError::Upload`] when the part does not fit; as [`App::attach`].
    pub async fn append<E: Send + 'static>(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        id: &str,
        append: Append,
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<Appended, AppError> {
        let held = self.hold(ctx, to, id).await?;
        let (app, ctx) = (self.clone(), ctx.clone());
        let work = async move { app.append_held(&ctx, held, append, body).await };
        tokio::spawn(work.in_current_span()).await.map_err(|error| AppError::Disk(io::Error::other(error)))?
    }

    async fn append_held<E>(
        &self,
        ctx: &Ctx,
        (mut held, mut note, requirement): (PartialWriter, UploadRecord, PieceRequirement),
        append: Append,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Appended, AppError> {
        let max_bytes = requirement.max_file_bytes;
        let state = note.state(held.offset(), max_bytes);
        if append.offset != state.offset || (state.complete && !append.last) {
            let (expected, provided, complete) = (state.offset, append.offset, state.complete);
            return Err(UploadFault::Offset { expected, provided, complete }.into());
        }
        if let Some(done) = note.done {
            return Ok(Appended::Attached(Box::new(done)));
        }
        let length = append.whole(note.length)?;
        if length.is_some_and(|length| length > max_bytes) {
            return Err(AppError::File(FileRefusal::TooLarge(max_bytes)));
        }
        if note.length != length {
            note.length = length;
            held.note(note.bytes()?).await?;
        }
        if let Err(error) = held.append(body, length.unwrap_or(max_bytes)).await {
            if let PartialError::TooLarge(_) = error {
                held.remove().await?;
                return Err(if length.is_some() { UploadFault::Length.into() } else { error.into() });
            }
            return Err(error.into());
        }
        let arrived = held.offset();
        if append.part_bytes.is_some_and(|bytes| arrived - append.offset != bytes) {
            return Err(AppError::BrokenOff);
        }
        if !append.last {
            return Ok(Appended::More(note.state(arrived, max_bytes)));
        }
        if length.is_some_and(|length| length != arrived) {
            return Err(UploadFault::Length.into());
        }
        let received = held.received(&self.blobs, max_bytes).await?;
        let done = self.attach_received(ctx, note.dossier, requirement, &note.name, received).await?;
        note.done = Some(done.clone());
        // It is attached, whatever becomes of its parts.
        if let Err(error) = remember(&held, &note).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "upload.not_closed");
        }
        Ok(Appended::Attached(Box::new(done)))
    }

    /// Ends an upload; a request that is still sending to it is ended too.
    ///
    /// # Errors
    /// As [`App::upload_state`].
    pub async fn cancel_upload(&self, ctx: &Ctx, to: Destination<'_>, id: &str) -> Result<(), AppError> {
        let (held, ..) = self.hold(ctx, to, id).await?;
        Ok(held.remove().await?)
    }

    /// Takes an upload over, once it is sure that this person may attach this piece, and began it.
    async fn hold(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        id: &str,
    ) -> Result<(PartialWriter, UploadRecord, PieceRequirement), AppError> {
        let partial = self.blobs.partial(ctx.account()?.0, id).ok_or(AppError::NotFound)?;
        let note = read(&partial).await?;
        if !note.leads_to(to) {
            return Err(AppError::NotFound);
        }
        let requirement = self.piece_requirement(ctx, to.dossier, to.code, &note.issued).await?;
        let held = partial.claim().await?;
        // Whoever had it before may have noted something.
        Ok((held, read(&partial).await?, requirement))
    }

    /// Removes uploads that nobody goes on with.
    pub(super) async fn sweep_uploads(&self) {
        match self.blobs.sweep_partials(UPLOAD_KEPT, SystemTime::now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "uploads.swept"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "uploads.sweep_failed"),
        }
    }
}

async fn read(partial: &Partial) -> Result<UploadRecord, AppError> {
    let note = partial.note().await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => AppError::NotFound,
        _ => error.into(),
    })?;
    Ok(serde_json::from_slice(&note).map_err(io::Error::other)?)
}

async fn remember(held: &PartialWriter, note: &UploadRecord) -> Result<(), AppError> {
    held.note(note.bytes()?).await?;
    Ok(held.clear().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_told_twice_have_to_agree() {
        let append = |offset, last, length, part_bytes| Append { offset, last, length, part_bytes };
        let cases = [
            (append(0, false, None, Some(5)), None, Ok(None)),
            (append(0, false, Some(9), Some(5)), None, Ok(Some(9))),
            (append(4, true, None, Some(5)), None, Ok(Some(9))),
            (append(4, true, None, Some(5)), Some(9), Ok(Some(9))),
            (append(4, true, None, Some(5)), Some(8), Err(UploadFault::Length)),
            (append(4, true, Some(8), Some(5)), None, Err(UploadFault::Length)),
            (append(4, false, Some(8), Some(5)), Some(9), Err(UploadFault::Length)),
            (append(4, true, None, None), Some(9), Ok(Some(9))),
            (append(u64::MAX, true, None, Some(5)), None, Ok(Some(u64::MAX))),
        ];
        for (append, known, told) in cases {
            assert_eq!(append.whole(known), told, "{append:?} {known:?}");
        }
    }
}

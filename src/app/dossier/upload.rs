//! Files that arrive in parts: begun, continued from where they stood, and attached once they are whole.
//!
//! The parts are beside the attachments, under an id that nobody guesses, and belong to the account that began. Rights are asked for
//! before each part, and again when the whole is attached.

mod ending;
mod part;
mod record;
mod unfinished;

pub use crate::app::dossier::{attach::Destination, upload_fault::UploadFault};
pub use part::{Append, Appended};

use crate::app::{
    App, AppError, Ctx,
    dossier::{attach::PieceRequirement, upload_fault::kept_without_room},
};
use crate::{
    domain::{ids::DossierId, media::FileRefusal, piece::AttachedPiece},
    store::{Freshness, piece},
};
use bytes::Bytes;
use futures_util::Stream;
use record::UploadRecord;
use ring::rand::{SecureRandom, SystemRandom};
use std::{io, time::Duration};
use tracing::Instrument;
use unfinished::UploadWriter;

/// How long parts are kept without anybody asking for them.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(12 * 3600);
/// Most uploads that an account has under way; the longest unused gives way to a new one.
const MAX_UPLOADS: usize = 8;
/// Most bytes of parts, of everybody together.
const MAX_PARTS_BYTES: u64 = 32 << 30;

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
        self.begin_unfinished(owner, &id, &note).await?;
        Ok((id, note.state(0, max_bytes)))
    }

    /// One upload of a piece at a time, a few of an account, so many bytes in all: what nobody is sending gives way.
    async fn make_room(&self, owner: uuid::Uuid, to: Destination<'_>) -> Result<(), AppError> {
        let (bytes, all) = self.all_unfinished(owner).await?;
        if bytes > MAX_PARTS_BYTES {
            return Err(AppError::Disk(io::ErrorKind::StorageFull.into()));
        }
        let mut own = Vec::new();
        for upload in all {
            let same = upload.note().await.is_ok_and(|note| note.leads_to(to));
            if !(same && upload.remove_unheld(self).await?) {
                own.push(upload);
            }
        }
        let mut under_way = own.len();
        for upload in own {
            if under_way < MAX_UPLOADS {
                break;
            }
            under_way -= usize::from(upload.remove_unheld(self).await?);
        }
        if under_way < MAX_UPLOADS { Ok(()) } else { Err(UploadFault::TooMany.into()) }
    }

    /// How an upload stands; a request that is still sending to it is ended, so that this stays true.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also where attachments are in a folder, in another one than that of its beginning; the policy's, the store's or the disk's.
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
        let held = self.hold(ctx, to, id).await.map_err(kept_without_room)?;
        let (app, ctx) = (self.clone(), ctx.clone());
        let work = async move { app.append_held(&ctx, held, append, body).await };
        let done =
            tokio::spawn(work.in_current_span()).await.map_err(|error| AppError::Internal(io::Error::other(error)))?;
        done.map_err(kept_without_room)
    }

    async fn append_held<E>(
        &self,
        ctx: &Ctx,
        (mut held, mut note, requirement): (UploadWriter, UploadRecord, PieceRequirement),
        append: Append,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Appended, AppError> {
        let max_bytes = requirement.max_file_bytes;
        if let Some(done) = note.done {
            return part::repeated(done, append, body).await;
        }
        let (expected, provided) = (held.offset(), append.offset);
        if provided != expected {
            return Err(UploadFault::Offset { expected, provided }.into());
        }
        let length = append.whole(note.length)?;
        if length.is_some_and(|length| length > max_bytes) {
            return Err(AppError::File(FileRefusal::TooLarge(max_bytes)));
        }
        if note.length != length {
            note.length = length;
            held.note(&note).await?;
        }
        if let Err(error) = held.append(body, length.unwrap_or(max_bytes), append.last).await {
            if let AppError::File(FileRefusal::TooLarge(_)) = error {
                held.remove().await?;
                return Err(if length.is_some() { UploadFault::Length.into() } else { error });
            }
            return Err(error);
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
        let attached = match held.received(self, max_bytes).await {
            Ok(received) => self.attach_received(ctx, note.dossier, requirement, &note.name, received).await,
            Err(error) => Err(error),
        };
        let done = match attached {
            Ok(done) => done,
            Err(error) => {
                held.release().await;
                return Err(error);
            }
        };
        note.done = Some(done.clone());
        // It is attached, whatever becomes of its parts.
        if let Err(error) = held.finish(&note).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "upload.not_closed");
        }
        Ok(Appended::Attached(Box::new(done)))
    }

    /// Ends an upload; a request that is still sending to it is ended too.
    pub async fn cancel_upload(&self, ctx: &Ctx, to: Destination<'_>, id: &str) -> Result<(), AppError> {
        let (held, ..) = self.hold(ctx, to, id).await?;
        held.remove().await
    }

    /// Takes an upload over, once it is sure that this person may attach this piece, and began it. One that is finished and
    /// whose piece does not stand any more is gone.
    async fn hold(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        id: &str,
    ) -> Result<(UploadWriter, UploadRecord, PieceRequirement), AppError> {
        let upload = self.unfinished(ctx.account()?.0, id).await?.ok_or(AppError::NotFound)?;
        let note = upload.note().await?;
        if !note.leads_to(to) {
            return Err(AppError::NotFound);
        }
        let requirement = self.piece_requirement(ctx, to.dossier, to.code, &note.issued).await?;
        let (held, note) = upload.claim(self).await?;
        if let Some(done) = &note.done
            && !self.stands(to.dossier, &done.piece).await?
        {
            // The piece was removed or replaced since: to say that this file is attached would be untrue, and whoever asks
            // would not send it again.
            held.remove().await?;
            return Err(AppError::NotFound);
        }
        Ok((held, note, requirement))
    }

    /// Whether a file that was attached is the piece that stands now.
    async fn stands(&self, dossier: DossierId, upload: &AttachedPiece) -> Result<bool, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let pieces = piece::of_dossier(&mut db, dossier).await?;
        Ok(pieces.iter().any(|piece| piece.code == upload.code && piece.sha256 == upload.sha256))
    }

    /// Removes uploads that nobody goes on with.
    pub(in crate::app) async fn sweep_uploads(&self) {
        match self.sweep_unfinished(UPLOAD_KEPT).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "uploads.swept"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "uploads.sweep_failed"),
        }
    }
}

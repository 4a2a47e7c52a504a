//! Attaching and removing pieces.

use crate::app::{App, AppError, Ctx, dossier::upload_fault::UploadFault, transaction::transaction};
use crate::{
    adapters::inspect::limited,
    blob::Received,
    domain::{
        access::{Action, Part},
        answers,
        event::{Event, EventKind},
        ids::DossierId,
        media::{FileRefusal, file_name},
        piece::AttachedPiece,
    },
    store::{
        Connection, Freshness,
        dossier::{self, DossierWithPieces},
        journal, piece,
    },
};
use bytes::Bytes;
use futures_util::Stream;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A piece that was attached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttachOutcome {
    #[serde(rename = "upload")]
    pub piece: AttachedPiece,
    /// Code of another piece that is the same file.
    pub same_as: Option<String>,
    /// Revision of the dossier.
    pub revision: u64,
}

/// Where a file goes.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    pub dossier: DossierId,
    /// Code of the piece.
    pub code: &'a str,
}

/// What a file would be attached as.
pub(in crate::app) struct PieceRequirement {
    code: String,
    media: Vec<String>,
    issued: Option<Date>,
    /// Longest file of the call.
    pub(in crate::app) max_file_bytes: u64,
    max_dossier_bytes: u64,
}

impl App {
    /// Receives a file for a piece: checked, kept on disk, then recorded. Nothing is kept of a refused one, nor of one whose
    /// length is not what was told.
    ///
    /// # Errors
    /// [`AppError::File`] with the reason and the remedy; [`UploadFault::Length`]; the policy's or the store's.
    pub async fn attach<E>(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        name: &str,
        issued: &str,
        length: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<AttachOutcome, AppError> {
        let requirement = self.piece_requirement(ctx, to.dossier, to.code, issued).await?;
        let received = self.blobs.receive(body, requirement.max_file_bytes).await?;
        if length.is_some_and(|length| length != received.bytes) {
            return Err(UploadFault::Length.into());
        }
        self.attach_received(ctx, to.dossier, requirement, name, received).await
    }

    /// What a file would be attached as, once it is sure that this person may attach it.
    ///
    /// # Errors
    /// [`AppError::IssueDate`]; the policy's or the store's.
    pub(in crate::app) async fn piece_requirement(
        &self,
        ctx: &Ctx,
        id: DossierId,
        code: &str,
        issued: &str,
    ) -> Result<PieceRequirement, AppError> {
        let dossier = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            let row = dossier::load(&mut db, id).await?;
            ctx.authorize_row(&mut db, row, Action::DraftWrite, Part::Piece(code.to_owned())).await?.0
        };
        let call = self.call(&dossier.call)?;
        let piece = call.attached_pieces().find(|piece| piece.code == code).ok_or(AppError::NotFound)?;
        let issued = match issued.trim() {
            "" => None,
            text => Some(answers::day(text).map_err(|_| AppError::IssueDate)?),
        };
        Ok(PieceRequirement {
            code: code.to_owned(),
            media: piece.media.clone(),
            issued,
            max_file_bytes: call.files.max_file_bytes,
            max_dossier_bytes: call.files.max_dossier_bytes,
        })
    }

    /// Checks a file that has arrived, keeps it, and records it with the rights of this instant.
    pub(in crate::app) async fn attach_received(
        &self,
        ctx: &Ctx,
        id: DossierId,
        requirement: PieceRequirement,
        name: &str,
        received: Received,
    ) -> Result<AttachOutcome, AppError> {
        let PieceRequirement { code, media, issued, max_dossier_bytes, .. } = requirement;
        let code = code.as_str();
        let ctx = &self.reauthenticate(ctx).await?;
        let result = limited::inspect(received.open()?, &media).await?;
        let verdict = result.map_err(AppError::File)?;
        let piece = AttachedPiece {
            code: code.to_owned(),
            sha256: received.sha256.clone(),
            name: file_name(name, &verdict.media, code),
            media: verdict.media,
            bytes: received.bytes,
            issued,
            inspection: Some(verdict.inspection),
        };
        self.blobs.keep(received).await?;
        let kept_in = Some(self.blobs.store_id().await?);
        let (piece, limit) = (&piece, max_dossier_bytes);
        let attached = transaction!(self.store, db => {
            let row = dossier::lock_with_pieces(db, id).await?;
            let (opened, access) = ctx.authorize_row(db, row, Action::DraftWrite, Part::Piece(code.to_owned())).await?;
            let DossierWithPieces { mut dossier, beside: present } = opened;
            let others = present.iter().filter(|other| other.code != piece.code);
            if others.clone().map(|other| other.bytes).sum::<u64>() + piece.bytes > limit {
                return Err(AppError::File(FileRefusal::DossierFull(limit)));
            }
            // Who was given one piece learns nothing of the others.
            let known = others.clone().filter(|other| access.authorize(Action::DraftRead, Part::Piece(other.code.clone())).is_ok());
            let same_as = known.clone().find(|other| other.sha256 == piece.sha256).map(|other| other.code.clone());
            if present.contains(piece) {
                return Ok(AttachOutcome { piece: piece.clone(), same_as, revision: dossier.revision });
            }
            dossier.change([Part::Piece(code.to_owned())], ctx.now);
            let infected = self.write_piece(db, ctx, id, piece, kept_in).await?;
            dossier::touch(db, &dossier).await?;
            let data = serde_json::json!({ "code": piece.code, "sha256": piece.sha256, "bytes": piece.bytes });
            let mut events = vec![ctx.event(EventKind::PieceAttached, Some(id), data)?];
            events.extend(infected);
            journal::append_all(db, &events).await?;
            Ok(AttachOutcome { piece: piece.clone(), same_as, revision: dossier.revision })
        })?;
        self.scan_notify.notify_one();
        Ok(attached)
    }

    /// Writes the row of a piece and queues its file for the virus scan: every row comes to be here. `kept_in` is the
    /// store that was seen to have its bytes now. Returns what the journal has to say if something was found in the file
    /// before; whoever commits wakes the worker.
    pub(in crate::app) async fn write_piece(
        &self,
        db: &mut Connection,
        ctx: &Ctx,
        id: DossierId,
        piece: &AttachedPiece,
        kept_in: Option<Uuid>,
    ) -> Result<Option<Event>, AppError> {
        piece::replace(db, id, piece, kept_in, ctx.now).await?;
        let infected = self.enqueue_scan(db, &piece.sha256).await?;
        Ok(infected.map(|signature| {
            let data = serde_json::json!({ "code": piece.code, "sha256": piece.sha256, "signature": signature });
            Event { kind: EventKind::PieceInfected, at: ctx.now, actor: None, dossier: Some(id), data }
        }))
    }

    /// Gives or corrects the day of issue of a piece that is attached, if it is still the file with this digest.
    ///
    /// # Errors
    /// [`AppError::IssueDate`]; [`AppError::PieceChanged`]; the policy's or the store's.
    pub async fn date_piece(
        &self,
        ctx: &Ctx,
        to: Destination<'_>,
        sha256: &str,
        issued: &str,
    ) -> Result<AttachOutcome, AppError> {
        let Destination { dossier: id, code } = to;
        let issued = answers::day(issued).map_err(|_| AppError::IssueDate)?;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (mut dossier, _) = ctx.authorize_row(db, row, Action::DraftWrite, Part::Piece(code.to_owned())).await?;
            let pieces = piece::of_dossier(db, id).await?;
            let there = pieces.into_iter().find(|piece| piece.code == code && piece.sha256 == sha256);
            let mut piece = there.ok_or(AppError::PieceChanged)?;
            if piece.issued != Some(issued) {
                piece.issued = Some(issued);
                dossier.change([Part::Piece(code.to_owned())], ctx.now);
                piece::set_issued(db, id, code, issued).await?;
                dossier::touch(db, &dossier).await?;
                let data = serde_json::json!({ "code": code, "sha256": sha256 });
                ctx.journal(db, EventKind::PieceDated, Some(id), data).await?;
            }
            Ok(AttachOutcome { piece, same_as: None, revision: dossier.revision })
        })
    }

    /// Takes a piece out of the draft, if it is still the file with this digest; deposited versions keep theirs.
    ///
    /// # Errors
    /// [`AppError::PieceChanged`]; the policy's or the store's.
    pub async fn remove_piece(&self, ctx: &Ctx, id: DossierId, code: &str, sha256: &str) -> Result<(), AppError> {
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (mut dossier, _) = ctx.authorize_row(db, row, Action::DraftWrite, Part::Piece(code.to_owned())).await?;
            let pieces = piece::of_dossier(db, id).await?;
            let there = pieces.iter().find(|piece| piece.code == code);
            if there.is_some_and(|piece| piece.sha256 != sha256) {
                return Err(AppError::PieceChanged);
            }
            if piece::delete(db, id, code).await? {
                dossier.change([Part::Piece(code.to_owned())], ctx.now);
                dossier::touch(db, &dossier).await?;
                let data = serde_json::json!({ "code": code });
                ctx.journal(db, EventKind::PieceRemoved, Some(id), data).await?;
            }
            Ok(())
        })
    }
}

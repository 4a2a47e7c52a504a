//! Opening the file of a piece. Every file that leaves the portal for a person passes [`App::open_file`]: a guard in
//! `tests/portal/guards/architecture.rs` keeps it the only reader of attachments.

use crate::app::{App, AppError, Ctx, DossierAccess};
use crate::{
    adapters::inspect::{MAX_BYTES, limited},
    auth::RuleId,
    domain::{
        access::{Action, Part},
        event::EventKind,
        ids::DossierId,
        piece::AttachedPiece,
        scan::{PieceReader, PieceScans, ScanState, ScanWarning},
    },
    store::{Connection, Freshness, StoreError, deposit, dossier, piece, scan},
};
use tokio::fs::File;

/// A piece to send.
#[derive(Debug)]
pub struct PieceFile {
    pub piece: AttachedPiece,
    pub bytes: PieceBytes,
}

/// The bytes of a piece to send.
#[derive(Debug)]
pub enum PieceBytes {
    /// The original bytes.
    Attached(File),
    /// A watermarked PDF copy that names its reader, and its size.
    Copy(File, u64),
}

impl DossierAccess<'_> {
    /// What the user is to the files of this dossier.
    pub(in crate::app) fn piece_reader(&self) -> PieceReader {
        piece_reader(self.owned(), self.rule)
    }
}

/// What somebody is to the files of a dossier: its owner, or another under this rule.
pub(in crate::app) fn piece_reader(owner: bool, rule: RuleId) -> PieceReader {
    if owner {
        PieceReader::Owner
    } else if rule.rule().need_to_know {
        PieceReader::NeedToKnow
    } else {
        PieceReader::Other
    }
}

impl App {
    /// Returns a piece of a deposited version. Every access except the owner's is journalled. A reader under a
    /// need-to-know rule receives a watermarked copy, if the file can be marked.
    ///
    /// # Errors
    /// [`AppError::Withheld`]; policy, store and attachment errors.
    pub async fn receipt_piece(
        &self,
        ctx: &Ctx,
        number: &str,
        code: &str,
        warning: ScanWarning,
    ) -> Result<PieceFile, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = deposit::by_number(&mut db, number).await?;
        let (stored, access) =
            ctx.authorize_row(&mut db, row, Action::DepositRead, Part::Piece(code.to_owned())).await?;
        let receipt = stored.receipt()?;
        let sealed = receipt.manifest["pieces"].get(code).ok_or(AppError::NotFound)?;
        let piece: AttachedPiece = serde_json::from_value(sealed.clone()).map_err(|_| AppError::NotFound)?;
        let scans = self.piece_scans(&mut db, access.piece_reader(), [&piece]).await?;
        drop(db);
        let (mut file, unclean) = self.open_file(&scans, &piece, warning).await?;
        let mut copy = None;
        if !access.owned() {
            let mut data = serde_json::json!({ "receipt": number, "code": code, "rule": access.rule });
            if access.rule.rule().need_to_know {
                let at = ctx.now.strftime("%Y-%m-%d %H:%M UTC");
                let watermark_text = format!("{} · {number} · {code} · {at}", ctx.actor()?.account.email);
                if piece.bytes <= MAX_BYTES {
                    copy = limited::copy(&mut file, self.blobs.scratch(), &piece.media, &watermark_text).await?;
                }
                data["marked"] = copy.is_some().into();
            }
            note_state(&mut data, unclean);
            self.record_access(ctx, EventKind::PieceRead, stored.dossier, data)?;
        }
        let bytes = copy.map_or(PieceBytes::Attached(file), |(copy, length)| PieceBytes::Copy(copy, length));
        Ok(PieceFile { piece, bytes })
    }

    /// Returns a piece of the draft, for the owner and for guests who may read it.
    ///
    /// # Errors
    /// As [`App::receipt_piece`].
    pub async fn draft_piece(
        &self,
        ctx: &Ctx,
        id: DossierId,
        code: &str,
        warning: ScanWarning,
    ) -> Result<PieceFile, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (_, access) = ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Piece(code.to_owned())).await?;
        let pieces = piece::of_dossier(&mut db, id).await?;
        let piece = pieces.into_iter().find(|piece| piece.code == code).ok_or(AppError::NotFound)?;
        let scans = self.piece_scans(&mut db, access.piece_reader(), [&piece]).await?;
        drop(db);
        let (file, unclean) = self.open_file(&scans, &piece, warning).await?;
        if !access.owned() {
            let mut data = serde_json::json!({ "code": code, "rule": access.rule });
            note_state(&mut data, unclean);
            self.record_access(ctx, EventKind::PieceRead, id, data)?;
        }
        Ok(PieceFile { piece, bytes: PieceBytes::Attached(file) })
    }

    /// Opens a file, unless it is withheld from this reader. Returns its state too, if it is not known to be clean.
    async fn open_file(
        &self,
        scans: &PieceScans,
        piece: &AttachedPiece,
        warning: ScanWarning,
    ) -> Result<(File, Option<ScanState>), AppError> {
        let state = scans.of(&piece.sha256).map(|scan| scan.state);
        scans.may_open(&piece.sha256, warning)?;
        let file = self.blobs.file(&piece.sha256).await?;
        Ok((file, state.filter(|state| *state != ScanState::Clean)))
    }

    /// Returns what one reader is told of files. Without a scanner, only of those in which one has found something: another
    /// process may have it, or this one had it before.
    pub(in crate::app) async fn piece_scans<'a>(
        &self,
        db: &mut Connection,
        reader: PieceReader,
        pieces: impl IntoIterator<Item = &'a AttachedPiece>,
    ) -> Result<PieceScans, StoreError> {
        let digests: Vec<&str> = pieces.into_iter().map(|piece| piece.sha256.as_str()).collect();
        self.file_scans(db, reader, &digests).await
    }

    /// As [`App::piece_scans`], by digests.
    pub(in crate::app) async fn file_scans(
        &self,
        db: &mut Connection,
        reader: PieceReader,
        digests: &[&str],
    ) -> Result<PieceScans, StoreError> {
        let found = scan::of_digests(db, digests).await?;
        Ok(match self.scanner {
            Some(_) => PieceScans::new(reader, found),
            None => PieceScans::without_scanner(reader, found),
        })
    }
}

/// Notes in the journal that a file was opened after the warning.
fn note_state(data: &mut serde_json::Value, unclean: Option<ScanState>) {
    if let Some(state) = unclean {
        data["scan"] = state.slug().into();
    }
}

//! Reading dossiers, receipts and pieces.

use super::{App, AppError, Ctx, Share};
use crate::{
    auth::RuleId,
    bricks::inspect::{MAX_BYTES, limited},
    domain::{
        access::{Action, Part},
        dossier::Dossier,
        evaluation::{DepositContext, Evaluation},
        event::EventKind,
        ids::DossierId,
        piece::Upload,
        receipt::Receipt,
    },
    store::{
        Freshness,
        deposit::{self, Version},
        dossier, piece,
    },
};
use std::collections::HashMap;
use tokio::fs::File;

/// A dossier as its reader may see it.
#[derive(Debug)]
pub struct DossierView {
    /// The dossier, with the parts that the reader was given.
    pub dossier: Dossier,
    /// Title of the project, which whoever was given anything sees.
    pub title: String,
    /// Its pieces.
    pub uploads: Vec<Upload>,
    /// The evaluation of the draft.
    pub evaluation: Evaluation,
    /// Deposited versions, the latest first.
    pub versions: Vec<Version>,
    /// What the reader was given.
    pub share: Share,
}

/// A piece to send.
#[derive(Debug)]
pub struct PieceFile {
    /// What it is.
    pub upload: Upload,
    pub bytes: PieceBytes,
}

/// The bytes of a piece to send.
#[derive(Debug)]
pub enum PieceBytes {
    /// Those that were attached.
    Attached(File),
    /// Those of a copy that names its reader, which is a PDF, and how many they are.
    Copy(File, u64),
}

/// A receipt, as it was opened.
#[derive(Debug)]
pub struct OpenReceipt {
    /// The version that it is of.
    pub stored: deposit::Stored,
    /// What it states.
    pub receipt: Receipt,
    /// By which rule it was opened.
    pub rule: RuleId,
}

impl OpenReceipt {
    /// Whether its reader has copies of the pieces that name them, as far as the files can be marked.
    #[must_use]
    pub fn names_reader(&self) -> bool {
        self.rule.rule().need_to_know
    }
}

impl App {
    /// A dossier with everything its pages show, for whoever may see all of it.
    pub async fn page(&self, ctx: &Ctx, id: DossierId) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Whole).await
    }

    /// A dossier with what the reader was given of it.
    pub async fn overview(&self, ctx: &Ctx, id: DossierId) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Overview).await
    }

    /// A dossier for a page of the editor: without its versions, and without the look at other dossiers of the company,
    /// which blocks nothing.
    pub async fn form_page(&self, ctx: &Ctx, id: DossierId, section: &str) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Section(section.to_owned())).await
    }

    async fn open_page(&self, ctx: &Ctx, id: DossierId, part: Part) -> Result<DossierView, AppError> {
        let (page, rule) = self.load_page(ctx, id, part.clone()).await?;
        if !page.share.owned {
            let data = serde_json::json!({ "part": part.to_string(), "rule": rule });
            self.note_guest(ctx, EventKind::DraftRead, id, data)?;
        }
        Ok(page)
    }

    async fn load_page(&self, ctx: &Ctx, id: DossierId, part: Part) -> Result<(DossierView, RuleId), AppError> {
        let form = matches!(part, Part::Section(_));
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let (mut dossier, door) = {
            let row = dossier::load(&mut db, id).await?;
            ctx.open(&mut db, row, Action::DraftRead, part).await?
        };
        let share = Share::of(&door);
        let mut uploads = piece::of_dossier(&mut db, id).await?;
        let whole = !form && share.whole();
        let versions = if whole && dossier.versions > 0 { deposit::versions(&mut db, id).await? } else { Vec::new() };
        let call = self.call(&dossier.call)?;
        let others = if whole { self.others(&mut db, ctx, call, &dossier).await?.known } else { 0 };
        let mut evaluation = self.evaluate(ctx, &dossier, &uploads, others)?;
        let title = dossier.draft.text(&call.company.project).to_owned();
        share.prune(&mut dossier, &mut uploads);
        share.prune_findings(&mut evaluation);
        Ok((DossierView { dossier, title, uploads, evaluation, versions, share }, door.rule))
    }

    /// Evaluates a draft as a deposit at this instant; while it is what was deposited, at the instant of its deposit.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the call or round is not configured any more.
    pub fn evaluate(
        &self,
        ctx: &Ctx,
        dossier: &Dossier,
        uploads: &[Upload],
        other_deposits: u32,
    ) -> Result<Evaluation, AppError> {
        let call = self.call(&dossier.call)?;
        let round = self.round(call, &dossier.round)?;
        let received_at = self.status_of(ctx, dossier)?.judged_at();
        Ok(DepositContext { call, round, uploads, other_deposits, received_at }.evaluate(&dossier.draft))
    }

    /// The actor's dossiers with their pieces.
    pub async fn own_dossiers(&self, ctx: &Ctx) -> Result<Vec<(Dossier, Vec<Upload>)>, AppError> {
        let owner = ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let dossiers = dossier::of_account(&mut db, owner).await?;
        let mut pieces: HashMap<_, _> = piece::of_account(&mut db, owner).await?;
        Ok(dossiers
            .into_iter()
            .map(|dossier| {
                let uploads = pieces.remove(&dossier.id).unwrap_or_default();
                (dossier, uploads)
            })
            .collect())
    }

    /// A receipt, for the owner of the dossier, or for an officer while its version stands.
    pub async fn receipt(&self, ctx: &Ctx, number: &str) -> Result<OpenReceipt, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = deposit::by_number(&mut db, number).await?;
        let (stored, door) = ctx.open(&mut db, row, Action::DepositRead, Part::Deposit).await?;
        let receipt = stored.receipt()?;
        if !door.owned() {
            let data = serde_json::json!({ "receipt": number, "rule": door.rule });
            self.note_reading(ctx, EventKind::DepositRead, stored.dossier, data)?;
        }
        Ok(OpenReceipt { stored, receipt, rule: door.rule })
    }

    /// A piece of a deposited version; every reading but the owner's is journalled. Whoever reads it by need to know
    /// has a copy that names them, where the file can be marked.
    pub async fn receipt_piece(&self, ctx: &Ctx, number: &str, code: &str) -> Result<PieceFile, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = deposit::by_number(&mut db, number).await?;
        let (stored, door) = ctx.open(&mut db, row, Action::DepositRead, Part::Piece(code.to_owned())).await?;
        drop(db);
        let receipt = stored.receipt()?;
        let sealed = receipt.manifest["pieces"].get(code).ok_or(AppError::NotFound)?;
        let upload: Upload = serde_json::from_value(sealed.clone()).map_err(|_| AppError::NotFound)?;
        let mut file = self.blobs.file(&upload.sha256).await?;
        let mut copy = None;
        if !door.owned() {
            let mut data = serde_json::json!({ "receipt": number, "code": code, "rule": door.rule });
            if door.rule.rule().need_to_know {
                let at = ctx.now.strftime("%Y-%m-%d %H:%M UTC");
                let words = format!("{} · {number} · {code} · {at}", ctx.actor()?.account.email);
                if upload.bytes <= MAX_BYTES {
                    copy = limited::copy(&mut file, self.blobs.scratch(), &upload.media, &words).await?;
                }
                data["marked"] = copy.is_some().into();
            }
            self.note_reading(ctx, EventKind::PieceRead, stored.dossier, data)?;
        }
        let bytes = copy.map_or(PieceBytes::Attached(file), |(copy, length)| PieceBytes::Copy(copy, length));
        Ok(PieceFile { upload, bytes })
    }

    /// A piece of the draft, for the owner and for whoever was given it.
    pub async fn draft_piece(&self, ctx: &Ctx, id: DossierId, code: &str) -> Result<PieceFile, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (_, door) = ctx.open(&mut db, row, Action::DraftRead, Part::Piece(code.to_owned())).await?;
        let uploads = piece::of_dossier(&mut db, id).await?;
        drop(db);
        let upload = uploads.into_iter().find(|upload| upload.code == code).ok_or(AppError::NotFound)?;
        let file = self.blobs.file(&upload.sha256).await?;
        if !door.owned() {
            let data = serde_json::json!({ "code": code, "rule": door.rule });
            self.note_reading(ctx, EventKind::PieceRead, id, data)?;
        }
        Ok(PieceFile { upload, bytes: PieceBytes::Attached(file) })
    }
}

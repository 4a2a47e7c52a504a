//! Reading dossiers, receipts and pieces.

use crate::app::{App, AppError, Ctx, Share};
use crate::{
    auth::RuleId,
    domain::{
        access::{Action, Part},
        company_register::{DatedRecord, siret_of},
        dossier::{Deposit, Dossier},
        evaluation::{DepositContext, Evaluation},
        event::EventKind,
        ids::DossierId,
        piece::AttachedPiece,
        receipt::{Receipt, Standing, Statement},
        scan::PieceScans,
    },
    store::{
        Connection, Freshness, company_lookup,
        contents::{self, DossierContents},
        deposit::{self, Version},
        dossier::{self, DossierWithRecord, OwnedKind},
        piece,
    },
};
use std::collections::HashMap;

/// The first digits of a SIRET are the company's number, its SIREN.
const SIREN_DIGITS: usize = 9;

/// A dossier as its reader may see it.
#[derive(Debug)]
pub struct DossierView {
    /// The dossier, reduced to the parts that the reader may see.
    pub dossier: Dossier,
    /// Title of the project, shown to everyone who may see any part.
    pub title: String,
    pub pieces: Vec<AttachedPiece>,
    /// The virus scans of these pieces.
    pub scans: PieceScans,
    /// The evaluation of the draft.
    pub evaluation: Evaluation,
    /// Deposited versions, the latest first.
    pub versions: Vec<Version>,
    /// What the public register says of the company, for a page of the editor.
    pub register: Option<DatedRecord>,
    /// The reader's rights.
    pub share: Share,
}

/// A person's own dossiers.
#[derive(Debug, Default)]
pub struct OwnDossiers {
    /// The last changed ones, with their pieces.
    pub listed: Vec<(Dossier, Vec<AttachedPiece>)>,
    /// How many more there are.
    pub others: u64,
}

#[derive(Debug)]
pub struct OpenReceipt {
    /// The version that it belongs to.
    pub stored: deposit::StoredReceipt,
    pub receipt: Receipt,
    /// The rule that permitted the access.
    pub rule: RuleId,
    /// The virus scans of its pieces.
    pub scans: PieceScans,
}

impl OpenReceipt {
    /// Whether the reader receives watermarked copies of the pieces that can be marked.
    #[must_use]
    pub fn names_reader(&self) -> bool {
        self.rule.rule().need_to_know
    }
}

impl App {
    /// Returns a dossier with everything that its pages show, for users who may see all of it.
    pub async fn dossier_whole(&self, ctx: &Ctx, id: DossierId) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Whole).await
    }

    /// Returns the parts of a dossier that the reader may see.
    pub async fn dossier_shared(&self, ctx: &Ctx, id: DossierId) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Overview).await
    }

    /// Returns a dossier for a page of the editor: without its versions, and without the number of the company's other
    /// dossiers, because that rule never blocks.
    pub async fn dossier_section(&self, ctx: &Ctx, id: DossierId, section: &str) -> Result<DossierView, AppError> {
        self.open_page(ctx, id, Part::Section(section.to_owned())).await
    }

    async fn open_page(&self, ctx: &Ctx, id: DossierId, part: Part) -> Result<DossierView, AppError> {
        let (page, rule) = self.load_page(ctx, id, part.clone()).await?;
        if !page.share.owned {
            let data = serde_json::json!({ "part": part.to_string(), "rule": rule });
            self.record_access(ctx, EventKind::DraftRead, id, data)?;
        }
        Ok(page)
    }

    async fn load_page(&self, ctx: &Ctx, id: DossierId, part: Part) -> Result<(DossierView, RuleId), AppError> {
        let form = matches!(part, Part::Section(_));
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let (opened, access) = {
            let row = dossier::load_with_record(&mut db, id, ctx.now).await?;
            ctx.authorize_row(&mut db, row, Action::DraftRead, part).await?
        };
        let DossierWithRecord { mut dossier, beside: record } = opened;
        let share = Share::of(&access);
        let whole = !form && share.whole();
        let versions = if whole { self.versions(&mut db, &dossier).await? } else { Vec::new() };
        let call = self.call(&dossier.call)?;
        let siren = siret_of(call, &dossier.draft).filter(|_| whole).map(|siret| siret[..SIREN_DIGITS].to_owned());
        let account = &ctx.actor()?.account;
        let DossierContents { mut pieces, scans, other_deposits } =
            contents::of_dossier(&mut db, &dossier, &siren.unwrap_or_default(), account, ctx.now).await?;
        // Pages of the editor show no files.
        let scans = match (form, &self.scanner) {
            (true, _) => PieceScans::without_scanner(access.piece_reader(), []),
            (false, Some(_)) => PieceScans::new(access.piece_reader(), scans),
            (false, None) => PieceScans::without_scanner(access.piece_reader(), scans),
        };
        let mut evaluation = self.evaluate(ctx, &dossier, &pieces, other_deposits)?;
        let title = dossier.draft.text(&call.company.project).to_owned();
        share.prune(&mut dossier, &mut pieces);
        share.prune_findings(&mut evaluation);
        // Of the answers that are left: a guest who may not read the number sees nothing about its company.
        let siret = siret_of(call, &dossier.draft).filter(|_| form && self.asks_company_register(call));
        let register = match (siret, record) {
            (Some(siret), Some(newest)) if newest.record.siret == siret => Some(newest),
            // Another establishment was looked up since.
            (Some(siret), Some(_)) => company_lookup::of_dossier(&mut db, id, &siret, ctx.now).await?,
            _ => None,
        };
        Ok((DossierView { dossier, title, pieces, scans, evaluation, versions, register, share }, access.rule))
    }

    /// Returns the deposited versions of a dossier, the latest first. A dossier that was deposited once, and stands, has
    /// its only version in its own row.
    async fn versions(&self, db: &mut Connection, dossier: &Dossier) -> Result<Vec<Version>, AppError> {
        Ok(match (dossier.versions, &dossier.deposit) {
            (0, _) => Vec::new(),
            (1, Some(Deposit { version, receipt, at, .. })) => {
                vec![Version { version: *version, receipt: receipt.clone(), at: *at, is_current: true }]
            }
            _ => deposit::versions(db, dossier.id).await?,
        })
    }

    /// What became of the deposit of an authentic receipt; its holder learns nothing else of the dossier.
    pub async fn standing(&self, statement: &Statement) -> Result<Standing, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(deposit::standing(&mut db, statement).await?)
    }

    /// Evaluates a draft as a deposit at this instant. While it equals the deposited version, it is evaluated at the
    /// instant of that deposit.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the call or round is no longer configured.
    pub fn evaluate(
        &self,
        ctx: &Ctx,
        dossier: &Dossier,
        pieces: &[AttachedPiece],
        other_deposits: u32,
    ) -> Result<Evaluation, AppError> {
        let call = self.call(&dossier.call)?;
        let round = self.round(call, &dossier.round)?;
        let received_at = self.status_of(ctx, dossier)?.evaluated_at();
        Ok(DepositContext { call, round, pieces, other_deposits, received_at }.evaluate(&dossier.draft))
    }

    /// Returns the actor's dossiers and their pieces.
    pub async fn own_dossiers(&self, ctx: &Ctx) -> Result<OwnDossiers, AppError> {
        let owner = ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let (dossiers, total) = dossier::of_account(&mut db, owner, OwnedKind::All).await?;
        let mut pieces: HashMap<_, _> = piece::of_account(&mut db, owner).await?;
        let others = total - dossiers.len() as u64;
        let listed = dossiers.into_iter().map(|dossier| {
            let pieces = pieces.remove(&dossier.id).unwrap_or_default();
            (dossier, pieces)
        });
        Ok(OwnDossiers { listed: listed.collect(), others })
    }

    /// Returns a receipt: for the owner of the dossier and, while its version is current, for those whom the policy lets
    /// read it (officers, auditors, experts, the jury, an operator with break-glass access).
    pub async fn receipt(&self, ctx: &Ctx, number: &str) -> Result<OpenReceipt, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = deposit::by_number(&mut db, number).await?;
        let (stored, access) = ctx.authorize_row(&mut db, row, Action::DepositRead, Part::Deposit).await?;
        let receipt = stored.receipt()?;
        let scans = self.piece_scans(&mut db, access.piece_reader(), &receipt.pieces()).await?;
        if !access.owned() {
            let data = serde_json::json!({ "receipt": number, "rule": access.rule });
            self.record_access(ctx, EventKind::DepositRead, stored.dossier, data)?;
        }
        Ok(OpenReceipt { stored, receipt, rule: access.rule, scans })
    }
}

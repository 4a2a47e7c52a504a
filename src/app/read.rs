//! Reading dossiers, receipts and pieces.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Role, Target},
        dossier::Dossier,
        evaluation::{Circumstances, Evaluation, Extent, evaluate},
        event::{Event, EventKind},
        ids::DossierId,
        piece::Upload,
        receipt::Receipt,
    },
    store::{
        Freshness,
        deposit::{self, Version},
        dossier, journal, piece,
    },
};
use std::{collections::HashMap, sync::PoisonError};

/// A dossier as its owner sees it.
#[derive(Debug)]
pub struct Page {
    /// The dossier.
    pub dossier: Dossier,
    /// Its pieces.
    pub uploads: Vec<Upload>,
    /// The evaluation of the draft.
    pub evaluation: Evaluation,
    /// Deposited versions, the latest first.
    pub versions: Vec<Version>,
}

/// A piece to send.
#[derive(Debug)]
pub struct PieceFile {
    /// What it is.
    pub upload: Upload,
    /// Its bytes.
    pub file: tokio::fs::File,
}

impl App {
    /// A dossier with everything its pages show.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn page(&self, ctx: &Ctx, id: DossierId) -> Result<Page, AppError> {
        self.open_page(ctx, id, true).await
    }

    /// A dossier for a page of the editor: without its versions, and without the look at other dossiers of the company,
    /// which blocks nothing.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn form_page(&self, ctx: &Ctx, id: DossierId) -> Result<Page, AppError> {
        self.open_page(ctx, id, false).await
    }

    async fn open_page(&self, ctx: &Ctx, id: DossierId, whole: bool) -> Result<Page, AppError> {
        ctx.actor()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let dossier = dossier::load(&mut db, id).await?.ok_or(AppError::NotFound)?;
        ctx.may(Action::DraftRead, dossier.target())?;
        let uploads = piece::of_dossier(&mut db, id).await?;
        let versions = if whole && dossier.versions > 0 { deposit::versions(&mut db, id).await? } else { Vec::new() };
        let call = self.call(&dossier.call)?;
        let others = if whole { self.others(&mut db, call, &dossier).await? } else { 0 };
        let evaluation = self.evaluate(ctx, &dossier, &uploads, others)?;
        Ok(Page { dossier, uploads, evaluation, versions })
    }

    /// Evaluates a draft as a deposit at this instant.
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
        let round = Some(self.round(call, &dossier.round)?);
        let around = Circumstances { now: ctx.now, round, uploads: Some(uploads), other_deposits };
        Ok(evaluate(call, &dossier.draft, around, Extent::Deposit))
    }

    /// The actor's dossiers with their pieces.
    ///
    /// # Errors
    /// The store's.
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
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn receipt(&self, ctx: &Ctx, number: &str) -> Result<(deposit::Stored, Receipt), AppError> {
        ctx.actor()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let stored = deposit::by_number(&mut db, number).await?.ok_or(AppError::NotFound)?;
        ctx.may(Action::DepositRead, target(&stored))?;
        let receipt = stored.receipt()?;
        Ok((stored, receipt))
    }

    /// A piece of a deposited version; an officer's reading is journalled.
    ///
    /// # Errors
    /// The policy's, the store's or the disk's.
    pub async fn receipt_piece(&self, ctx: &Ctx, number: &str, code: &str) -> Result<PieceFile, AppError> {
        let (stored, receipt) = self.receipt(ctx, number).await?;
        let sealed = receipt.manifest["pieces"].get(code).ok_or(AppError::NotFound)?;
        let upload: Upload = serde_json::from_value(sealed.clone()).map_err(|_| AppError::NotFound)?;
        let file = self.blobs.file(&upload.sha256).await?;
        let data = serde_json::json!({ "receipt": number, "code": code });
        self.note_reading(ctx, EventKind::PieceRead, stored.dossier, data)?;
        Ok(PieceFile { upload, file })
    }

    /// A piece of the draft, for the owner.
    ///
    /// # Errors
    /// The policy's, the store's or the disk's.
    pub async fn draft_piece(&self, ctx: &Ctx, id: DossierId, code: &str) -> Result<PieceFile, AppError> {
        ctx.actor()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let dossier = dossier::load(&mut db, id).await?.ok_or(AppError::NotFound)?;
        ctx.may(Action::DraftRead, dossier.target())?;
        let uploads = piece::of_dossier(&mut db, id).await?;
        let upload = uploads.into_iter().find(|upload| upload.code == code).ok_or(AppError::NotFound)?;
        let file = self.blobs.file(&upload.sha256).await?;
        Ok(PieceFile { upload, file })
    }

    /// Notes that an officer read something; owners read their own without trace. The worker writes the notes within a
    /// second, so that a reading costs no transaction of its own.
    pub(super) fn note_reading(
        &self,
        ctx: &Ctx,
        kind: EventKind,
        id: DossierId,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        let account = &ctx.actor()?.account;
        if account.role != Role::Applicant {
            let event = Event { kind, at: ctx.now, actor: Some(account.id), dossier: Some(id), data };
            self.readings.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        }
        Ok(())
    }

    /// Writes the notes of readings into the journal; what cannot be written is kept for the next time.
    ///
    /// # Errors
    /// The store's.
    pub async fn flush_readings(&self) -> Result<(), AppError> {
        let events = std::mem::take(&mut *self.readings.lock().unwrap_or_else(PoisonError::into_inner));
        if events.is_empty() {
            return Ok(());
        }
        let written: Result<(), AppError> = transaction!(self.store, db => {
            for event in &events {
                journal::append(db, event).await?;
            }
            Ok(())
        });
        if written.is_err() {
            self.readings.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        }
        written
    }
}

pub(super) fn target(stored: &deposit::Stored) -> Target {
    Target::Dossier { id: stored.dossier, owner: stored.owner, deposited: stored.standing }
}

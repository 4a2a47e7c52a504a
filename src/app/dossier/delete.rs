//! Deletes a draft that was never deposited.

use crate::app::{App, AppError, Ctx, delegation::INVITATION_WINDOW, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Part},
        event::{Event, EventKind},
        ids::DossierId,
    },
    store::{
        Freshness, delegation, dossier,
        erasure::{self, DraftErasure},
        journal,
    },
};

/// What goes with a draft, for the page that asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeletionSummary {
    /// People who have access to a part of it.
    pub guests: usize,
}

impl App {
    /// Returns what would go with a draft, besides its answers and pieces.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever may not delete it; policy and store errors.
    pub async fn deletion_summary(&self, ctx: &Ctx, id: DossierId) -> Result<DeletionSummary, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        ctx.authorize_row(&mut db, row, Action::DossierDelete, Part::Whole).await?;
        let mut guests: Vec<String> = delegation::of_dossier(&mut db, id)
            .await?
            .into_iter()
            .filter(|one| one.ends_at >= ctx.now)
            .map(|one| one.email)
            .collect();
        guests.sort();
        guests.dedup();
        Ok(DeletionSummary { guests: guests.len() })
    }

    /// Deletes a draft: answers, pieces, invitations, uploads under way. `seen` is the revision that the client has seen;
    /// `None` deletes any. A draft that its owner has deleted already stays so.
    ///
    /// # Errors
    /// [`AppError::DossierKept`] when it was ever deposited; [`AppError::Stale`]; policy and store errors.
    pub async fn delete_draft(&self, ctx: &Ctx, id: DossierId, seen: Option<u64>) -> Result<(), AppError> {
        let owner = ctx.account()?;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            if row.as_ref().is_some_and(|row| row.deleted_at().is_some() && row.owner() == owner) {
                return Ok(());
            }
            let (dossier, _) = ctx.authorize_row(db, row, Action::DossierDelete, Part::Whole).await?;
            if dossier.was_deposited() {
                return Err(AppError::DossierKept);
            }
            if seen.is_some_and(|seen| seen != dossier.revision) {
                return Err(AppError::Stale { revision: dossier.revision });
            }
            let gone = erasure::delete_drafts(db, &[id], ctx.now, ctx.now + INVITATION_WINDOW).await?;
            Ok(journal::append_all(db, &deletion_events(ctx, gone)?).await?)
        })?;
        self.end_uploads_to(&[id]).await;
        Ok(())
    }
}

/// The journal events of deletions: how much went, and nothing of what.
pub(in crate::app) fn deletion_events(ctx: &Ctx, gone: Vec<(DossierId, DraftErasure)>) -> Result<Vec<Event>, AppError> {
    let event = |(id, gone): (DossierId, DraftErasure)| {
        let data = serde_json::json!({ "pieces": gone.pieces, "invitations": gone.invitations });
        ctx.event(EventKind::DossierDeleted, Some(id), data)
    };
    gone.into_iter().map(event).collect()
}

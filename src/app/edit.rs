//! Changing the draft: field by field, merged, so that two tabs never overwrite each other.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::Action,
        document::{Change, Conflict, Document},
        dossier::Dossier,
        ids::DossierId,
        piece::Upload,
    },
    store::{dossier, piece},
};

/// The draft after a change.
#[derive(Debug)]
pub struct Saved {
    /// The dossier as it stands now.
    pub dossier: Dossier,
    /// Its pieces.
    pub uploads: Vec<Upload>,
    /// Changes that met another one and were not written.
    pub conflicts: Vec<Conflict>,
}

impl App {
    /// Merges changes into the draft; when this returns they are durable.
    ///
    /// # Errors
    /// [`AppError::Document`] when a change cannot be an answer; the policy's or the store's.
    pub async fn save_changes(&self, ctx: &Ctx, id: DossierId, changes: Vec<Change>) -> Result<Saved, AppError> {
        self.edit(ctx, id, |call, draft| {
            draft.merge(call, changes.clone()).map_err(|fault| AppError::Document(vec![fault]))
        })
        .await
    }

    /// Replaces the whole document, if it still is at the revision named.
    ///
    /// # Errors
    /// [`AppError::Stale`]; the policy's or the store's.
    pub async fn replace_document(
        &self,
        ctx: &Ctx,
        id: DossierId,
        document: Document,
        revision: Option<u64>,
    ) -> Result<Saved, AppError> {
        self.edit_at(ctx, id, revision, |_, draft| {
            *draft = document.clone();
            Ok(Vec::new())
        })
        .await
    }

    async fn edit(
        &self,
        ctx: &Ctx,
        id: DossierId,
        change: impl Fn(&crate::domain::call::Call, &mut Document) -> Result<Vec<Conflict>, AppError> + Send + Sync,
    ) -> Result<Saved, AppError> {
        self.edit_at(ctx, id, None, change).await
    }

    async fn edit_at(
        &self,
        ctx: &Ctx,
        id: DossierId,
        expected: Option<u64>,
        change: impl Fn(&crate::domain::call::Call, &mut Document) -> Result<Vec<Conflict>, AppError> + Send + Sync,
    ) -> Result<Saved, AppError> {
        ctx.actor()?;
        let change = &change;
        transaction!(self.store, db => {
            let mut dossier = dossier::lock(db, id).await?.ok_or(AppError::NotFound)?;
            ctx.may(Action::DraftWrite, dossier.target())?;
            if expected.is_some_and(|expected| expected != dossier.revision) {
                return Err(AppError::Stale { revision: dossier.revision });
            }
            let call = self.call(&dossier.call)?;
            let mut draft = dossier.draft.clone();
            let conflicts = change(call, &mut draft)?;
            if draft != dossier.draft {
                dossier.draft = draft;
                dossier.revision += 1;
                dossier.changed_at = ctx.now;
                dossier::update_draft(db, id, &dossier.draft, dossier.revision, ctx.now).await?;
            }
            let uploads = piece::of_dossier(db, id).await?;
            Ok(Saved { dossier, uploads, conflicts })
        })
    }
}

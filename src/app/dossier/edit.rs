//! Edits the draft field by field and merges the changes, so that two tabs never overwrite each other.

use super::conflict::{AnswerConflict, with_authors};
use crate::app::{App, AppError, Ctx, DossierAccess, Share, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Part},
        document::{Change, Conflict, Document},
        dossier::Dossier,
        evaluation::Evaluation,
        event::EventKind,
        ids::DossierId,
    },
    store::{Connection, dossier, piece},
};
use std::collections::BTreeSet;

/// The draft after a change.
#[derive(Debug)]
pub struct SaveOutcome {
    /// The dossier as it is now.
    pub dossier: Dossier,
    /// The current evaluation of the draft, limited to the parts that the writer may see.
    pub evaluation: Evaluation,
    /// The writer's rights.
    pub share: Share,
    /// Changes that conflict with another change and were not written.
    pub conflicts: Vec<AnswerConflict>,
}

impl App {
    /// Merges changes into the draft. They are durable when this returns.
    ///
    /// # Errors
    /// [`AppError::Document`] when a change cannot be an answer; policy and store errors.
    pub async fn save_changes(&self, ctx: &Ctx, id: DossierId, changes: Vec<Change>) -> Result<SaveOutcome, AppError> {
        // A change without effect still returns the current value, so it needs the right as well.
        let section = |change: &Change| Part::Section(change.path.split('.').next().unwrap_or_default().to_owned());
        let asked: BTreeSet<Part> = changes.iter().map(section).collect();
        self.edit_at(ctx, id, None, &asked, |call, draft| {
            draft.merge(call, changes.clone()).map_err(|fault| AppError::Document(vec![fault]))
        })
        .await
    }

    /// Replaces the complete document if it is still at the given revision.
    ///
    /// # Errors
    /// [`AppError::Stale`]; policy and store errors.
    pub async fn replace_document(
        &self,
        ctx: &Ctx,
        id: DossierId,
        document: Document,
        revision: Option<u64>,
    ) -> Result<SaveOutcome, AppError> {
        self.edit_at(ctx, id, revision, &BTreeSet::from([Part::Whole]), |_, draft| {
            *draft = document.clone();
            Ok(Vec::new())
        })
        .await
    }

    async fn edit_at(
        &self,
        ctx: &Ctx,
        id: DossierId,
        expected: Option<u64>,
        asked: &BTreeSet<Part>,
        change: impl Fn(&crate::domain::call::Call, &mut Document) -> Result<Vec<Conflict>, AppError> + Send + Sync,
    ) -> Result<SaveOutcome, AppError> {
        ctx.actor()?;
        let change = &change;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let first = asked.first().cloned().unwrap_or(Part::Whole);
            let (mut dossier, access) = ctx.authorize_row(db, row, Action::DraftWrite, first).await?;
            for part in asked {
                access.authorize(Action::DraftWrite, part.clone())?;
            }
            if expected.is_some_and(|expected| expected != dossier.revision) {
                return Err(AppError::Stale { revision: dossier.revision });
            }
            let call = self.call(&dossier.call)?;
            let mut draft = dossier.draft.clone();
            let conflicts = with_authors(ctx, db, &dossier, change(call, &mut draft)?).await?;
            write_draft(ctx, db, &mut dossier, draft, &access).await?;
            let mut pieces = piece::of_dossier(db, id).await?;
            let mut evaluation = self.evaluate(ctx, &dossier, &pieces, 0)?;
            let share = Share::of(&access);
            share.prune(&mut dossier, &mut pieces);
            share.prune_findings(&mut evaluation);
            Ok(SaveOutcome { dossier, evaluation, conflicts, share })
        })
    }
}

/// Writes a changed draft and journals the change of a guest; the same draft changes nothing.
pub(in crate::app) async fn write_draft(
    ctx: &Ctx,
    db: &mut Connection,
    dossier: &mut Dossier,
    draft: Document,
    access: &DossierAccess<'_>,
) -> Result<(), AppError> {
    if draft == dossier.draft {
        return Ok(());
    }
    let changed = dossier.draft.differences(&draft);
    if !access.owned() {
        let sections: BTreeSet<&str> = changed.iter().filter_map(|path| path.split('.').next()).collect();
        let data = serde_json::json!({ "sections": sections, "rule": access.rule });
        ctx.journal(db, EventKind::DraftChanged, Some(dossier.id), data).await?;
    }
    dossier.draft = draft;
    dossier.change_answers(&changed, ctx.account()?, ctx.now);
    Ok(dossier::update_draft(db, dossier).await?)
}

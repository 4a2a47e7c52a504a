//! Creates a dossier.

use crate::app::{
    App, AppError, Ctx,
    transaction::{retry_by_attempt, transaction},
};
use crate::{
    domain::{
        access::{Action, Target},
        calendar::{RoundId, RoundState},
        document::Document,
        dossier::{Dossier, Origin},
        event::EventKind,
        ids::{AttemptId, DossierId},
    },
    store::{
        dossier::{self, AttemptRecord},
        journal,
    },
};
use uuid::Uuid;

impl App {
    /// Creates a dossier in an open round. The same attempt returns the same dossier.
    ///
    /// # Errors
    /// [`AppError::RoundClosed`], [`AppError::AttemptReused`], and policy and store errors.
    pub async fn create(
        &self,
        ctx: &Ctx,
        call: &str,
        round: &RoundId,
        document: Document,
        attempt: AttemptId,
    ) -> Result<DossierId, AppError> {
        let call = self.call(call)?;
        let round = self.round(call, round)?;
        ctx.authorize(Action::DossierCreate, &Target::Call)?;
        let (owner, open) = (ctx.account()?, round.state(ctx.now) == RoundState::Open);
        let id = DossierId(Uuid::now_v7());
        let fresh = Dossier::new(id, &call.id, &round.id, owner, document, ctx.now);
        let data = serde_json::json!({ "call": fresh.call, "round": fresh.round });
        let origin =
            Origin { call: &fresh.call, round: &fresh.round, source: None, document: Some(&fresh.draft) }.digest();
        let event = ctx.event(EventKind::DossierCreated, Some(fresh.id), data)?;
        let fresh = &fresh;
        // A concurrent request may insert between our query and our insert, and the result of a commit may be lost. The
        // next run finds the dossier that exists by then.
        retry_by_attempt!(transaction!(self.store, db => {
            if let Some(done) = dossier::by_attempt(db, owner, attempt).await? {
                self.store.confirm_what_was_found(db).await?;
                return begun_from(done, &origin);
            }
            if !open {
                return Err(AppError::RoundClosed);
            }
            if !dossier::insert(db, fresh, attempt, &origin).await? {
                return Err(AppError::SignInNeeded);
            }
            journal::append(db, &event).await?;
            Ok(fresh.id)
        }))
    }
}

/// Returns the dossier that an attempt created, if it was created from the same origin.
///
/// # Errors
/// [`AppError::AttemptReused`]; [`AppError::DossierDeleted`], so that a form sent again does not bring back what its
/// owner has deleted.
pub(in crate::app) fn begun_from(record: AttemptRecord, origin: &str) -> Result<DossierId, AppError> {
    match record.origin {
        _ if record.deleted => Err(AppError::DossierDeleted),
        Some(known) if known != origin => Err(AppError::AttemptReused),
        _ => Ok(DossierId(record.dossier)),
    }
}

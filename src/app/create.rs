//! Beginning a dossier.

use super::{
    App, AppError, Ctx,
    transaction::{attempted, transaction},
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
    /// Begins a dossier in an open round; the same attempt gives the same dossier.
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
        ctx.may(Action::DossierCreate, &Target::Call)?;
        let (owner, open) = (ctx.account()?, round.state(ctx.now) == RoundState::Open);
        let id = DossierId(Uuid::now_v7());
        let fresh = Dossier::begun(id, &call.id, &round.id, owner, document, ctx.now);
        let data = serde_json::json!({ "call": fresh.call, "round": fresh.round });
        let origin =
            Origin { call: &fresh.call, round: &fresh.round, source: None, document: Some(&fresh.draft) }.digest();
        let event = ctx.event(EventKind::DossierCreated, Some(fresh.id), data)?;
        let fresh = &fresh;
        // The other click may win between our look and our insert, and the answer to a commit may be lost: the next run
        // finds what was done.
        attempted!(transaction!(self.store, db => {
            if let Some(done) = dossier::by_attempt(db, owner, attempt).await? {
                return begun_from(done, &origin);
            }
            if !open {
                return Err(AppError::RoundClosed);
            }
            dossier::insert(db, fresh, attempt, &origin).await?;
            journal::append(db, &event).await?;
            Ok(fresh.id)
        }))
    }
}

/// The dossier that an attempt began, if it was begun from the same.
///
/// # Errors
/// [`AppError::AttemptReused`].
pub(super) fn begun_from(record: AttemptRecord, origin: &str) -> Result<DossierId, AppError> {
    match record.origin {
        Some(known) if known != origin => Err(AppError::AttemptReused),
        _ => Ok(DossierId(record.dossier)),
    }
}

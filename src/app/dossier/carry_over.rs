//! Carries a draft over from a closed round to an open one.

use crate::app::{
    App, AppError, Ctx,
    dossier::create::begun_from,
    transaction::{retry_by_attempt, transaction},
};
use crate::{
    domain::{
        access::{Action, Part, Target},
        calendar::{RoundId, RoundState},
        dossier::{Dossier, Origin, status::PossibleAction},
        event::EventKind,
        ids::{AttemptId, DossierId},
    },
    store::{company_lookup, dossier, journal, piece},
};
use uuid::Uuid;

impl App {
    /// Creates a dossier in an open round of the same call, with the answers and pieces of a draft whose own round has
    /// closed. That draft stays unchanged. The same attempt returns the same dossier.
    ///
    /// # Errors
    /// [`AppError::NotCarriedOver`], [`AppError::RoundClosed`], [`AppError::AttemptReused`], and policy and store
    /// errors.
    pub async fn carry_over(
        &self,
        ctx: &Ctx,
        id: DossierId,
        round: &RoundId,
        attempt: AttemptId,
    ) -> Result<DossierId, AppError> {
        let owner = ctx.account()?;
        let fresh = DossierId(Uuid::now_v7());
        let begun = retry_by_attempt!(transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (source, access) = ctx.authorize_row(db, row, Action::DraftRead, Part::Whole).await?;
            // A guest who may read everything still has no right to create a dossier from it.
            if !access.owned() {
                return Err(AppError::Forbidden);
            }
            ctx.authorize(Action::DossierCreate, &Target::Call)?;
            let origin = Origin { call: &source.call, round, source: Some(id), document: None }.digest();
            if let Some(done) = dossier::by_attempt(db, owner, attempt).await? {
                self.store.confirm_what_was_found(db).await?;
                return begun_from(done, &origin);
            }
            let call = self.call(&source.call)?;
            let target = self.round(call, round)?;
            if target.state(ctx.now) != RoundState::Open {
                return Err(AppError::RoundClosed);
            }
            let status = self.status_of(ctx, &source)?;
            if !status.allows(PossibleAction::CarryOver) || target.id == source.round {
                return Err(AppError::NotCarriedOver);
            }
            let draft = Dossier::new(fresh, &source.call, &target.id, source.owner, source.draft.clone(), ctx.now);
            if !dossier::insert(db, &draft, attempt, &origin).await? {
                return Err(AppError::SignInNeeded);
            }
            let begun = serde_json::json!({ "call": draft.call, "round": draft.round, "from": id });
            let mut events = vec![ctx.event(EventKind::DossierCreated, Some(fresh), begun)?];
            for piece in piece::of_dossier(db, id).await? {
                events.extend(self.write_piece(db, ctx, fresh, &piece, None).await?);
            }
            company_lookup::copy(db, id, fresh).await?;
            let left = serde_json::json!({ "round": draft.round, "to": fresh });
            events.push(ctx.event(EventKind::DossierCarriedOver, Some(id), left)?);
            journal::append_all(db, &events).await?;
            Ok(fresh)
        }))?;
        self.scan_notify.notify_one();
        Ok(begun)
    }
}

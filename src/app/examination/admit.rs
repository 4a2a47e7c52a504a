//! Marks a deposited dossier as admissible, and reverts that.

use crate::app::{App, AppError, Ctx, DossierPath, transaction::transaction};
use crate::{
    domain::{
        access::Action,
        dossier::Admission,
        event::EventKind,
        text::clean::{TextKind, clean},
    },
    store::dossier,
};

/// Maximum length of a reason, in characters.
const MAX_REASON_CHARS: usize = 500;

impl App {
    /// Marks the current deposit of a dossier as admissible once its round has closed. Idempotent.
    ///
    /// # Errors
    /// [`AppError::RoundOpen`]; policy and store errors.
    pub async fn admit(&self, ctx: &Ctx, place: &DossierPath) -> Result<(), AppError> {
        let (who, now, id) = (ctx.account()?, ctx.now, place.id);
        transaction!(self.store, db => {
            let (dossier, _) = place.lock(ctx, db, Action::DossierAdmit).await?;
            if dossier.admission.is_some() {
                return Ok(());
            }
            let call = self.call(&dossier.call)?;
            if !dossier.can_be_admitted(self.round(call, &dossier.round)?, now) {
                return Err(AppError::RoundOpen);
            }
            dossier::set_admission(db, id, Some(Admission { at: now, by: who })).await?;
            let receipt = dossier.deposit.map(|deposit| deposit.receipt);
            let data = serde_json::json!({ "receipt": receipt });
            ctx.journal(db, EventKind::DossierAdmitted, Some(id), data).await?;
            Ok(())
        })
    }

    /// Reverts the admission of a dossier. The reason is stored permanently in the journal. From their next request on,
    /// experts can no longer read the dossier.
    ///
    /// # Errors
    /// [`AppError::Reason`] when there is none or it is too long; policy and store errors.
    pub async fn take_back_admission(&self, ctx: &Ctx, place: &DossierPath, reason: &str) -> Result<(), AppError> {
        let reason = clean(TextKind::Prose, reason);
        ctx.actor()?;
        let (id, reason) = (place.id, reason.trim());
        transaction!(self.store, db => {
            let (dossier, _) = place.lock(ctx, db, Action::DossierAdmit).await?;
            if dossier.admission.is_none() {
                return Ok(());
            }
            if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS {
                return Err(AppError::Reason);
            }
            dossier::set_admission(db, id, None).await?;
            let receipt = dossier.deposit.map(|deposit| deposit.receipt);
            let data = serde_json::json!({ "receipt": receipt, "reason": reason });
            ctx.journal(db, EventKind::AdmissionTakenBack, Some(id), data).await?;
            Ok(())
        })
    }
}

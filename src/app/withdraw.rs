//! Withdrawing a deposit.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Part},
        event::EventKind,
        ids::DossierId,
    },
    store::{deposit, dossier},
};

impl App {
    /// Withdraws the deposit that stands. Its receipt stays valid as a proof of what was received; the draft is kept.
    ///
    /// # Errors
    /// [`AppError::NotDeposited`]; the policy's or the store's.
    pub async fn withdraw(&self, ctx: &Ctx, id: DossierId) -> Result<(), AppError> {
        ctx.actor()?;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.open(db, row, Action::DossierWithdraw, Part::Whole).await?;
            let standing = dossier.deposit.as_ref().ok_or(AppError::NotDeposited)?;
            dossier::set_withdrawn(db, id, ctx.now).await?;
            deposit::withdraw(db, id).await?;
            let data = serde_json::json!({ "receipt": standing.receipt });
            ctx.journal(db, EventKind::DossierWithdrawn, Some(id), data).await?;
            Ok(())
        })
    }
}

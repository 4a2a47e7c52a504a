//! Withdraws a deposit.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Part},
        event::EventKind,
        ids::DossierId,
    },
    store::{deposit, dossier},
};

/// What the user was shown when they confirmed the withdrawal. Nothing else is withdrawn.
#[derive(Clone, Debug)]
pub struct WithdrawalConfirmation {
    /// Number of the deposit's receipt.
    pub receipt: String,
    /// Whether the page called the withdrawal final, because the round no longer accepts deposits.
    pub is_final: bool,
}

impl App {
    /// Withdraws the current deposit. Its receipt remains valid as a proof of receipt, and the draft is kept.
    /// Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotDeposited`]; [`AppError::DepositChanged`] when another version is deposited, or the effect of the
    /// withdrawal has changed; policy and store errors.
    pub async fn withdraw(&self, ctx: &Ctx, id: DossierId, shown: &WithdrawalConfirmation) -> Result<(), AppError> {
        ctx.actor()?;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.authorize_row(db, row, Action::DossierWithdraw, Part::Whole).await?;
            let Some(current) = dossier.deposit.as_ref() else {
                let versions = deposit::versions(db, id).await?;
                let again = versions.iter().any(|version| version.receipt == shown.receipt);
                return if again { Ok(()) } else { Err(AppError::NotDeposited) };
            };
            let is_final = self.status_of(ctx, &dossier)?.withdrawal_is_final();
            if current.receipt != shown.receipt || is_final != shown.is_final {
                return Err(AppError::DepositChanged);
            }
            dossier::set_withdrawn(db, id, ctx.now).await?;
            deposit::clear_current(db, id).await?;
            let data = serde_json::json!({ "receipt": current.receipt });
            ctx.journal(db, EventKind::DossierWithdrawn, Some(id), data).await?;
            Ok(())
        })
    }
}

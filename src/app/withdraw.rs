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

/// What a person was shown when they confirmed a withdrawal: nothing else is withdrawn.
#[derive(Clone, Debug)]
pub struct Withdrawal {
    /// Number of the receipt of the deposit.
    pub receipt: String,
    /// Whether it was said to be final, since the round takes no deposits.
    pub is_final: bool,
}

impl App {
    /// Withdraws the current deposit. Its receipt stays valid as a proof of what was received; the draft is kept. Asked
    /// again for what was withdrawn, it changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotDeposited`]; [`AppError::DepositChanged`] when another version is deposited, or the withdrawal
    /// means something else by now; policy and store errors.
    pub async fn withdraw(&self, ctx: &Ctx, id: DossierId, shown: &Withdrawal) -> Result<(), AppError> {
        ctx.actor()?;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.open(db, row, Action::DossierWithdraw, Part::Whole).await?;
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
            deposit::withdraw(db, id).await?;
            let data = serde_json::json!({ "receipt": current.receipt });
            ctx.journal(db, EventKind::DossierWithdrawn, Some(id), data).await?;
            Ok(())
        })
    }
}

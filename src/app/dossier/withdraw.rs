//! Withdraws a deposit.

use super::deposit::closing;
use crate::app::{
    App, AppError, Ctx,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::transaction,
};
use crate::{
    domain::{
        access::{Action, Part},
        calendar::{show_instant, with_zone},
        dossier::Dossier,
        event::EventKind,
        ids::DossierId,
        receipt::Receipt,
    },
    store::{account::Account, deposit, dossier, outbox},
};
use uuid::Uuid;

/// What the user was shown when they confirmed the withdrawal. Nothing else is withdrawn.
#[derive(Clone, Debug)]
pub struct WithdrawalConfirmation {
    /// Number of the deposit's receipt.
    pub receipt: String,
    /// Whether the page called the withdrawal final, because the round no longer accepts deposits.
    pub is_final: bool,
}

impl App {
    /// Withdraws the current deposit, and informs by mail whoever was told of it. Its receipt remains valid as a proof of
    /// receipt, and the draft is kept. Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotDeposited`]; [`AppError::DepositChanged`] when another version is deposited, or the effect of the
    /// withdrawal has changed; policy and store errors.
    pub async fn withdraw(&self, ctx: &Ctx, id: DossierId, shown: &WithdrawalConfirmation) -> Result<(), AppError> {
        ctx.actor()?;
        let (job, due) = (Uuid::now_v7(), self.clock());
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.authorize_row(db, row, Action::DossierWithdraw, Part::Whole).await?;
            let Some(current) = dossier.deposit.as_ref() else {
                let versions = deposit::versions(db, id).await?;
                let again = versions.iter().any(|version| version.receipt == shown.receipt);
                if !again {
                    return Err(AppError::NotDeposited);
                }
                return Ok(self.store.confirm_what_was_found(db).await?);
            };
            let is_final = self.status_of(ctx, &dossier)?.withdrawal_is_final();
            if current.receipt != shown.receipt || is_final != shown.is_final {
                return Err(AppError::DepositChanged);
            }
            dossier::set_withdrawn(db, id, ctx.now).await?;
            deposit::clear_current(db, id).await?;
            if let Some((depositor, receipt)) = deposit::depositor(db, &current.receipt).await? {
                let message = self.withdrawal_letter(ctx, &dossier, &depositor, &receipt)?;
                outbox::enqueue_mail(db, job, &message, due).await?;
            }
            let data = serde_json::json!({ "receipt": current.receipt });
            ctx.journal(db, EventKind::DossierWithdrawn, Some(id), data).await?;
            Ok(())
        })?;
        self.outbox_notify.notify_one();
        Ok(())
    }

    /// The mail on a withdrawal, with the names that the deposit had.
    fn withdrawal_letter(
        &self,
        ctx: &Ctx,
        dossier: &Dossier,
        depositor: &Account,
        receipt: &Receipt,
    ) -> Result<EmailMessage, AppError> {
        let (call, lang) = (self.call(&dossier.call)?, depositor.lang);
        let round = self.round(call, &dossier.round)?;
        let number = receipt.statement.number.clone();
        let letter = Letter::Withdrawn {
            at: with_zone(&show_instant(ctx.now, &call.time_zone()), &call.zone_name()).get(&lang).to_owned(),
            closes: closing(call, round, ctx.now).get(&lang).to_owned(),
            link: self.receipt_link(&number, lang),
            number,
        };
        let about = Concern::of_answers(call, &receipt.answers(), lang);
        Ok(EmailMessage { to: depositor.email.clone(), lang, about, letter })
    }
}

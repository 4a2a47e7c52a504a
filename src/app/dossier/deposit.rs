//! The deposit: idempotent per attempt, and sealed in one transaction together with the others that are ready (decision
//! 26).
//!
//! From request to row: a [`DepositRequest`] becomes a `PendingDeposit`, which waits in the `DepositQueue`. With its draft
//! it becomes a [`PreparedVersion`](crate::domain::dossier::PreparedVersion) (every rule passed, a manifest, no
//! signature); sealing adds time and signature and makes it a [`Receipt`](crate::domain::receipt::Receipt); a
//! `VersionRecord` (with its `Summary` for lists) is what `store::deposit` writes as one `NewDeposit`; a
//! `domain::dossier::Deposit` in the dossier's row marks it as the current one; a [`DepositOutcome`] is the answer. Read
//! back, a row is a `StoredReceipt`, or a `Version` without content.

mod batch;
mod changed;
mod pending;
mod prepare;
mod queue;
mod seal;
mod version;

pub use changed::DraftChanged;
pub(in crate::app) use queue::DepositQueue;

use crate::app::{App, AppError, Ctx};
use crate::domain::{
    calendar::{Round, RoundState, show_deadline, with_zone},
    call::Call,
    dossier::Dossier,
    ids::{AttemptId, DossierId},
    text::{Lang, Text},
};
use jiff::Timestamp;
use pending::{Answer, PendingDeposit};
use std::sync::Arc;
use uuid::Uuid;

/// Parameters of a deposit.
#[derive(Clone, Copy, Debug)]
pub struct DepositRequest {
    /// Id of this attempt. A repeated request with the same id returns the same receipt.
    pub attempt: AttemptId,
    /// Revision of the draft that the client has seen; `None` if it sent none.
    pub revision: Option<u64>,
}

/// The result of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositOutcome {
    /// Number of the receipt.
    pub receipt: String,
    /// False if the attempt, or the same content, was deposited before.
    pub new: bool,
    /// False if the version of this attempt was withdrawn or replaced since.
    pub is_current: bool,
    /// False if the draft has changed since.
    pub draft_unchanged: bool,
}

impl App {
    /// Deposits the draft as a new version, or refuses it with all findings.
    ///
    /// The same attempt always returns the same receipt. If the outcome of the commit is unknown, the attempt is
    /// retried on the current leader, where it either finds its own result or runs. So there is never a false
    /// "deposited" and never a double deposit.
    ///
    /// The draft is evaluated at the instant at which the request was complete, and sealed after that
    /// ([`Instants`](crate::domain::receipt::Instants)). A change after that instant, or after the revision that the client
    /// has seen, is a conflict.
    ///
    /// # Errors
    /// [`AppError::Refused`]; [`AppError::DraftChanged`]; [`AppError::TooManyDeposits`]; policy and store errors.
    pub async fn deposit(&self, ctx: &Ctx, id: DossierId, request: DepositRequest) -> Result<DepositOutcome, AppError> {
        let deposit = Arc::new(PendingDeposit {
            depositor: ctx.account()?,
            ctx: ctx.clone(),
            dossier: id,
            request,
            job: Uuid::now_v7(),
            // Without it the pieces are looked for where nobody else waits, and the error is told there.
            blob_store: self.blobs.store_id().await.ok(),
        });
        match self.seal_together(&deposit).await? {
            Answer::Decided(decision) => decision,
            Answer::Deferred => self.seal_alone(&deposit).await,
        }
    }

    /// The address of a receipt, for a reader of a language.
    pub(super) fn receipt_link(&self, number: &str, lang: Lang) -> String {
        format!("{}{}/receipts/{number}", self.config.portal.public_url, lang.tr("", "/en"))
    }
}

/// The deadline of a round that is still open, in words; empty if it has closed.
pub(super) fn closing(call: &Call, round: &Round, now: Timestamp) -> Text {
    match round.window {
        Some(window) if round.state(now) == RoundState::Open => {
            with_zone(&show_deadline(window.closes, &call.time_zone()), &call.zone_name())
        }
        _ => Text::default(),
    }
}

/// The company number (SIREN) of a dossier: the first nine digits of the SIRET.
fn siren(call: &Call, dossier: &Dossier) -> String {
    crate::domain::company::siret(dossier.draft.text(&call.company.siret))
        .map(|siret| siret[..9].to_owned())
        .unwrap_or_default()
}

//! A deposit between its request and its answer.

use super::{DepositOutcome, DepositRequest};
use crate::{
    app::{AppError, Ctx},
    domain::ids::{AccountId, DossierId},
};
use uuid::Uuid;

/// A deposit that waits for its answer. What must not vary between two runs of a transaction is fixed here.
pub(super) struct PendingDeposit {
    pub ctx: Ctx,
    /// The account of the actor.
    pub depositor: AccountId,
    pub dossier: DossierId,
    pub request: DepositRequest,
    /// Id of its mail.
    pub job: Uuid,
    /// Id of the store of attachments; `None` if it did not answer.
    pub blob_store: Option<Uuid>,
}

/// What became of a deposit in a batch.
pub(super) enum Answer {
    /// It has its receipt, or was refused.
    Decided(Result<DepositOutcome, AppError>),
    /// It was left out, and is to be sealed in a transaction of its own.
    Deferred,
}

/// How deposits are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealingMode {
    /// Several in one transaction. A deposit for which the others would have to wait is deferred: its dossier is locked by
    /// another transaction, or a piece has to be looked for.
    Together,
    /// One that nobody waits for.
    Alone,
}

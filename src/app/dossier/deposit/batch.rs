//! Sealing the deposits that wait, one batch and one transaction after the other.
//!
//! A batch has no savepoints: whatever can refuse a deposit is decided before the first row is written, and a transaction
//! that fails by what one deposit may have caused is given up, and each is sealed alone.

use super::{
    DepositOutcome,
    pending::{Answer, PendingDeposit, SealingMode},
    queue::WaitingDeposit,
};
use crate::app::{
    App, AppError, InjectedFault,
    transaction::{retry_by_attempt, transaction},
};
use futures_util::FutureExt;
use std::{io, panic::AssertUnwindSafe, sync::Arc, time::Instant};

impl App {
    /// Has a deposit sealed with the others that are ready.
    ///
    /// # Errors
    /// [`AppError::TooManyDeposits`].
    #[expect(
        clippy::disallowed_methods,
        reason = "a batch outlives the client that began it, and its deposits wait for it"
    )]
    pub(super) async fn seal_together(&self, deposit: &Arc<PendingDeposit>) -> Result<Answer, AppError> {
        let entry = self.deposit_queue.enqueue(deposit.clone(), Instant::now())?;
        if entry.must_lead {
            tokio::spawn(self.clone().lead_batches());
        }
        // A batch that panicked leaves its deposits without an answer.
        Ok(entry.answer.await.unwrap_or(Answer::Deferred))
    }

    /// Seals batches until nothing waits.
    async fn lead_batches(self) {
        loop {
            let batch = self.deposit_queue.collect_batch(Instant::now());
            if batch.is_empty() {
                return;
            }
            let (deposits, senders): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|WaitingDeposit { deposit, answer, .. }| (deposit, answer)).unzip();
            let answers = AssertUnwindSafe(self.commit_batch(&deposits)).catch_unwind().await.unwrap_or_default();
            for (sender, answer) in senders.into_iter().zip(answers) {
                // A client that went away sends its attempt again.
                sender.send(answer).ok();
            }
        }
    }

    /// Seals and commits a batch. If the outcome of the commit is unknown, the batch runs again, and each deposit finds what
    /// its attempt has deposited, or is sealed.
    async fn commit_batch(&self, deposits: &[Arc<PendingDeposit>]) -> Vec<Answer> {
        let done = retry_by_attempt!(
            transaction!(self.store, db => self.seal_batch(db, deposits, SealingMode::Together).await)
        );
        match done {
            Ok(answers) => {
                self.conclude(deposits, &answers);
                answers
            }
            Err(error) => {
                let source = &error as &dyn std::error::Error;
                tracing::warn!(deposits = deposits.len(), error = source, "deposit.batch_failed");
                let answer = || match &error {
                    AppError::Store(error) => error.shared().map(|error| Answer::Decided(Err(error.into()))),
                    _ => None,
                };
                deposits.iter().map(|_| answer().unwrap_or(Answer::Deferred)).collect()
            }
        }
    }

    /// Seals and commits one deposit in a transaction of its own.
    ///
    /// # Errors
    /// As [`App::deposit`].
    pub(super) async fn seal_alone(&self, deposit: &Arc<PendingDeposit>) -> Result<DepositOutcome, AppError> {
        let one = std::slice::from_ref(deposit);
        let _place = self.deposit_queue.alone.acquire().await.map_err(|_| AppError::TooManyDeposits)?;
        let answers =
            retry_by_attempt!(transaction!(self.store, db => self.seal_batch(db, one, SealingMode::Alone).await))?;
        self.conclude(one, &answers);
        match answers.into_iter().next() {
            Some(Answer::Decided(decision)) => decision,
            Some(Answer::Deferred) | None => Err(AppError::Internal(io::Error::other("a deposit without an answer"))),
        }
    }

    /// What follows the commit.
    fn conclude(&self, deposits: &[Arc<PendingDeposit>], answers: &[Answer]) {
        let is_new = |answer: &Answer| matches!(answer, Answer::Decided(Ok(done)) if done.new);
        let new = deposits.iter().zip(answers).filter(|(_, answer)| is_new(answer)).map(|(deposit, _)| deposit);
        let new: Vec<&Arc<PendingDeposit>> = new.collect();
        if new.is_empty() {
            return;
        }
        metrics::counter!("guichet_deposits_total").increment(u64::try_from(new.len()).unwrap_or(u64::MAX));
        metrics::counter!("guichet_deposit_transactions_total").increment(1);
        self.outbox_notify.notify_one();
        if new.iter().any(|deposit| deposit.ctx.injected_fault == Some(InjectedFault::DieAfterCommit)) {
            std::process::abort();
        }
    }
}

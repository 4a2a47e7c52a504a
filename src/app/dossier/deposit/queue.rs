//! Deposits that wait to be sealed together (group commit). The first that comes begins to lead: it starts the task that
//! seals one batch after the other, without a timer. Whoever comes while a batch is committed is in the next one.

use super::pending::{Answer, PendingDeposit};
use crate::app::AppError;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, oneshot};

/// Maximum number of deposits in one transaction: some hundred kilobytes of receipts, and some milliseconds of work while
/// the head of the chain is locked.
pub(super) const MAX_BATCH: usize = 32;
/// Maximum number of deposits that wait. Further ones are asked to retry.
const MAX_WAITING: usize = 512;
/// Maximum number of them by one depositor, so that no program takes everybody's places.
const MAX_WAITING_OF_DEPOSITOR: usize = 64;
/// Maximum number of deposits that are sealed alone at a time: each has a connection, and may wait for somebody's lock.
const MAX_ALONE: usize = 4;
/// Maximum time that a deposit waits for its batch: longer than a change of leader takes, shorter than a browser waits.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The deposits of one process that wait.
pub(in crate::app) struct DepositQueue {
    state: Mutex<QueueState>,
    /// Held by deposits that are sealed alone.
    pub(super) alone: Semaphore,
}

impl Default for DepositQueue {
    fn default() -> Self {
        Self { state: Mutex::default(), alone: Semaphore::new(MAX_ALONE) }
    }
}

#[derive(Default)]
struct QueueState {
    waiting: Vec<WaitingDeposit>,
    /// A task seals batches, and will collect what waits.
    has_leader: bool,
}

/// A deposit in the queue.
pub(super) struct WaitingDeposit {
    pub deposit: Arc<PendingDeposit>,
    pub answer: oneshot::Sender<Answer>,
    since: Instant,
}

/// The place of a deposit in the queue.
pub(super) struct QueueEntry {
    pub answer: oneshot::Receiver<Answer>,
    /// No task seals batches yet: whoever holds this entry must start it.
    pub must_lead: bool,
}

impl DepositQueue {
    /// Adds a deposit.
    ///
    /// # Errors
    /// [`AppError::TooManyDeposits`].
    pub(super) fn enqueue(&self, deposit: Arc<PendingDeposit>, now: Instant) -> Result<QueueEntry, AppError> {
        let mut state = self.state();
        if state.waiting.len() >= MAX_WAITING {
            // Their clients went away; the next batch would leave them out.
            state.waiting.retain(|waiting| !waiting.answer.is_closed());
        }
        let own = state.waiting.iter().filter(|waiting| waiting.deposit.depositor == deposit.depositor).count();
        if state.waiting.len() >= MAX_WAITING || own >= MAX_WAITING_OF_DEPOSITOR {
            return Err(AppError::TooManyDeposits);
        }
        let (sender, answer) = oneshot::channel();
        state.waiting.push(WaitingDeposit { deposit, answer: sender, since: now });
        state.report();
        let must_lead = !std::mem::replace(&mut state.has_leader, true);
        Ok(QueueEntry { answer, must_lead })
    }

    /// Takes the deposits that are sealed next: those received first, in this order, and of each dossier one. Whose client
    /// went away before is not sealed. An empty batch ends the leadership.
    pub(super) fn collect_batch(&self, now: Instant) -> Vec<WaitingDeposit> {
        let mut state = self.state();
        state.waiting.sort_by_key(|waiting| waiting.deposit.ctx.now);
        let (mut batch, mut dossiers) = (Vec::new(), HashSet::new());
        for waiting in std::mem::take(&mut state.waiting) {
            if waiting.answer.is_closed() {
                continue;
            }
            if now.saturating_duration_since(waiting.since) > MAX_WAIT {
                waiting.answer.send(Answer::Decided(Err(AppError::TooManyDeposits))).ok();
            } else if batch.len() < MAX_BATCH && dossiers.insert(waiting.deposit.dossier) {
                batch.push(waiting);
            } else {
                state.waiting.push(waiting);
            }
        }
        state.has_leader = !batch.is_empty();
        state.report();
        batch
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn report(&self) {
        metrics::gauge!("guichet_deposits_waiting").set(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Clock, Ctx, DepositRequest},
        domain::{
            ids::{AccountId, AttemptId, DossierId},
            text::Lang,
        },
    };
    use jiff::Timestamp;
    use uuid::Uuid;

    /// A deposit by the owner of each dossier.
    fn deposit(dossier: u128, received_second: i64) -> Arc<PendingDeposit> {
        deposit_by(dossier, dossier, received_second)
    }

    fn deposit_by(depositor: u128, dossier: u128, received_second: i64) -> Arc<PendingDeposit> {
        let received_at = Timestamp::from_second(received_second).unwrap();
        Arc::new(PendingDeposit {
            ctx: Ctx::anonymous(received_at, Clock::System, Lang::Fr),
            depositor: AccountId(Uuid::from_u128(depositor)),
            dossier: DossierId(Uuid::from_u128(dossier)),
            request: DepositRequest { attempt: AttemptId(Uuid::now_v7()), revision: None },
            job: Uuid::now_v7(),
            blob_store: None,
        })
    }

    fn dossiers(batch: &[WaitingDeposit]) -> Vec<u128> {
        batch.iter().map(|waiting| waiting.deposit.dossier.0.as_u128()).collect()
    }

    #[test]
    fn a_batch_is_in_the_order_of_reception_and_has_each_dossier_once() {
        let (queue, now) = (DepositQueue::default(), Instant::now());
        let entries: Vec<QueueEntry> = [(1, 30), (2, 10), (1, 20), (3, 40)]
            .into_iter()
            .map(|(dossier, second)| queue.enqueue(deposit(dossier, second), now).unwrap())
            .collect();
        let leads: Vec<bool> = entries.iter().map(|entry| entry.must_lead).collect();
        assert_eq!(leads, [true, false, false, false], "one task seals");
        let batch = queue.collect_batch(now);
        assert_eq!(dossiers(&batch), [2, 1, 3]);
        assert_eq!(batch[1].deposit.ctx.now.as_second(), 20, "of two, the one received first");
        let late = queue.enqueue(deposit(4, 50), now).unwrap();
        assert!(!late.must_lead, "whoever comes while a batch is committed");
        assert_eq!(dossiers(&queue.collect_batch(now)), [1, 4], "is in the next one");
        assert!(queue.collect_batch(now).is_empty());
        assert!(queue.enqueue(deposit(5, 60), now).unwrap().must_lead, "the task has ended");
    }

    #[test]
    fn a_batch_and_the_queue_have_a_length() {
        let (queue, now) = (DepositQueue::default(), Instant::now());
        let enqueue = |dossier: usize| queue.enqueue(deposit(dossier as u128, 1), now);
        let entries: Vec<QueueEntry> = (0..MAX_WAITING).map(|dossier| enqueue(dossier).unwrap()).collect();
        assert!(matches!(enqueue(MAX_WAITING), Err(AppError::TooManyDeposits)));
        let sizes: Vec<usize> =
            std::iter::from_fn(|| Some(queue.collect_batch(now).len())).take_while(|size| *size > 0).collect();
        assert!(sizes.iter().all(|size| *size == MAX_BATCH));
        assert_eq!(sizes.iter().sum::<usize>(), entries.len());
    }

    #[test]
    fn nobody_takes_the_places_of_all_and_who_went_away_has_none() {
        let (queue, now) = (DepositQueue::default(), Instant::now());
        let enqueue = |depositor, dossier: usize| queue.enqueue(deposit_by(depositor, dossier as u128, 1), now);
        let own: Vec<QueueEntry> = (0..MAX_WAITING_OF_DEPOSITOR).map(|dossier| enqueue(1, dossier).unwrap()).collect();
        assert!(matches!(enqueue(1, 1000), Err(AppError::TooManyDeposits)));
        let others: Vec<QueueEntry> =
            (own.len()..MAX_WAITING).map(|number| enqueue(number as u128 + 2, number).unwrap()).collect();
        assert!(matches!(enqueue(2, 1000), Err(AppError::TooManyDeposits)));
        drop(own);
        assert!(enqueue(2, 1000).is_ok(), "who went away makes room");
        drop(others);
    }

    #[test]
    fn who_went_away_is_left_out_and_who_waited_too_long_is_told() {
        let (queue, now) = (DepositQueue::default(), Instant::now());
        drop(queue.enqueue(deposit(1, 1), now).unwrap());
        let mut old = queue.enqueue(deposit(2, 2), now).unwrap();
        let later = now + MAX_WAIT + Duration::from_millis(1);
        let _young = queue.enqueue(deposit(3, 3), later).unwrap();
        assert_eq!(dossiers(&queue.collect_batch(later)), [3]);
        assert!(matches!(old.answer.try_recv(), Ok(Answer::Decided(Err(AppError::TooManyDeposits)))));
    }
}

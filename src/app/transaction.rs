//! Running work in a transaction.
//!
//! These are macros and not functions with an asynchronous closure, because the compiler cannot yet prove that the
//! futures of such closures are `Send`.

/// Runs work in a transaction on a store and commits it; retries after a deadlock or a change of leader.
/// `transaction!(store, db => work)` is a `Result<_, AppError>`. Values that vary between runs (ids, instants) must be
/// created outside.
macro_rules! transaction {
    ($store:expr, $db:ident => $work:expr) => {{
        let mut tries = $crate::store::Tries::default();
        loop {
            let mut tx = match $store.begin().await {
                Ok(tx) => tx,
                Err(error) if tries.count_and_may_retry(&error) => continue,
                Err(error) => break Err($crate::app::AppError::from(error)),
            };
            let ended = tx.ended();
            let $db: &mut $crate::store::Connection = &mut tx;
            let work: Result<_, $crate::app::AppError> =
                $crate::store::Tries::run_until_leader_lost(ended, async { $work }).await;
            if let Some(done) = tries.commit_or_roll_back(tx, work).await {
                break done;
            }
        }
    }};
}

/// Runs a transaction that is identified by its attempt. It is retried when its outcome is unknown or a concurrent
/// duplicate committed first; the retry then finds the result of the attempt. Whoever answers by what was found calls
/// `Store::confirm_what_was_found`: then it is as durable as if this run had written it.
macro_rules! retry_by_attempt {
    ($transaction:expr) => {{
        let mut runs = 0;
        loop {
            runs += 1;
            match $transaction {
                Err($crate::app::AppError::Store(error))
                    if error.may_have_committed() && runs < $crate::app::transaction::MAX_ATTEMPT_RUNS => {}
                done => break done,
            }
        }
    }};
}

/// Maximum number of transactions per attempt, each of which `store::transaction` may run several times itself. The client
/// may send the attempt again.
pub(super) const MAX_ATTEMPT_RUNS: u32 = 3;

pub(super) use {retry_by_attempt, transaction};

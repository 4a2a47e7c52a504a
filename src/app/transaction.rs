//! Running work in a transaction.
//!
//! A macro and not a function with an asynchronous closure: the compiler cannot yet show that the futures of such
//! closures may move between threads.

/// Runs work in a transaction on a store, again when it lost a deadlock or its leader, and commits it: `transaction!(store, db => work)`
/// is a `Result<_, AppError>`. Work that varies from run to run (ids, instants) belongs outside.
macro_rules! transaction {
    ($store:expr, $db:ident => $work:expr) => {{
        let mut tries = $crate::store::Tries::default();
        loop {
            let mut tx = match $store.begin().await {
                Ok(tx) => tx,
                Err(error) if tries.again(&error) => continue,
                Err(error) => break Err($crate::app::AppError::from(error)),
            };
            let ended = tx.ended();
            let $db: &mut $crate::store::Connection = &mut tx;
            let work: Result<_, $crate::app::AppError> = $crate::store::Tries::bounded(ended, async { $work }).await;
            if let Some(done) = tries.settle(tx, work).await {
                break done;
            }
        }
    }};
}

/// Runs a transaction that carries the id of its attempt again when its outcome is unknown, or when a twin of it came
/// first: it then finds itself done. What the attempt found done is as durable as if it had done it itself, since the
/// commit of the looking transaction is confirmed in the same way.
macro_rules! attempted {
    ($transaction:expr) => {{
        let mut runs = 0;
        loop {
            runs += 1;
            match $transaction {
                Err($crate::app::AppError::Store(error))
                    if error.may_be_done() && runs < $crate::app::transaction::MAX_RUNS => {}
                done => break done,
            }
        }
    }};
}

/// Most runs of one attempt; whoever sent it may send it again.
pub(super) const MAX_RUNS: u32 = 3;

pub(super) use {attempted, transaction};

//! Running work in a transaction.
//!
//! A macro and not a function with an asynchronous closure: the compiler cannot yet show that the futures of such
//! closures may move between threads.

/// Runs work in a transaction on a store, again when it lost a deadlock, and commits it: `transaction!(store, db => work)`
/// is a `Result<_, AppError>`. Work that varies from run to run (ids, instants) belongs outside.
macro_rules! transaction {
    ($store:expr, $db:ident => $work:expr) => {{
        let mut tries = $crate::store::Tries::default();
        loop {
            let mut tx = match $store.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err($crate::app::AppError::from(error)),
            };
            let $db: &mut $crate::store::Connection = &mut tx;
            let work: Result<_, $crate::app::AppError> = async { $work }.await;
            if let Some(done) = tries.settle(tx, work).await {
                break done;
            }
        }
    }};
}

pub(super) use transaction;

//! Checking the chain of receipts whole: none altered, none removed, none out of order.

use super::{App, AppError};
use crate::{
    domain::receipt::{self, GENESIS},
    store::{Freshness, Store, StoreError, deposit},
};

/// What a check of the chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// Receipts checked.
    pub receipts: u64,
    /// What is wrong, one line each, in English: for the operator.
    pub faults: Vec<String>,
}

/// Receipts read at a time.
const BATCH: u32 = 200;

impl App {
    /// Checks every receipt, its place in the chain and the head of the chain.
    ///
    /// # Errors
    /// The store's.
    pub async fn check_chain(&self) -> Result<ChainReport, AppError> {
        Ok(check(&self.store).await?)
    }
}

/// The same on any store.
pub(super) async fn check(store: &Store) -> Result<ChainReport, StoreError> {
    let mut report = ChainReport::default();
    let (mut last, mut link) = (0, GENESIS.to_owned());
    let mut db = store.read(Freshness::OwnWrites).await?;
    loop {
        let batch = deposit::chain(&mut db, last, BATCH).await?;
        if batch.is_empty() {
            break;
        }
        for one in batch {
            let statement = &one.statement;
            let number = &statement.number;
            if statement.sequence != last + 1 {
                report.faults.push(format!(
                    "{number}: receipts {} to {} are missing",
                    last + 1,
                    statement.sequence - 1
                ));
            }
            if statement.previous != link {
                report.faults.push(format!("{number}: it does not follow the receipt before it"));
            }
            if !receipt::verify(&serde_json::json!(one), &[]).holds() {
                report.faults.push(format!("{number}: it was altered"));
            }
            last = statement.sequence;
            link = statement.digest();
            report.receipts += 1;
        }
    }
    if deposit::chain_head(&mut db).await? != (last, link) {
        report.faults.push("the last receipts are missing: the head of the chain is further on".into());
    }
    Ok(report)
}

//! Verifies the complete chain of receipts.

use crate::app::{App, AppError};
use crate::{
    domain::receipt::ChainCheck,
    store::{Freshness, Store, StoreError, deposit},
};

/// Receipts read per query.
const RECEIPTS_PER_BATCH: u32 = 200;

impl App {
    /// Verifies every receipt, its position in the chain and the head of the chain.
    pub async fn check_chain(&self) -> Result<ChainCheck, AppError> {
        Ok(check(&self.store).await?)
    }
}

/// Verifies the chain of any store.
pub(in crate::app) async fn check(store: &Store) -> Result<ChainCheck, StoreError> {
    let mut chain = ChainCheck::default();
    let mut db = store.read(Freshness::OwnWrites).await?;
    loop {
        let batch = deposit::chain(&mut db, chain.sequence(), RECEIPTS_PER_BATCH).await?;
        if batch.is_empty() {
            break;
        }
        batch.iter().for_each(|receipt| chain.check_next(receipt));
    }
    chain.check_head(&deposit::chain_head(&mut db).await?);
    Ok(chain)
}

//! Checking the chain of receipts whole.

use super::{App, AppError};
use crate::{
    domain::receipt::ChainCheck,
    store::{Freshness, Store, StoreError, deposit},
};

/// Receipts read at a time.
const RECEIPTS_PER_BATCH: u32 = 200;

impl App {
    /// Checks every receipt, its place in the chain and the head of the chain.
    pub async fn check_chain(&self) -> Result<ChainCheck, AppError> {
        Ok(check(&self.store).await?)
    }
}

/// The same on any store.
pub(super) async fn check(store: &Store) -> Result<ChainCheck, StoreError> {
    let mut chain = ChainCheck::default();
    let mut db = store.read(Freshness::OwnWrites).await?;
    loop {
        let batch = deposit::chain(&mut db, chain.sequence(), RECEIPTS_PER_BATCH).await?;
        if batch.is_empty() {
            break;
        }
        batch.iter().for_each(|receipt| chain.follow(receipt));
    }
    chain.end(&deposit::chain_head(&mut db).await?);
    Ok(chain)
}

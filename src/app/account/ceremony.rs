//! Ceremonies: authentication steps that span two requests. Each row is used once and is short-lived.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::ids::AccountId,
    store::ceremony::{self, CeremonyKind},
};
use jiff::SignedDuration;
use uuid::Uuid;

/// Lifetime of a ceremony: enough to find the device and to type its code.
pub(in crate::app) const CEREMONY_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

impl App {
    /// Stores a new ceremony under an id, with or without a known account.
    pub(in crate::app) async fn begin_ceremony(
        &self,
        ctx: &Ctx,
        id: Uuid,
        kind: CeremonyKind,
        account: Option<AccountId>,
        state: &serde_json::Value,
    ) -> Result<(), AppError> {
        let now = ctx.now;
        // What others began is judged by the clock of the process: a request may bring another one, for tests.
        let today = now.min(self.clock());
        transaction!(self.store, db => {
            ceremony::insert(db, id, kind, account, state, now + CEREMONY_LIFETIME).await?;
            ceremony::sweep(db, today - CEREMONY_LIFETIME).await?;
            Ok(())
        })
    }

    /// Ends a ceremony, whatever its result.
    pub(in crate::app) async fn end_ceremony(
        &self,
        ctx: &Ctx,
        id: Uuid,
        kind: CeremonyKind,
        account: Option<AccountId>,
    ) -> Result<serde_json::Value, AppError> {
        let now = ctx.now;
        let state = transaction!(self.store, db => Ok(ceremony::take(db, id, kind, account, now).await?))?;
        state.ok_or(AppError::CeremonyOver)
    }
}

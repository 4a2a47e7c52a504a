//! Ceremonies: what somebody does between two requests to show who they are. Their rows end once and soon.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::ids::AccountId,
    store::ceremony::{self, CeremonyKind},
};
use jiff::SignedDuration;
use uuid::Uuid;

/// How long a ceremony may take: time to find the device and to type its code.
pub(super) const CEREMONY_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

impl App {
    /// Begins a ceremony under an id, of an account or of nobody known yet.
    pub(super) async fn begin_ceremony(
        &self,
        ctx: &Ctx,
        id: Uuid,
        kind: CeremonyKind,
        account: Option<AccountId>,
        state: &serde_json::Value,
    ) -> Result<(), AppError> {
        let now = ctx.now;
        transaction!(self.store, db => {
            ceremony::insert(db, id, kind, account, state, now + CEREMONY_LIFETIME).await?;
            ceremony::sweep(db, now - CEREMONY_LIFETIME).await?;
            Ok(())
        })
    }

    /// Ends a ceremony, whatever becomes of its answer.
    pub(super) async fn end_ceremony(
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

//! What officers see of a round: the deposits that stand, and how many drafts there are.

use super::{App, AppError, Ctx, read::target};
use crate::{
    domain::{
        access::{Action, Target},
        calendar::RoundId,
        event::EventKind,
        ids::DossierId,
        receipt::Receipt,
    },
    store::{
        Freshness,
        deposit::{self, Filter, Summary},
        dossier,
    },
};
use jiff::Timestamp;

/// A page of the list.
#[derive(Debug)]
pub struct RoundPage {
    /// Rows.
    pub rows: Vec<Summary>,
    /// Rows under the filter in all.
    pub total: u64,
    /// Dossiers not deposited.
    pub drafts: u64,
}

impl App {
    /// Lists the standing deposits of a round.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn round_list(
        &self,
        ctx: &Ctx,
        call: &str,
        round: &RoundId,
        filter: &Filter,
    ) -> Result<RoundPage, AppError> {
        let call = self.call(call)?;
        let round = self.round(call, round)?;
        ctx.may(Action::RoundList, Target::Call)?;
        let mut db = self.store.read(Freshness::MayLag).await?;
        let (rows, total) = deposit::list(&mut db, &call.id, &round.id, filter).await?;
        let drafts = dossier::count_drafts(&mut db, &call.id, &round.id).await?;
        Ok(RoundPage { rows, total, drafts })
    }

    /// The standing deposit of a dossier and all its versions; the reading is journalled.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn standing_deposit(
        &self,
        ctx: &Ctx,
        id: DossierId,
    ) -> Result<(deposit::Stored, Receipt, Vec<(u32, String, Timestamp, bool)>), AppError> {
        ctx.may(Action::RoundList, Target::Call)?;
        let mut db = self.store.read(Freshness::MayLag).await?;
        let stored = deposit::standing(&mut db, id).await?.ok_or(AppError::NotFound)?;
        ctx.may(Action::DepositRead, target(&stored))?;
        let versions = deposit::versions(&mut db, id).await?;
        drop(db);
        let receipt = stored.receipt()?;
        let data = serde_json::json!({ "receipt": receipt.statement.number });
        self.note_reading(ctx, EventKind::DepositRead, id, data)?;
        Ok((stored, receipt, versions))
    }
}

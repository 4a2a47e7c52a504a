//! Whether a dossier is deposited, now.

use super::{App, AppError, Ctx, Share};
use crate::{
    domain::{
        access::{Action, Part},
        dossier::{Dossier, status::DepositStatus},
        ids::DossierId,
    },
    store::{Freshness, dossier},
};

impl App {
    /// The status of a dossier that was loaded already.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the call or round is not configured any more.
    pub fn status_of(&self, ctx: &Ctx, dossier: &Dossier) -> Result<DepositStatus, AppError> {
        let call = self.call(&dossier.call)?;
        Ok(DepositStatus::of(call, self.round(call, &dossier.round)?, dossier, ctx.now))
    }

    /// The status of a dossier and what the reader was given of it: for pages that were open for a while, which ask often.
    /// So it costs one statement, and is not noted as a reading: it tells nothing of the contents.
    pub async fn deposit_status(&self, ctx: &Ctx, id: DossierId) -> Result<(DepositStatus, Share), AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (dossier, door) = ctx.open(&mut db, row, Action::DraftRead, Part::Overview).await?;
        Ok((self.status_of(ctx, &dossier)?, Share::of(&door)))
    }
}

//! Whether a dossier is currently deposited.

use crate::app::{App, AppError, Ctx, Share};
use crate::{
    domain::{
        access::{Action, Part},
        dossier::{Dossier, status::DepositStatus},
        ids::DossierId,
    },
    store::{Freshness, dossier},
};

impl App {
    /// Returns the status of a dossier that is already loaded.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the call or round is no longer configured.
    pub fn status_of(&self, ctx: &Ctx, dossier: &Dossier) -> Result<DepositStatus, AppError> {
        let call = self.call(&dossier.call)?;
        Ok(DepositStatus::of(call, self.round(call, &dossier.round)?, dossier, ctx.now))
    }

    /// Returns the status of a dossier and the reader's rights on it. Open pages poll this, so it takes a single
    /// statement. It is not recorded as an access, because it reveals nothing of the contents.
    pub async fn deposit_status(&self, ctx: &Ctx, id: DossierId) -> Result<(DepositStatus, Share), AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (dossier, access) = ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Overview).await?;
        Ok((self.status_of(ctx, &dossier)?, Share::of(&access)))
    }
}

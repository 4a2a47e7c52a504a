//! The path of a dossier. A dossier under another path is *not found*: staff act only on the dossier, call and round
//! that the URL names.

use crate::app::{AppError, Ctx, DossierAccess};
use crate::{
    domain::{
        access::{Action, Part},
        calendar::RoundId,
        dossier::Dossier,
        ids::DossierId,
    },
    store::{Connection, dossier},
};
use serde::Deserialize;

/// A dossier in a round of a call.
#[derive(Clone, Debug, Deserialize)]
pub struct DossierPath {
    pub call: String,
    pub round: RoundId,
    pub id: DossierId,
}

impl DossierPath {
    /// Checks that a row of the dossier has the same call and round.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub(in crate::app) fn check(&self, call: &str, round: &RoundId) -> Result<(), AppError> {
        if self.call == call && self.round == *round { Ok(()) } else { Err(AppError::NotFound) }
    }

    /// Opens the dossier for a change. Its row stays locked until the transaction ends.
    pub(in crate::app) async fn lock<'a>(
        &self,
        ctx: &'a Ctx,
        db: &mut Connection,
        action: Action,
    ) -> Result<(Dossier, DossierAccess<'a>), AppError> {
        let row = dossier::lock(db, self.id).await?;
        let (dossier, access) = ctx.authorize_row(db, row, action, Part::Whole).await?;
        self.check(&dossier.call, &dossier.round)?;
        Ok((dossier, access))
    }
}

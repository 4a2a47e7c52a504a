//! Where an address says that a dossier stands. A dossier that stands elsewhere does not exist there: whoever examines one
//! acts on the dossier that the address names, in the call and the round that it names, or on nothing.

use super::{AppError, Ctx, Door};
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

/// A dossier, in a round of a call.
#[derive(Clone, Debug, Deserialize)]
pub struct DossierPath {
    pub call: String,
    pub round: RoundId,
    /// The dossier.
    pub id: DossierId,
}

impl DossierPath {
    /// Checks that a row of the dossier says the same.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub(super) fn holds(&self, call: &str, round: &RoundId) -> Result<(), AppError> {
        if self.call == call && self.round == *round { Ok(()) } else { Err(AppError::NotFound) }
    }

    /// Opens the dossier for reading.
    ///
    /// # Errors
    /// As [`Ctx::open`].
    pub(super) async fn load<'a>(
        &self,
        ctx: &'a Ctx,
        db: &mut Connection,
        action: Action,
    ) -> Result<(Dossier, Door<'a>), AppError> {
        let row = dossier::load(db, self.id).await?;
        let (dossier, door) = ctx.open(db, row, action, Part::Whole).await?;
        self.holds(&dossier.call, &dossier.round)?;
        Ok((dossier, door))
    }

    /// Opens the dossier for a change; its row stays locked until the transaction ends.
    ///
    /// # Errors
    /// As [`Ctx::open`].
    pub(super) async fn lock<'a>(
        &self,
        ctx: &'a Ctx,
        db: &mut Connection,
        action: Action,
    ) -> Result<(Dossier, Door<'a>), AppError> {
        let row = dossier::lock(db, self.id).await?;
        let (dossier, door) = ctx.open(db, row, action, Part::Whole).await?;
        self.holds(&dossier.call, &dossier.round)?;
        Ok((dossier, door))
    }
}

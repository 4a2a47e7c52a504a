//! A dossier that begins with the answers given to the simulator. A visitor signs in first; meanwhile the answers are
//! kept under a secret, because the link of a mail may be opened in another browser.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    auth,
    domain::{calendar::RoundState, call::Call, document::Document, ids::DossierId, receipt},
    store::{
        Freshness,
        simulation::{self, Simulation},
    },
};
use jiff::SignedDuration;

/// How long the answers of a visitor are kept: long enough to find the mail and to come back the same day.
const SIMULATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// Begins a dossier with the answers given to the simulator. The same answers of the same attempt return the same
    /// dossier; other answers begin another one, so that none are lost.
    ///
    /// # Errors
    /// [`AppError::RoundClosed`], [`AppError::Document`], and policy and store errors.
    pub async fn create_from_simulation(&self, ctx: &Ctx, simulation: &Simulation) -> Result<DossierId, AppError> {
        let Simulation { call, round, attempt, answers } = simulation;
        let begun = draft_of(self.call(call)?, answers)?;
        let target = format!("{call} {} {}", round.0, receipt::digest(&serde_json::json!(answers)));
        self.create(ctx, call, round, begun, attempt.for_target(&target)).await
    }

    /// Keeps the answers of a visitor until they have signed in, and returns the secret under which they are found.
    ///
    /// # Errors
    /// [`AppError::RoundClosed`], [`AppError::Document`], [`AppError::TooManySimulations`], and store errors.
    pub async fn keep_simulation(&self, ctx: &Ctx, simulation: &Simulation) -> Result<String, AppError> {
        let call = self.call(&simulation.call)?;
        if self.round(call, &simulation.round)?.state(ctx.now) != RoundState::Open {
            return Err(AppError::RoundClosed);
        }
        draft_of(call, &simulation.answers)?;
        if !self.kept_simulations.admits(ctx.client, std::time::Instant::now()) {
            return Err(AppError::TooManySimulations);
        }
        let secret = auth::link_secret()?;
        let (hash, expires) = (auth::link_hash(&secret), ctx.now + SIMULATION_LIFETIME);
        transaction!(self.store, db => {
            simulation::insert(db, &hash, simulation, expires).await?;
            Ok(())
        })?;
        Ok(secret)
    }

    /// Returns the answers kept under a secret, for a dossier of this call.
    ///
    /// # Errors
    /// [`AppError::SimulationOver`] when there are none, or no longer; store errors.
    pub async fn kept_simulation(&self, ctx: &Ctx, call: &str, secret: &str) -> Result<Simulation, AppError> {
        ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let found = simulation::load(&mut db, &auth::link_hash(secret), ctx.now).await?;
        found.filter(|kept| kept.call == call).ok_or(AppError::SimulationOver)
    }
}

fn draft_of(call: &Call, answers: &Document) -> Result<Document, AppError> {
    Document::begin_with(call, answers).map_err(|fault| AppError::Document(vec![fault]))
}

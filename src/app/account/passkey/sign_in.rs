//! Sign-in by passkey, and confirmation by passkey within a session.

use crate::app::account::passkey::Ceremony;
use crate::{
    app::{App, AppError, Ctx, SignedIn, transaction::transaction},
    auth::{DeviceAnswer, PasskeyError},
    domain::{
        access::Amr,
        ids::{AccountId, SessionId},
    },
    store::{Freshness, account, ceremony::CeremonyKind, passkey},
};
use uuid::Uuid;

impl App {
    /// Starts a sign-in with any passkey that the device has for the portal.
    ///
    /// # Errors
    /// [`AppError::TooManyLinks`] when one client asks too often; store errors.
    pub async fn begin_passkey_sign_in(&self, ctx: &Ctx) -> Result<Ceremony, AppError> {
        let party = self.party(ctx)?;
        if !self.ceremonies.admits(ctx.client, std::time::Instant::now()) {
            return Err(AppError::TooManyLinks);
        }
        self.begin_passkey(ctx, CeremonyKind::Authenticate, None, party.begin_authentication(&[])?).await
    }

    /// Signs in the owner of the passkey.
    ///
    /// # Errors
    /// [`AppError::CeremonyOver`], [`AppError::PasskeyRefused`], and store errors.
    pub async fn sign_in_by_passkey(
        &self,
        ctx: &Ctx,
        ceremony: Uuid,
        answer: serde_json::Value,
    ) -> Result<SignedIn, AppError> {
        let state = self.end_ceremony(ctx, ceremony, CeremonyKind::Authenticate, None).await?;
        let answer = DeviceAnswer::read(answer)?;
        let whose = answer.account().ok_or(PasskeyError::Refused("the device does not say whose it is".into()))?;
        self.use_passkey(ctx, &answer, state, whose).await?;
        let id = SessionId(Uuid::now_v7());
        transaction!(self.store, db => {
            let account = account::load(db, whose).await?.ok_or(AppError::PasskeyRefused)?;
            self.open_session(db, ctx, id, &account, Amr::Passkey).await
        })
    }

    /// Starts a confirmation of the session's owner with one of their passkeys.
    ///
    /// # Errors
    /// [`AppError::NoPasskey`] when there is none; store errors.
    pub async fn begin_step_up(&self, ctx: &Ctx) -> Result<Ceremony, AppError> {
        let (party, account) = (self.party(ctx)?, ctx.account()?);
        let among: Vec<Vec<u8>> = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            passkey::of(&mut db, account).await?.into_iter().map(|passkey| passkey.credential_id).collect()
        };
        if among.is_empty() {
            return Err(AppError::NoPasskey);
        }
        self.begin_passkey(ctx, CeremonyKind::StepUp, Some(account), party.begin_authentication(&among)?).await
    }

    /// Completes the confirmation: the session counts as confirmed from now.
    ///
    /// # Errors
    /// [`AppError::CeremonyOver`], [`AppError::PasskeyRefused`], and store errors.
    pub async fn step_up_by_passkey(
        &self,
        ctx: &Ctx,
        ceremony: Uuid,
        answer: serde_json::Value,
    ) -> Result<SignedIn, AppError> {
        let account = ctx.account()?;
        let state = self.end_ceremony(ctx, ceremony, CeremonyKind::StepUp, Some(account)).await?;
        self.use_passkey(ctx, &DeviceAnswer::read(answer)?, state, account).await?;
        self.step_up(ctx).await
    }

    /// Verifies a response against the stored passkey of a user, and stores the new signature counter.
    async fn use_passkey(
        &self,
        ctx: &Ctx,
        answer: &DeviceAnswer,
        state: serde_json::Value,
        whose: AccountId,
    ) -> Result<(), AppError> {
        let (party, now) = (self.party(ctx)?, ctx.now);
        let refused = |reason: &str| PasskeyError::Refused(reason.into());
        if answer.account().is_some_and(|account| account != whose) {
            return Err(refused("it is somebody else's").into());
        }
        let state = &state;
        transaction!(self.store, db => {
            let stored = passkey::lock_by_credential(db, answer.credential_id()).await?;
            let stored = stored.filter(|stored| stored.account == whose).ok_or_else(|| refused("it is not known"))?;
            let proven = party.finish_authentication(answer, state.clone(), stored.credential)?;
            passkey::note_use(db, stored.id, &proven.credential, now).await?;
            Ok(())
        })
    }
}

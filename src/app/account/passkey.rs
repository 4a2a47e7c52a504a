//! Passkeys: adding and managing them, signing in with them, and confirming that the user is still the same person.
//!
//! A ceremony spans two requests. Its state is stored in the database for one use within a few minutes, so that any
//! process may answer either request.

mod keep;
mod lost;
mod sign_in;

pub use keep::Key;

use crate::app::{App, AppError, Ctx};
use crate::{
    auth::{
        PasskeyError,
        passkey::{CeremonyStart, RelyingParty},
    },
    config::Passkeys,
    domain::ids::AccountId,
    store::{Freshness, account::Account, ceremony::CeremonyKind, passkey},
};
use uuid::Uuid;

/// A ceremony for the browser.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Ceremony {
    /// Id to send back with the response.
    pub ceremony: Uuid,
    /// The arguments of `navigator.credentials`, bytes as base64url.
    pub options: serde_json::Value,
}

/// What a user who must have a passkey has to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Add a first passkey.
    Add,
    /// Use an existing passkey.
    Use,
}

impl App {
    /// Whether passkeys can be used at the requested host: they are bound to the public host, not to the hosts of
    /// calls.
    #[must_use]
    pub fn has_passkeys(&self, ctx: &Ctx) -> bool {
        ctx.site.is_none() && self.relying_party.is_some()
    }

    /// Whether the user's rights require a passkey.
    #[must_use]
    pub fn must_have_passkey(&self, account: &Account) -> bool {
        self.config.portal.passkeys == Passkeys::Required && account.roles.want_passkey()
    }

    /// Returns what a user who has just signed in by other means still has to do.
    pub async fn passkey_duty(&self, account: &Account) -> Result<Option<Duty>, AppError> {
        if !self.must_have_passkey(account) {
            return Ok(None);
        }
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let none = passkey::of(&mut db, account.id).await?.is_empty();
        Ok(Some(if none { Duty::Add } else { Duty::Use }))
    }

    fn party(&self, ctx: &Ctx) -> Result<&RelyingParty, AppError> {
        self.relying_party.as_ref().filter(|_| self.has_passkeys(ctx)).ok_or(AppError::NotFound)
    }

    async fn begin_passkey(
        &self,
        ctx: &Ctx,
        kind: CeremonyKind,
        account: Option<AccountId>,
        begun: CeremonyStart,
    ) -> Result<Ceremony, AppError> {
        let id = Uuid::now_v7();
        self.begin_ceremony(ctx, id, kind, account, &begun.state).await?;
        Ok(Ceremony { ceremony: id, options: begun.options })
    }
}

impl From<PasskeyError> for AppError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Refused(reason) => {
                tracing::info!(reason, "passkey.refused");
                Self::PasskeyRefused
            }
            error @ PasskeyError::Stored(_) => Self::Passkey(error),
        }
    }
}

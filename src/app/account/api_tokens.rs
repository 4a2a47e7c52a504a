//! API tokens: created by the operator on the command line or by users for their own programs; listed and revoked here.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    auth::ApiToken,
    domain::{
        access::Action,
        event::{Event, EventKind},
        ids::AccountId,
    },
    store::{Freshness, StoreError, account::Account, api_token, journal, narrowed},
};
use jiff::Timestamp;
use uuid::Uuid;

/// A newly issued token. It is shown only once.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The owner.
    pub account: Account,
    /// The token itself. Only its id is stored.
    pub token: String,
    /// Actions that the token permits.
    pub actions: Vec<Action>,
}

impl App {
    /// Creates an API token for an address. The permitted actions follow from the roles of the account.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], and store and signing errors.
    pub async fn issue_token(&self, email: &str, label: &str, ends: Timestamp) -> Result<IssuedToken, AppError> {
        self.register_roots().await?;
        let account = self.account_of(email).await?;
        let actions = account.roles.issued_actions();
        self.make_token(None, &account, Uuid::now_v7(), label, actions, (self.clock(), ends)).await
    }

    /// Creates an API token for an account under a given id, on behalf of a user or of the operator on the command
    /// line.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a token has the id; store and signing errors.
    pub async fn make_token(
        &self,
        actor: Option<AccountId>,
        account: &Account,
        id: Uuid,
        label: &str,
        actions: &[Action],
        (now, ends): (Timestamp, Timestamp),
    ) -> Result<IssuedToken, AppError> {
        // Signed before it is inserted, so that a failed signature leaves no row.
        let token = ApiToken { id, account: account.id, roles: &account.roles, actions, ends }.mint(&self.keys, now)?;
        let data = serde_json::json!({ "token": id, "ends": ends });
        transaction!(self.store, db => {
            api_token::insert(db, &api_token::Making { id, account, label, actions, ends }, now).await?;
            let event = Event::on_account(EventKind::TokenMade, now, actor, account.id, data.clone());
            journal::append(db, &event).await?;
            Ok(())
        })?;
        Ok(IssuedToken { account: account.clone(), token, actions: actions.to_vec() })
    }

    /// Returns the actions that a token of the actor may permit.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn token_actions(&self, ctx: &Ctx) -> Result<Vec<Action>, AppError> {
        Ok(ctx.actor()?.account.roles.token_actions().to_vec())
    }

    /// Creates a token for the actor, under the id of the attempt. Only a browser session can create tokens. Staff must
    /// have signed in with a passkey, and irreversible actions need a recent passkey confirmation here, because the
    /// program that uses the token is never asked for a passkey.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Unconfirmed`], [`AppError::TokenMade`], and store and signing errors.
    pub async fn make_own_token(
        &self,
        ctx: &Ctx,
        attempt: Uuid,
        label: &str,
        actions: &[Action],
        ends: Timestamp,
    ) -> Result<IssuedToken, AppError> {
        let actor = ctx.actor()?;
        if actor.session.is_none() {
            return Err(AppError::Forbidden);
        }
        let last = actions.iter().any(|action| action.wants_confirmation());
        if actor.rights.lacks_passkey() || (last && actor.rights.unconfirmed(ctx.now)) {
            return Err(AppError::Unconfirmed);
        }
        match self.make_token(Some(actor.account.id), &actor.account, attempt, label, actions, (ctx.now, ends)).await {
            Err(AppError::Store(StoreError::Duplicate(_))) => Err(AppError::TokenMade),
            made => made,
        }
    }

    /// Returns the valid tokens of the actor, and the attenuated tokens derived from them that were used.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], and store errors.
    pub async fn own_tokens(&self, ctx: &Ctx) -> Result<(Vec<api_token::Listed>, Vec<narrowed::Narrowed>), AppError> {
        let account = ctx.actor_even_if_suspended()?.account.id;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let tokens = api_token::of_account(&mut db, account, ctx.now).await?;
        Ok((tokens, narrowed::of_account(&mut db, account).await?))
    }

    /// Revokes a token of the actor by its id, or an attenuated token by its revocation id in hexadecimal. Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the actor has none such; store errors.
    pub async fn revoke_token(&self, ctx: &Ctx, id: &str) -> Result<(), AppError> {
        let (who, now) = (ctx.account()?, ctx.now);
        let token = id.parse::<Uuid>().ok();
        let block: Option<[u8; 32]> = hex::decode(id).ok().and_then(|id| id.try_into().ok());
        let data = serde_json::json!({ "token": id });
        transaction!(self.store, db => {
            let revoked = match (token, &block) {
                (Some(id), _) => api_token::revoke(db, who, id, now).await?,
                (None, Some(id)) => narrowed::revoke(db, who, id, now).await?,
                (None, None) => false,
            };
            if !revoked {
                let before = match (token, &block) {
                    (Some(id), _) => api_token::is_revoked(db, who, id).await?,
                    (None, Some(id)) => narrowed::is_revoked(db, who, id).await?,
                    (None, None) => false,
                };
                return if before { Ok(()) } else { Err(AppError::NotFound) };
            }
            ctx.journal(db, EventKind::TokenRevoked, None, data.clone()).await?;
            Ok(())
        })?;
        self.sessions.forget();
        Ok(())
    }
}

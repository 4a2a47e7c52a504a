//! What the operator of an installation does from its command line: roles and API tokens.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    auth::ApiToken,
    domain::{
        access::{Action, Role},
        event::{Event, EventKind},
        ids::AccountId,
        text::Lang,
    },
    store::{
        Freshness, StoreError,
        account::{self, Account, Given},
        api_token, journal, narrowed, session,
    },
};
use jiff::Timestamp;
use uuid::Uuid;

/// A token as it is given out, once.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// Whose it is.
    pub account: Account,
    /// The token itself: only its id is kept.
    pub token: String,
    /// What it can be used for.
    pub actions: Vec<Action>,
}

impl App {
    /// Gives a role to an address, for ever or until an instant, and ends the sessions whose tokens say otherwise.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`] or the store's.
    pub async fn give_role(&self, email: &str, role: Role, ends: Option<Timestamp>) -> Result<Account, AppError> {
        let (email, fresh, now) = (self.account_address(email).await?, AccountId(Uuid::now_v7()), self.clock());
        let (email, data) = (email.as_str(), serde_json::json!({ "role": role.slug(), "ends": ends }));
        let account = transaction!(self.store, db => {
            let account = account::ensure(db, fresh, email, Lang::Fr, now).await?;
            account::give_role(db, account.id, role, now, ends).await?;
            session::end_all(db, account.id, now).await?;
            let event = Event::on_account(EventKind::RoleGiven, now, None, account.id, data.clone());
            journal::append(db, &event).await?;
            account::load(db, account.id).await?.ok_or(AppError::NotFound)
        })?;
        self.sessions.forget();
        Ok(account)
    }

    /// Takes a role away from an address; false when it had none such. Its sessions end, and its API tokens that say the
    /// role are revoked: given back, the role would bring them back.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; the store's.
    pub async fn take_role(&self, email: &str, role: Role) -> Result<bool, AppError> {
        let (email, now) = (self.account_address(email).await?, self.clock());
        let (email, data) = (email.as_str(), serde_json::json!({ "role": role.slug() }));
        let taken = transaction!(self.store, db => {
            let account = account::by_email(db, email).await?.ok_or(AppError::NotFound)?;
            let taken = account::take_role(db, account.id, role).await?;
            if taken {
                session::end_all(db, account.id, now).await?;
                let event = Event::on_account(EventKind::RoleTaken, now, None, account.id, data.clone());
                journal::append(db, &event).await?;
                for id in api_token::revoke_of_role(db, account.id, role, now).await? {
                    let data = serde_json::json!({ "token": id, "role": role.slug() });
                    let event = Event::on_account(EventKind::TokenRevoked, now, None, account.id, data);
                    journal::append(db, &event).await?;
                }
            }
            Ok(taken)
        })?;
        self.sessions.forget();
        Ok(taken)
    }

    /// Suspends an account, or lets it in again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; the store's.
    pub async fn suspend(&self, email: &str, suspended: bool) -> Result<(), AppError> {
        let (email, now) = (self.account_address(email).await?, self.clock());
        let (email, data) = (email.as_str(), serde_json::json!({ "suspended": suspended }));
        transaction!(self.store, db => {
            let account = account::by_email(db, email).await?.ok_or(AppError::NotFound)?;
            account::suspend(db, account.id, suspended.then_some(now)).await?;
            let event = Event::on_account(EventKind::AccountSuspended, now, None, account.id, data.clone());
            journal::append(db, &event).await?;
            Ok(())
        })?;
        self.sessions.forget();
        Ok(())
    }

    /// Somebody and the roles that were given, those that have ended included.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; the store's.
    pub async fn roles_of(&self, email: &str) -> Result<(Account, Vec<Given>), AppError> {
        let email = self.account_address(email).await?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &email).await?.ok_or(AppError::NotFound)?;
        let roles = account::roles(&mut db, account.id).await?;
        Ok((account, roles))
    }

    /// Sees to it that an address has a role; nothing changes where it has it.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`] or the store's.
    pub async fn appoint_as(&self, email: &str, role: Role) -> Result<Account, AppError> {
        let account = self.account_of(email).await?;
        if account.roles.has(role) { Ok(account) } else { self.give_role(email, role, None).await }
    }

    async fn account_of(&self, email: &str) -> Result<Account, AppError> {
        let (email, fresh, now) = (self.account_address(email).await?, AccountId(Uuid::now_v7()), self.clock());
        let email = email.as_str();
        transaction!(self.store, db => Ok(account::ensure(db, fresh, email, Lang::Fr, now).await?))
    }

    /// Journals what an operator did at the command line.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_operation(&self, kind: EventKind, data: serde_json::Value) -> Result<(), AppError> {
        let event = Event { kind, at: self.clock(), actor: None, dossier: None, data };
        let event = &event;
        transaction!(self.store, db => Ok(journal::append(db, event).await?))
    }

    /// Makes an API token for an address; what it can be used for follows from what the person is.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], the store's or the signing's.
    pub async fn issue_token(&self, email: &str, label: &str, ends: Timestamp) -> Result<IssuedToken, AppError> {
        self.register_roots().await?;
        let account = self.account_of(email).await?;
        let actions = account.roles.issued_actions();
        self.make_token(None, &account, Uuid::now_v7(), label, actions, (self.clock(), ends)).await
    }

    /// Makes an API token of an account, under an id of its own; for somebody, or for the operator at the command line.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when a token has the id; the store's or the signing's.
    pub async fn make_token(
        &self,
        actor: Option<AccountId>,
        account: &Account,
        id: Uuid,
        label: &str,
        actions: &[Action],
        (now, ends): (Timestamp, Timestamp),
    ) -> Result<IssuedToken, AppError> {
        // Signed before it is listed: what cannot be signed is nowhere.
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
}

impl App {
    /// What a token of the actor may be used for.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn token_actions(&self, ctx: &Ctx) -> Result<Vec<Action>, AppError> {
        Ok(ctx.actor()?.account.roles.token_actions().to_vec())
    }

    /// Makes a token of the actor's, under the id of its attempt. Only somebody at a browser makes tokens, and those who
    /// decide only with a passkey: a program stands for what they could do then, and is asked for no passkey. What cannot
    /// be taken back is therefore confirmed when the token is made.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Unconfirmed`], [`AppError::TokenMade`], the store's or the signing's.
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

    /// The tokens of the actor that hold, and the narrowed ones of them that were used.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`] or the store's.
    pub async fn own_tokens(&self, ctx: &Ctx) -> Result<(Vec<api_token::Listed>, Vec<narrowed::Narrowed>), AppError> {
        let account = ctx.known()?.account.id;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let tokens = api_token::of_account(&mut db, account, ctx.now).await?;
        Ok((tokens, narrowed::of_account(&mut db, account).await?))
    }

    /// Revokes a token of the actor, by its id, or a narrowed one of it, by its revocation id in hexadecimal. Nothing
    /// changes where it is revoked already.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the actor has none such; the store's.
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
            let event =
                Event { kind: EventKind::TokenRevoked, at: now, actor: Some(who), dossier: None, data: data.clone() };
            journal::append(db, &event).await?;
            Ok(())
        })?;
        self.sessions.forget();
        Ok(())
    }
}

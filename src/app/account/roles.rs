//! Roles granted and revoked by the operator on the command line, and the suspension of accounts.

use crate::app::{App, AppError, transaction::transaction};
use crate::{
    domain::{
        access::Role,
        event::{Event, EventKind},
        ids::AccountId,
        text::Lang,
    },
    store::{
        Freshness,
        account::{self, Account, RoleGrant},
        api_token, journal, session,
    },
};
use jiff::Timestamp;
use uuid::Uuid;

impl App {
    /// Grants a role to an address, permanently or until an instant, and ends the sessions of its account, because
    /// their tokens state the former roles.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], and store errors.
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

    /// Revokes a role of an address; returns false if it had no such role. Its sessions end, and its API tokens that
    /// state the role are revoked: otherwise they would become valid again if the role were granted again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; store errors.
    pub async fn take_role(&self, email: &str, role: Role) -> Result<bool, AppError> {
        let (email, now) = (self.account_address(email).await?, self.clock());
        let (email, data) = (email.as_str(), serde_json::json!({ "role": role.slug() }));
        let taken = transaction!(self.store, db => {
            let account = account::by_email(db, email).await?.ok_or(AppError::NotFound)?;
            let taken = account::take_role(db, account.id, role).await?;
            if taken {
                session::end_all(db, account.id, now).await?;
                let mut events = vec![Event::on_account(EventKind::RoleTaken, now, None, account.id, data.clone())];
                for id in api_token::revoke_of_role(db, account.id, role, now).await? {
                    let data = serde_json::json!({ "token": id, "role": role.slug() });
                    events.push(Event::on_account(EventKind::TokenRevoked, now, None, account.id, data));
                }
                journal::append_all(db, &events).await?;
            }
            Ok(taken)
        })?;
        self.sessions.forget();
        Ok(taken)
    }

    /// Suspends an account, or reactivates it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; store errors.
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

    /// Returns an account and its role grants, including expired ones.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the address has no account; store errors.
    pub async fn roles_of(&self, email: &str) -> Result<(Account, Vec<RoleGrant>), AppError> {
        let email = self.account_address(email).await?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &email).await?.ok_or(AppError::NotFound)?;
        let roles = account::roles(&mut db, account.id).await?;
        Ok((account, roles))
    }

    /// Ensures that an address has a role. Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], and store errors.
    pub async fn appoint_as(&self, email: &str, role: Role) -> Result<Account, AppError> {
        let account = self.account_of(email).await?;
        if account.roles.has(role) { Ok(account) } else { self.give_role(email, role, None).await }
    }

    /// Returns the account of an address, and creates it if there is none.
    pub(in crate::app) async fn account_of(&self, email: &str) -> Result<Account, AppError> {
        let (email, fresh, now) = (self.account_address(email).await?, AccountId(Uuid::now_v7()), self.clock());
        let email = email.as_str();
        transaction!(self.store, db => Ok(account::ensure(db, fresh, email, Lang::Fr, now).await?))
    }
}

//! What the operator of an installation does from its command line: officers and API tokens.

use super::{App, AppError, seed, transaction::transaction};
use crate::{
    auth,
    domain::{
        access::{Action, Role},
        answers,
        event::{Event, EventKind},
        ids::AccountId,
        text::Lang,
    },
    store::{
        account::{self, Account},
        journal,
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
    pub actions: &'static [Action],
}

impl App {
    /// Makes an address an officer's, with an account if it has none.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`] or the store's.
    pub async fn appoint(&self, email: &str) -> Result<Account, AppError> {
        let (wanted, now) = (wanted(email, Role::Officer)?, self.clock());
        let wanted = &wanted;
        transaction!(self.store, db => {
            let account = account::ensure(db, wanted, now).await?;
            if account.role != Role::Officer {
                account::set_role(db, account.id, Role::Officer, now).await?;
            }
            Ok(Account { role: Role::Officer, ..account })
        })
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
        let (wanted, id, now) = (wanted(email, Role::Applicant)?, Uuid::now_v7(), self.clock());
        let wanted = &wanted;
        let account = transaction!(self.store, db => {
            let account = account::ensure(db, wanted, now).await?;
            account::insert_token(db, id, account.id, label, now, ends).await?;
            Ok(account)
        })?;
        let actions: &'static [Action] = match account.role {
            Role::Applicant => &seed::APPLICANT_ACTIONS,
            Role::Officer => &seed::OFFICER_ACTIONS,
        };
        let token = auth::api_token(&self.keys, id, account.id, account.role, actions, ends)?;
        Ok(IssuedToken { account, token, actions })
    }
}

fn wanted(email: &str, role: Role) -> Result<Account, AppError> {
    let email = answers::email(email.trim()).ok_or(AppError::NotAnAddress)?.to_lowercase();
    Ok(Account { id: AccountId(Uuid::now_v7()), email, role, lang: Lang::Fr })
}

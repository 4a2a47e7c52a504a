//! Lost passkeys: the operator removes them on the command line, and the user adds new ones.

use crate::app::account::passkey::Key;
use crate::{
    app::{App, AppError, service::mail::PasskeyChange, transaction::transaction},
    store::{
        Freshness,
        account::{self, Account},
        passkey, session,
    },
};
use uuid::Uuid;

impl App {
    /// Returns the passkeys of an address.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], [`AppError::NotFound`] when it has no account, and store errors.
    pub async fn passkeys_of(&self, email: &str) -> Result<(Account, Vec<Key>), AppError> {
        let email = self.account_address(email).await?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &email).await?.ok_or(AppError::NotFound)?;
        let keys = passkey::of(&mut db, account.id).await?.into_iter().map(Key::from).collect();
        Ok((account, keys))
    }

    /// Removes one passkey of an address, or all, and ends the user's sessions, because whoever found the device may be
    /// using one. The user is notified by mail.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], [`AppError::NotFound`] when there is no such account or passkey, and store errors.
    pub async fn remove_lost_passkeys(&self, email: &str, one: Option<Uuid>) -> Result<Vec<Key>, AppError> {
        let (account, keys) = self.passkeys_of(email).await?;
        let lost: Vec<Key> = keys.into_iter().filter(|key| one.is_none_or(|id| id == key.id)).collect();
        if lost.is_empty() {
            return Err(AppError::NotFound);
        }
        let now = self.clock();
        let notes: Vec<_> = lost
            .iter()
            .map(|key| (key.id, self.note(now, &account, None, PasskeyChange::Removed, &key.name)))
            .collect();
        transaction!(self.store, db => {
            session::end_all(db, account.id, now).await?;
            for (id, note) in &notes {
                passkey::remove(db, *id).await?;
                note.write(db, *id).await?;
            }
            Ok(())
        })?;
        Ok(lost)
    }
}

//! Lost passkeys: the operator of an installation removes them at the command line, the person adds others.

use super::Key;
use crate::{
    app::{App, AppError, mail::PasskeyChange, transaction::transaction},
    store::{
        Freshness,
        account::{self, Account},
        passkey, session,
    },
};
use uuid::Uuid;

impl App {
    /// The passkeys of an address.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], [`AppError::NotFound`] when nobody has it, and store errors.
    pub async fn passkeys_of(&self, email: &str) -> Result<(Account, Vec<Key>), AppError> {
        let email = self.account_address(email).await?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &email).await?.ok_or(AppError::NotFound)?;
        let keys = passkey::of(&mut db, account.id).await?.into_iter().map(Key::from).collect();
        Ok((account, keys))
    }

    /// Removes a passkey of an address, or all of them, and ends the person's sessions: whoever found the device may
    /// sit at one. The person is told by mail.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], [`AppError::NotFound`] when there is no such person or passkey, and store errors.
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

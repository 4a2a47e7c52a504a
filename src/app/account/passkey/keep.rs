//! Management of a user's own passkeys: add, list, rename, remove. Each change is journalled and reported to the user
//! by mail.

use crate::app::account::passkey::Ceremony;
use crate::{
    app::{
        App, AppError, Ctx, SignedIn,
        service::mail::{Concern, EmailMessage, Letter, PasskeyChange},
        transaction::transaction,
    },
    domain::{
        calendar::{show_instant, show_utc, with_zone},
        event::{Event, EventKind},
        ids::AccountId,
        text::{
            Text,
            clean::{TextKind, clean},
        },
    },
    store::{
        Connection, Freshness, StoreError,
        account::Account,
        ceremony::CeremonyKind,
        journal, outbox,
        passkey::{self, Passkey},
    },
};
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// Maximum number of passkeys of a user.
const MAX_PASSKEYS: usize = 20;
/// Maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 60;

/// A passkey as shown to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: Uuid,
    /// The owner's name for it.
    pub name: String,
    pub created: Timestamp,
    /// Last use.
    pub last_used: Option<Timestamp>,
}

impl From<Passkey> for Key {
    fn from(passkey: Passkey) -> Self {
        let Passkey { id, name, created, last_used, .. } = passkey;
        Self { id, name, created, last_used }
    }
}

impl App {
    /// Returns the actor's passkeys, the oldest first.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], and store errors.
    pub async fn passkeys(&self, ctx: &Ctx) -> Result<Vec<Key>, AppError> {
        let account = ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(passkey::of(&mut db, account).await?.into_iter().map(Key::from).collect())
    }

    /// Starts the registration of a passkey.
    ///
    /// # Errors
    /// [`AppError::Unconfirmed`] when an existing passkey has to be used first, [`AppError::TooManyPasskeys`], and
    /// store errors.
    pub async fn begin_adding_passkey(&self, ctx: &Ctx) -> Result<Ceremony, AppError> {
        let (party, account) = (self.party(ctx)?, &ctx.actor()?.account);
        let known = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            passkey::of(&mut db, account.id).await?
        };
        self.shown_enough(ctx, &known)?;
        if known.len() >= MAX_PASSKEYS {
            return Err(AppError::TooManyPasskeys);
        }
        let known = known.into_iter().map(|passkey| passkey.credential_id).collect();
        let begun = party.begin_registration(account.id, &account.email, known)?;
        self.begin_passkey(ctx, CeremonyKind::Register, Some(account.id), begun).await
    }

    /// Stores the passkey that the browser created. Creating the first one involves the user as using it does, so the
    /// session counts as confirmed. A later one proves nothing new and does not extend the session's rights.
    ///
    /// # Errors
    /// [`AppError::CeremonyOver`], [`AppError::PasskeyRefused`], [`AppError::Unconfirmed`], and store errors.
    pub async fn add_passkey(
        &self,
        ctx: &Ctx,
        ceremony: Uuid,
        name: &str,
        answer: serde_json::Value,
    ) -> Result<Option<SignedIn>, AppError> {
        let (party, account) = (self.party(ctx)?, &ctx.actor()?.account);
        let state = self.end_ceremony(ctx, ceremony, CeremonyKind::Register, Some(account.id)).await?;
        let proven = party.finish_registration(answer, state)?;
        let made = Passkey {
            id: Uuid::now_v7(),
            credential_id: proven.credential_id,
            account: account.id,
            name: self.name_of(ctx, name),
            credential: proven.credential,
            created: ctx.now,
            last_used: None,
        };
        let (note, made) = (self.note(ctx.now, account, Some(account.id), PasskeyChange::Added, &made.name), &made);
        let done = transaction!(self.store, db => {
            let known = passkey::lock_of(db, account.id).await?;
            self.shown_enough(ctx, &known)?;
            passkey::insert(db, made).await?;
            note.write(db, made.id).await?;
            Ok(known.is_empty())
        });
        let first = match done {
            Ok(first) => first,
            // The device was asked not to create a passkey for an account that it knows; this one did.
            Err(AppError::Store(StoreError::Duplicate(_))) => return Err(AppError::PasskeyRefused),
            Err(error) => return Err(error),
        };
        self.outbox_notify.notify_one();
        if first { self.step_up(ctx).await.map(Some) } else { Ok(None) }
    }

    /// Renames a passkey.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another user's, and store errors.
    pub async fn rename_passkey(&self, ctx: &Ctx, id: Uuid, name: &str) -> Result<(), AppError> {
        let account = &ctx.actor()?.account;
        let name = &self.name_of(ctx, name);
        let note = self.note(ctx.now, account, Some(account.id), PasskeyChange::Renamed, name);
        let changed = transaction!(self.store, db => {
            let known = passkey::lock_of(db, account.id).await?;
            let one = known.iter().find(|one| one.id == id).ok_or(AppError::NotFound)?;
            if one.name == *name {
                return Ok(false);
            }
            passkey::rename(db, id, name).await?;
            note.write(db, id).await?;
            Ok(true)
        })?;
        if changed {
            self.outbox_notify.notify_one();
        }
        Ok(())
    }

    /// Removes a passkey. Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for another user's, [`AppError::LastPasskey`], [`AppError::Unconfirmed`], and store
    /// errors.
    pub async fn remove_passkey(&self, ctx: &Ctx, id: Uuid) -> Result<(), AppError> {
        let account = &ctx.actor()?.account;
        let last_stays = self.must_have_passkey(account);
        transaction!(self.store, db => {
            let known = passkey::lock_of(db, account.id).await?;
            let Some(one) = known.iter().find(|one| one.id == id) else {
                return if passkey::exists(db, id).await? { Err(AppError::NotFound) } else { Ok(()) };
            };
            self.shown_enough(ctx, &known)?;
            if last_stays && known.len() == 1 {
                return Err(AppError::LastPasskey);
            }
            passkey::remove(db, id).await?;
            self.note(ctx.now, account, Some(account.id), PasskeyChange::Removed, &one.name).write(db, id).await?;
            Ok(())
        })?;
        self.outbox_notify.notify_one();
        Ok(())
    }

    /// A user who has a passkey must have confirmed with it recently before any change. Otherwise access to the
    /// mailbox, or an unattended browser, would suffice.
    fn shown_enough(&self, ctx: &Ctx, known: &[Passkey]) -> Result<(), AppError> {
        let usable = !known.is_empty() && self.relying_party.is_some();
        if usable && !ctx.actor()?.rights.just_confirmed(ctx.now) { Err(AppError::Unconfirmed) } else { Ok(()) }
    }

    fn name_of(&self, ctx: &Ctx, text: &str) -> String {
        let name: String = clean(TextKind::Line, text).trim().chars().take(MAX_NAME_CHARS).collect();
        let name = name.trim();
        if name.is_empty() { ctx.lang.tr("Clé d’accès", "Passkey").to_owned() } else { name.to_owned() }
    }

    /// Prepares the journal event and the mail of a change, with everything that must not vary between retries.
    pub(super) fn note(
        &self,
        now: Timestamp,
        account: &Account,
        actor: Option<AccountId>,
        change: PasskeyChange,
        name: &str,
    ) -> PasskeyNotice {
        let at = self.in_words(now).get(&account.lang).to_owned();
        let link = format!("{}{}/account/passkeys", self.config.portal.public_url, account.lang.tr("", "/en"));
        let (to, lang, by_operator) = (account.email.clone(), account.lang, actor.is_none());
        let letter = Letter::PasskeyChanged { change, by_operator, name: name.to_owned(), at, link };
        let about = Concern::contact_of(self.calls.first().map(Arc::as_ref));
        let message = EmailMessage { to, lang, about, letter };
        PasskeyNotice { job: Uuid::now_v7(), due: self.clock(), now, account: account.id, actor, change, message }
    }

    /// Formats an instant for display, in the time zone of the first call.
    fn in_words(&self, at: Timestamp) -> Text {
        match self.calls.first() {
            Some(call) => with_zone(&show_instant(at, &call.time_zone()), &call.zone_name()),
            None => show_utc(at),
        }
    }
}

/// A journal event and a mail.
pub(super) struct PasskeyNotice {
    job: Uuid,
    due: Timestamp,
    now: Timestamp,
    account: AccountId,
    actor: Option<AccountId>,
    change: PasskeyChange,
    message: EmailMessage,
}

impl PasskeyNotice {
    pub(super) async fn write(&self, db: &mut Connection, passkey: Uuid) -> Result<(), StoreError> {
        let kind = match self.change {
            PasskeyChange::Added => EventKind::PasskeyAdded,
            PasskeyChange::Renamed => EventKind::PasskeyRenamed,
            PasskeyChange::Removed => EventKind::PasskeyRemoved,
        };
        let data = serde_json::json!({ "passkey": passkey, "account": self.account });
        outbox::enqueue_mail(db, self.job, &self.message, self.due).await?;
        journal::append(db, &Event { kind, at: self.now, actor: self.actor, dossier: None, data }).await
    }
}

//! The context of a request: actor, time and language, passed through every layer.

use crate::app::{AppError, Site};
use crate::{
    auth::{Denied, Guarded, Permit, Protected, Rights, RuleId},
    domain::{
        access::{Action, DossierTarget, Grant, Part, Relations, Role, Target},
        event::{Event, EventKind},
        ids::{AccountId, DossierId, SessionId},
        text::Lang,
    },
    store::{
        Connection,
        account::Account,
        erasure, journal,
        relations::{self, StoredRelations},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::net::IpAddr;

/// The clock of one request. Instants are truncated to microseconds, as the tables store them, so that a value read
/// back compares equal to the value written.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The system clock.
    #[default]
    System,
    /// A test clock that stands still.
    Fixed(Timestamp),
    /// A test clock that runs ahead of the system clock by this offset.
    Shifted(SignedDuration),
}

impl Clock {
    /// The current time of this clock.
    pub fn now(&self) -> Timestamp {
        let now = match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => *at,
            Self::Shifted(ahead) => Timestamp::now().checked_add(*ahead).unwrap_or(Timestamp::MAX),
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

#[derive(Clone)]
pub struct Ctx {
    /// The instant at which the request was complete. Every deadline is compared with it (decision 14). While an upload
    /// is still in progress, it is the instant at which the request head was received.
    pub now: Timestamp,
    /// The source of [`Ctx::now`].
    pub clock: Clock,
    /// Language of the response.
    pub lang: Lang,
    /// The authenticated actor, if any.
    pub actor: Option<Actor>,
    /// A fault requested by a test.
    pub injected_fault: Option<InjectedFault>,
    /// The client's address, if it is known reliably. Never logged.
    pub client: Option<IpAddr>,
    /// The site of the request's host, if the host belongs to a call.
    pub site: Option<Site>,
    /// The browser's User-Agent, truncated.
    pub agent: String,
}

/// Faults that tests may request if the configuration permits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// The process exits after the commit of a deposit, before the response.
    DieAfterCommit,
    /// The task that seals a deposit panics.
    PanicWhileSealing,
}

/// An authenticated user.
#[derive(Clone)]
pub struct Actor {
    pub account: Account,
    /// The rights that the token grants.
    pub rights: Rights,
    /// The session, for browsers.
    pub session: Option<SessionId>,
}

impl Ctx {
    /// A context without actor and client.
    #[must_use]
    pub fn anonymous(now: Timestamp, clock: Clock, lang: Lang) -> Self {
        Self { now, clock, lang, actor: None, injected_fault: None, client: None, site: None, agent: String::new() }
    }

    /// Returns the actor, who must not be suspended. Every operation begins here, so that a suspended account can do
    /// nothing.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`] or [`AppError::Suspended`].
    pub fn actor(&self) -> Result<&Actor, AppError> {
        let actor = self.actor_even_if_suspended()?;
        if actor.account.suspended { Err(AppError::Suspended) } else { Ok(actor) }
    }

    /// Returns the actor, suspended or not: for reading one's own account and for signing out.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn actor_even_if_suspended(&self) -> Result<&Actor, AppError> {
        self.actor.as_ref().ok_or(AppError::SignInNeeded)
    }

    /// Returns the account of the actor.
    pub fn account(&self) -> Result<AccountId, AppError> {
        Ok(self.actor()?.account.id)
    }

    /// Builds a journal event for the actor, at the time of this request.
    pub(super) fn event(
        &self,
        kind: EventKind,
        dossier: Option<DossierId>,
        data: serde_json::Value,
    ) -> Result<Event, AppError> {
        Ok(Event { kind, at: self.now, actor: Some(self.account()?), dossier, data })
    }

    /// Appends such an event to the journal; must be the last step of a transaction.
    pub(super) async fn journal(
        &self,
        db: &mut Connection,
        kind: EventKind,
        dossier: Option<DossierId>,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        Ok(journal::append(db, &self.event(kind, dossier, data)?).await?)
    }

    /// Asks the policy about one target. A refused dossier is *not found*, so that its existence is not disclosed.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Unconfirmed`] or
    /// [`AppError::Overloaded`].
    pub fn authorize(&self, action: Action, target: &Target) -> Result<Permit, AppError> {
        let actor = self.actor()?;
        // Staff who signed in by mail alone are sent to the passkey page only where a passkey would permit the action.
        // What they could not see with a passkey either is *not found*.
        let could = || {
            let lacks = actor.session.is_some() && actor.rights.lacks_passkey();
            lacks && actor.rights.confirmed(self.now).may(action, target, self.now).is_ok()
        };
        actor.rights.may(action, target, self.now).map_err(|denied| match (denied, target) {
            (Denied::Overrun, _) => AppError::Overloaded,
            (Denied::Rule(RuleId::Confirmation), _) => AppError::Unconfirmed,
            (Denied::Rule(_), _) if could() => AppError::Unconfirmed,
            (Denied::Rule(_) | Denied::Token { .. }, Target::Dossier(_)) => AppError::NotFound,
            (Denied::Rule(_) | Denied::Token { .. }, Target::Call) => AppError::Forbidden,
        })
    }

    /// Asks the policy about a row that the store returned guarded, and opens it.
    ///
    /// # Errors
    /// As [`Ctx::authorize`]; [`AppError::SignInNeeded`] for the owner whose account is closed, once the row is locked;
    /// [`AppError::DossierDeleted`]; store errors.
    pub async fn authorize_row<T: Protected>(
        &self,
        db: &mut Connection,
        row: Option<Guarded<T>>,
        action: Action,
        part: Part,
    ) -> Result<(T, DossierAccess<'_>), AppError> {
        let account = &self.actor()?.account;
        let row = existing(db, row, account).await?;
        let stored = match row.owner() == account.id {
            true => StoredRelations::default(),
            false => relations::of_person(db, row.dossier(), account, self.now).await?,
        };
        self.open(row, stored, action, part)
    }

    /// As [`Ctx::authorize_row`], for a row whose statement returned the actor's relations to its dossier too.
    ///
    /// # Errors
    /// As [`Ctx::authorize_row`].
    pub async fn authorize_related<T: Protected>(
        &self,
        db: &mut Connection,
        row: Option<(Guarded<T>, StoredRelations)>,
        action: Action,
        part: Part,
    ) -> Result<(T, DossierAccess<'_>), AppError> {
        let (row, stored) = row.unzip();
        let row = existing(db, row, &self.actor()?.account).await?;
        self.open(row, stored.unwrap_or_default(), action, part)
    }

    fn open<T: Protected>(
        &self,
        row: Guarded<T>,
        stored: StoredRelations,
        action: Action,
        part: Part,
    ) -> Result<(T, DossierAccess<'_>), AppError> {
        let (target, owner_notes) = target_and_notes(&row, stored, &self.actor()?.account);
        let permit = self.authorize_part(action, &target, part)?;
        let access = DossierAccess { ctx: self, target, rule: permit.rule, owner_notes };
        Ok((row.open(&permit).ok_or(AppError::NotFound)?, access))
    }

    /// Asks the policy about a part of a dossier.
    pub(super) fn authorize_part(
        &self,
        action: Action,
        target: &DossierTarget,
        part: Part,
    ) -> Result<Permit, AppError> {
        self.authorize(action, &Target::Dossier(DossierTarget { part, ..target.clone() }))
    }
}

/// One dossier as seen by one user. It is loaded once and checked as often as needed.
pub struct DossierAccess<'a> {
    ctx: &'a Ctx,
    target: DossierTarget,
    /// The rule that permitted the access.
    pub rule: RuleId,
    /// Notes from the owner to the guest.
    owner_notes: Vec<String>,
}

impl DossierAccess<'_> {
    /// Asks the policy about a part of this dossier.
    pub fn authorize(&self, action: Action, part: Part) -> Result<Permit, AppError> {
        self.ctx.authorize_part(action, &self.target, part)
    }

    /// Opens another row of the same dossier, at the stage that the row has, with the relations that are known.
    ///
    /// # Errors
    /// As [`Ctx::authorize`]; [`AppError::NotFound`] for a row of another dossier.
    pub fn open<T: Protected>(&self, row: Option<Guarded<T>>, action: Action, part: Part) -> Result<T, AppError> {
        let row = row.filter(|row| row.dossier() == self.target.id).ok_or(AppError::NotFound)?;
        let permit = self.ctx.authorize_part(action, &row.target(self.target.relations.clone()), part)?;
        row.open(&permit).ok_or(AppError::NotFound)
    }

    /// Whether the user is the owner.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.ctx.actor.as_ref().is_some_and(|actor| actor.account.id == self.target.owner)
    }

    /// Notes from the owner to the guest.
    pub fn owner_notes(&self) -> &[String] {
        &self.owner_notes
    }

    /// The grants of the user on this dossier.
    #[must_use]
    pub fn relations(&self) -> &Relations {
        &self.target.relations
    }
}

/// What a user is told of a deleted dossier: its owner, and those who held a part of it until then, that it was deleted.
/// For all others it never existed.
async fn deleted<T: Protected>(
    db: &mut Connection,
    row: &Guarded<T>,
    account: &Account,
    deleted_at: Timestamp,
) -> Result<AppError, AppError> {
    let known = row.owner() == account.id || erasure::was_guest(db, row.dossier(), &account.email, deleted_at).await?;
    Ok(if known { AppError::DossierDeleted } else { AppError::NotFound })
}

/// The row, unless there is none, its dossier was deleted, or the reader is its owner and the account is closed.
async fn existing<T: Protected>(
    db: &mut Connection,
    row: Option<Guarded<T>>,
    account: &Account,
) -> Result<Guarded<T>, AppError> {
    let row = row.ok_or(AppError::NotFound)?;
    if row.owner_closed() && row.owner() == account.id {
        // Another process may know a session of a closed account for a moment.
        return Err(AppError::SignInNeeded);
    }
    match row.deleted_at() {
        Some(deleted_at) => Err(deleted(db, &row, account, deleted_at).await?),
        None => Ok(row),
    }
}

/// Loads a user's relation to a dossier. The owner has every right that relations can give.
pub(super) async fn load_target<T: Protected>(
    db: &mut Connection,
    row: &Guarded<T>,
    account: &Account,
    now: Timestamp,
) -> Result<DossierTarget, AppError> {
    let stored = relations::of_person(db, row.dossier(), account, now).await?;
    Ok(target_and_notes(row, stored, account).0)
}

/// The target of the policy, and the owner's notes to a guest.
fn target_and_notes<T: Protected>(
    row: &Guarded<T>,
    stored: StoredRelations,
    account: &Account,
) -> (DossierTarget, Vec<String>) {
    if row.owner() == account.id {
        return (row.target(Relations::default()), Vec::new());
    }
    let StoredRelations { held, declared, assigned, break_glass_until } = stored;
    // A person who works on a dossier cannot be its expert, whichever came first.
    let outside = account.roles.has(Role::Expert) && held.is_empty();
    let relations = Relations {
        assigned: outside && assigned,
        conflict: declared,
        grants: Grant::merged(held.iter().flat_map(|one| one.grants.iter().cloned())),
        break_glass_until: break_glass_until.filter(|_| account.roles.has(Role::Operator)),
        ..Relations::default()
    };
    let owner_notes = held.into_iter().map(|one| one.note).filter(|note| !note.is_empty());
    (row.target(relations), owner_notes.collect())
}

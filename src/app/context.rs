//! Who asks, when, and in which language: one value through every layer.

use super::{AppError, Site};
use crate::{
    auth::{Denied, Guarded, Permit, Protected, Rights, RuleId},
    domain::{
        access::{About, Action, Grant, Part, Relations, Role, Target},
        event::{Event, EventKind},
        ids::{AccountId, DossierId, SessionId},
        text::Lang,
    },
    store::{
        Connection,
        account::Account,
        assignment,
        delegation::{self, Delegation},
        glass, interest, journal,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::net::IpAddr;

/// The clock that one request is judged by. Instants are whole microseconds, as the tables keep them, so that what was
/// read back compares with what was written.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// A test's, which stands still.
    Fixed(Timestamp),
    /// A test's, which is so far ahead of the system's.
    Shifted(SignedDuration),
}

impl Clock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => *at,
            Self::Shifted(ahead) => Timestamp::now().checked_add(*ahead).unwrap_or(Timestamp::MAX),
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// The context of one request.
#[derive(Clone)]
pub struct Ctx {
    /// The instant at which the request was complete: the one held against every deadline (decision 14). While a file is
    /// still coming in, the instant at which its head had come.
    pub now: Timestamp,
    /// Where [`Ctx::now`] comes from.
    pub clock: Clock,
    /// Language of the answer.
    pub lang: Lang,
    /// Who asks, if anyone is known.
    pub actor: Option<Actor>,
    /// A fault asked for by a test.
    pub fault: Option<InjectedFault>,
    /// The client's address, where it is known for sure; never logged.
    pub client: Option<IpAddr>,
    /// The host that was asked, when it is a call's.
    pub site: Option<Site>,
    /// What the browser says it is, cut short.
    pub agent: String,
}

/// Faults that tests may ask for where the configuration allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// The process dies after the commit of a deposit, before the answer.
    DieAfterCommit,
}

/// Someone who is known.
#[derive(Clone)]
pub struct Actor {
    pub account: Account,
    /// What the token allows.
    pub rights: Rights,
    /// The session, for browsers.
    pub session: Option<SessionId>,
}

impl Ctx {
    /// The context of nobody in particular, from nowhere in particular.
    #[must_use]
    pub fn nobody(now: Timestamp, clock: Clock, lang: Lang) -> Self {
        Self { now, clock, lang, actor: None, fault: None, client: None, site: None, agent: String::new() }
    }

    /// Who asks, and may do something: every intention begins here, so that a suspended account opens nothing.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`] or [`AppError::Suspended`].
    pub fn actor(&self) -> Result<&Actor, AppError> {
        let actor = self.known()?;
        if actor.account.suspended { Err(AppError::Suspended) } else { Ok(actor) }
    }

    /// Who asks, suspended or not: for reading one's own account, and for signing out.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn known(&self) -> Result<&Actor, AppError> {
        self.actor.as_ref().ok_or(AppError::SignInNeeded)
    }

    /// The account that asks.
    ///
    /// # Errors
    /// As [`Ctx::actor`].
    pub fn account(&self) -> Result<AccountId, AppError> {
        Ok(self.actor()?.account.id)
    }

    /// A line of the journal: what the actor does, as of this request.
    pub(super) fn event(
        &self,
        kind: EventKind,
        dossier: Option<DossierId>,
        data: serde_json::Value,
    ) -> Result<Event, AppError> {
        Ok(Event { kind, at: self.now, actor: Some(self.account()?), dossier, data })
    }

    /// Appends such a line to the journal; the last step of a transaction.
    pub(super) async fn journal(
        &self,
        db: &mut Connection,
        kind: EventKind,
        dossier: Option<DossierId>,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        Ok(journal::append(db, &self.event(kind, dossier, data)?).await?)
    }

    /// Asks the policy about one target. What one may not see does not exist: a refused dossier is *not found*.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Unconfirmed`] or
    /// [`AppError::Overloaded`].
    pub fn may(&self, action: Action, target: &Target) -> Result<Permit, AppError> {
        let actor = self.actor()?;
        // Whoever works for the call by mail alone is led to the passkey where it would help, and to it alone: what they
        // could not see with it either does not exist.
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

    /// Asks for a row that the store has handed out closed, and opens it.
    ///
    /// # Errors
    /// As [`Ctx::may`]; store errors.
    pub async fn open<T: Protected>(
        &self,
        db: &mut Connection,
        row: Option<Guarded<T>>,
        action: Action,
        part: Part,
    ) -> Result<(T, Door<'_>), AppError> {
        let account = &self.actor()?.account;
        let row = row.ok_or(AppError::NotFound)?;
        let (about, words) = met(db, &row, account, self.now).await?;
        let permit = self.may_part(action, &about, part)?;
        let door = Door { ctx: self, about, rule: permit.rule, words };
        Ok((row.open(&permit).ok_or(AppError::NotFound)?, door))
    }

    /// Asks the policy about a part of a dossier.
    ///
    /// # Errors
    /// As [`Ctx::may`].
    pub(super) fn may_part(&self, action: Action, about: &About, part: Part) -> Result<Permit, AppError> {
        self.may(action, &Target::Dossier(About { part, ..about.clone() }))
    }
}

/// One dossier before one person: asked about again and again, loaded once.
pub struct Door<'a> {
    ctx: &'a Ctx,
    about: About,
    /// The rule that opened it.
    pub rule: RuleId,
    /// What the owner wrote to the person who was given parts of it.
    words: Vec<String>,
}

impl Door<'_> {
    /// Asks the policy about a part of this dossier.
    ///
    /// # Errors
    /// As [`Ctx::may`].
    pub fn may(&self, action: Action, part: Part) -> Result<Permit, AppError> {
        self.ctx.may_part(action, &self.about, part)
    }

    /// Whether the person is the owner.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.ctx.actor.as_ref().is_some_and(|actor| actor.account.id == self.about.owner)
    }

    /// What the owner wrote to the person who was given parts of it.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// What was given to the person.
    #[must_use]
    pub fn relations(&self) -> &Relations {
        &self.about.relations
    }
}

/// A dossier, and what it is to somebody: its owner has every right that relations could give.
pub(super) async fn about<T: Protected>(
    db: &mut Connection,
    row: &Guarded<T>,
    account: &Account,
    now: Timestamp,
) -> Result<About, AppError> {
    Ok(met(db, row, account, now).await?.0)
}

/// The same, with what its owner wrote to somebody who was given parts of it.
async fn met<T: Protected>(
    db: &mut Connection,
    row: &Guarded<T>,
    account: &Account,
    now: Timestamp,
) -> Result<(About, Vec<String>), AppError> {
    if row.owner() == account.id {
        return Ok((row.about(Relations::default()), Vec::new()));
    }
    let (relations, words) = relations(db, row.dossier(), account, now).await?;
    Ok((row.about(relations), words))
}

async fn relations(
    db: &mut Connection,
    dossier: DossierId,
    account: &Account,
    now: Timestamp,
) -> Result<(Relations, Vec<String>), AppError> {
    let held = delegation::held(db, dossier, &account.email, now).await?;
    let runs = account.roles.has(Role::Operator);
    // Whoever works on a dossier is no expert of it, whichever came first.
    let outside = account.roles.has(Role::Expert) && held.is_empty();
    let relations = Relations {
        assigned: outside && assignment::stands(db, dossier, account.id).await?,
        conflict: interest::declared(db, dossier, account.id).await?,
        grants: Grant::merged(held.iter().flat_map(Delegation::grants)),
        glass_until: if runs { glass::until(db, dossier, account.id).await? } else { None },
        ..Relations::default()
    };
    let words = held.into_iter().map(|one| one.note).filter(|note| !note.is_empty());
    Ok((relations, words.collect()))
}

//! Who asks, when, and in which language: one value through every layer.

use super::{AppError, Site};
use crate::{
    auth::{Denied, Rights},
    domain::{
        access::{Action, Target},
        ids::{AccountId, SessionId},
        text::Lang,
    },
    store::account::Account,
};
use jiff::Timestamp;
use std::net::IpAddr;

/// The context of one request.
#[derive(Clone)]
pub struct Ctx {
    /// The instant at which the request arrived: the one held against every deadline.
    pub now: Timestamp,
    /// Language of the answer.
    pub lang: Lang,
    /// Who asks, if anyone is known.
    pub actor: Option<Actor>,
    /// A fault asked for by a test.
    pub fault: Option<Fault>,
    /// The client's address, where it is known for sure; never logged.
    pub client: Option<IpAddr>,
    /// The host that was asked, when it is a call's.
    pub site: Option<Site>,
}

/// Faults that tests may ask for where the configuration allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies after the commit of a deposit, before the answer.
    DieAfterCommit,
}

/// Someone who is known.
#[derive(Clone)]
pub struct Actor {
    /// The account.
    pub account: Account,
    /// What the token allows.
    pub rights: Rights,
    /// The session, for browsers.
    pub session: Option<SessionId>,
}

impl Ctx {
    /// Who asks.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn actor(&self) -> Result<&Actor, AppError> {
        self.actor.as_ref().ok_or(AppError::SignInNeeded)
    }

    /// The account that asks.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`].
    pub fn account(&self) -> Result<AccountId, AppError> {
        Ok(self.actor()?.account.id)
    }

    /// Asks the policy. What one may not see does not exist: a refused dossier is *not found*.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::NotFound`], [`AppError::Forbidden`] or [`AppError::Overloaded`].
    pub fn may(&self, action: Action, target: Target) -> Result<(), AppError> {
        match (self.actor()?.rights.may(action, target, self.now), target) {
            (Ok(()), _) => Ok(()),
            (Err(Denied::Overrun), _) => Err(AppError::Overloaded),
            (Err(Denied::Policy), Target::Dossier { .. }) => Err(AppError::NotFound),
            (Err(Denied::Policy), Target::Call) => Err(AppError::Forbidden),
        }
    }
}

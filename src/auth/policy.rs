//! Asking the policy: may this bearer do this to that?

use super::token::{Bearer, Channel, moment};
use crate::domain::access::{Action, Target};
use biscuit_auth::{
    AuthorizerBuilder, AuthorizerLimits,
    builder::{Fact, fact, string},
    error,
};
use jiff::Timestamp;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The policy, or a check of the token, says no.
    Policy,
    /// The decision took longer than a decision may: try again.
    Overrun,
}

/// Parsed once; a request works on a clone. No clock in it: a clock in a kept builder would stop time.
static POLICY: LazyLock<Option<AuthorizerBuilder>> = LazyLock::new(|| {
    let limits = AuthorizerLimits { max_facts: 500, max_iterations: 20, max_time: Duration::from_millis(50) };
    let policy = AuthorizerBuilder::new().code(include_str!("policy.datalog"));
    policy.map(|policy| policy.set_limits(limits)).ok()
});

/// What a verified bearer may do.
#[derive(Clone)]
pub struct Rights {
    bearer: Arc<Bearer>,
    channel: Channel,
}

impl Rights {
    /// Rights of a bearer who came by a channel.
    #[must_use]
    pub fn new(bearer: Arc<Bearer>, channel: Channel) -> Self {
        Self { bearer, channel }
    }

    /// The bearer.
    #[must_use]
    pub fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    /// Decides on one action on one target at one instant.
    ///
    /// # Errors
    /// See [`Denied`].
    pub fn may(&self, action: Action, target: Target, now: Timestamp) -> Result<(), Denied> {
        let policy = POLICY.as_ref().ok_or(Denied::Policy)?;
        let facts = request_facts(action, target, self.channel, now);
        let asked = facts.into_iter().try_fold(policy.clone(), AuthorizerBuilder::fact);
        let decision = asked.and_then(|asked| asked.build(&self.bearer.token)).and_then(|mut asked| asked.authorize());
        match decision {
            Ok(_) => Ok(()),
            Err(error::Token::RunLimit(_)) => Err(Denied::Overrun),
            Err(_) => Err(Denied::Policy),
        }
    }
}

fn request_facts(action: Action, target: Target, channel: Channel, now: Timestamp) -> Vec<Fact> {
    let mut facts = vec![
        fact("time", &[moment(now)]),
        fact("operation", &[string(action.slug())]),
        fact("channel", &[string(channel.slug())]),
    ];
    if let Target::Dossier { id, owner, deposited } = target {
        let id = id.to_string();
        facts.push(fact("dossier", &[string(&id)]));
        facts.push(fact("owner", &[string(&id), string(&owner.to_string())]));
        if deposited {
            facts.push(fact("deposited", &[string(&id)]));
        }
    }
    facts
}

#[cfg(test)]
mod tests;

//! Asks the policy: may this bearer perform this action on this target, and under which rule?

mod parsed;

use super::{
    guard::Permit,
    rules::{Rule, RuleId, rule_at},
    token::{Bearer, Channel, moment},
};
use crate::domain::{
    access::{Action, DossierTarget, Grant, Part, Role, Roles, Target},
    ids::AccountId,
};
use biscuit_auth::{
    AuthorizerBuilder,
    builder::{Fact, fact, string},
    error,
};
use jiff::Timestamp;
use parsed::Selection;
use std::{sync::Arc, time::Duration};

/// Why an action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A rule of the policy denies it.
    Rule(RuleId),
    /// A rule would allow it, but a check in the token fails: the token has expired, or its holder has attenuated it.
    Token {
        /// The rule that would allow it.
        rule: RuleId,
        /// The block of the token with the failed check; 0 is ours, later ones are the holder's.
        block: u32,
    },
    /// The decision took too long; retry.
    Overrun,
}

/// Maximum duration of a decision. One takes 0.1 milliseconds, and the admission filter rejects tokens that would take
/// longer. But on a busy machine a thread may wait much longer than that to be scheduled.
pub(super) const MAX_DECISION: Duration = Duration::from_millis(250);

/// What the database and the configuration say about a bearer, at the time of this request.
#[derive(Clone, Debug)]
pub struct AccountFacts {
    /// The owner of the token.
    pub account: AccountId,
    /// Current roles of the account.
    pub roles: Roles,
    pub suspended: bool,
    /// Until when the last passkey confirmation is valid.
    pub confirmed_until: Option<Timestamp>,
    /// Whether the session has been confirmed with a passkey at all.
    pub stepped_up: bool,
    /// Whether the account has a passkey.
    pub has_passkey: bool,
    /// Whether the installation requires passkeys of staff.
    pub passkeys_required: bool,
}

impl AccountFacts {
    /// Whether an irreversible action needs a confirmation now.
    fn unconfirmed(&self, channel: Channel, now: Timestamp) -> bool {
        let can = self.has_passkey || (self.passkeys_required && self.roles.want_passkey());
        channel == Channel::Browser && can && self.confirmed_until.is_none_or(|until| until < now)
    }
}

/// The rights of a verified bearer.
#[derive(Clone)]
pub struct Rights {
    bearer: Arc<Bearer>,
    channel: Channel,
    account_facts: Arc<AccountFacts>,
}

impl Rights {
    /// Creates the rights of a bearer who uses a channel.
    #[must_use]
    pub fn new(bearer: Arc<Bearer>, channel: Channel, account_facts: AccountFacts) -> Self {
        Self { bearer, channel, account_facts: Arc::new(account_facts) }
    }

    pub fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    /// The bearer, for reloading its facts.
    #[must_use]
    pub fn shared_bearer(&self) -> Arc<Bearer> {
        self.bearer.clone()
    }

    /// The facts about the bearer.
    pub fn account_facts(&self) -> &AccountFacts {
        &self.account_facts
    }

    /// Whether the user's roles require a passkey that this session has not used.
    #[must_use]
    pub fn lacks_passkey(&self) -> bool {
        let account_facts = &*self.account_facts;
        account_facts.passkeys_required && account_facts.roles.want_passkey() && !account_facts.stepped_up
    }

    /// Whether the user has to confirm with a passkey before an irreversible action.
    #[must_use]
    pub fn unconfirmed(&self, now: Timestamp) -> bool {
        self.account_facts.unconfirmed(self.channel, now)
    }

    /// Whether a passkey confirmation is valid now.
    #[must_use]
    pub fn just_confirmed(&self, now: Timestamp) -> bool {
        self.account_facts.confirmed_until.is_some_and(|until| until >= now)
    }

    /// The same rights as if the user had just confirmed with a passkey.
    #[must_use]
    pub fn confirmed(&self, now: Timestamp) -> Self {
        let account_facts =
            AccountFacts { confirmed_until: Some(now), stepped_up: true, ..(*self.account_facts).clone() };
        Self { account_facts: Arc::new(account_facts), ..self.clone() }
    }

    /// Decides on one action on one target at one instant.
    pub fn may(&self, action: Action, target: &Target, now: Timestamp) -> Result<Permit, Denied> {
        let facts = self.facts(action, target, now);
        self.decide(Selection::of(action, &facts, &self.account_facts.roles), facts, target)
    }

    fn decide(&self, selection: Selection, facts: Vec<Fact>, target: &Target) -> Result<Permit, Denied> {
        let parsed = selection.parsed().ok_or(Denied::Overrun)?;
        let asked = facts.into_iter().try_fold(parsed.policy.clone(), AuthorizerBuilder::fact);
        let decision = asked.and_then(|asked| asked.build(&self.bearer.token)).and_then(|mut asked| asked.authorize());
        let dossier = match target {
            Target::Dossier(dossier) => Some(dossier.id),
            Target::Call => None,
        };
        let whole = |index: usize| rule_at(parsed.numbers.get(index).copied().unwrap_or(usize::MAX)).id;
        match decision {
            Ok(index) => Ok(Permit::new(dossier, whole(index))),
            Err(error::Token::RunLimit(_)) => Err(Denied::Overrun),
            Err(error::Token::FailedLogic(error::Logic::Unauthorized { policy, checks })) => {
                Err(denied(&policy, &checks, whole))
            }
            Err(_) => Err(Denied::Rule(whole(usize::MAX))),
        }
    }

    fn facts(&self, action: Action, target: &Target, now: Timestamp) -> Vec<Fact> {
        let account_facts = &*self.account_facts;
        let user = account_facts.account.to_string();
        let word = |name: &str, value: &str| fact(name, &[string(value)]);
        let mut facts =
            vec![fact("time", &[moment(now)]), word("operation", action.slug()), word("channel", self.channel.slug())];
        if !account_facts.passkeys_required {
            facts.push(word("passkeys", "offered"));
        }
        facts.extend(account_facts.roles.iter().map(|role| fact("holds", &[string(&user), string(role.slug())])));
        if account_facts.suspended {
            facts.push(word("suspended", &user));
        }
        if account_facts.stepped_up {
            facts.push(fact("stepped_up", &[biscuit_auth::builder::boolean(true)]));
        }
        if action.wants_confirmation() && account_facts.unconfirmed(self.channel, now) {
            facts.push(word("confirmation", "wanted"));
        }
        if let Target::Dossier(dossier) = target {
            of_dossier(dossier, &user, &mut facts);
        }
        facts
    }
}

/// Adds the facts about one dossier and one user's relation to it.
fn of_dossier(dossier: &DossierTarget, user: &str, facts: &mut Vec<Fact>) {
    let id = dossier.id.to_string();
    let word = |name: &str, value: &str| fact(name, &[string(value)]);
    let pair = |name: &str, value: &str| fact(name, &[string(&id), string(value)]);
    facts.extend([
        word("dossier", &id),
        pair("owner", &dossier.owner.to_string()),
        pair("state", dossier.stage.slug()),
    ]);
    facts.push(word("part", &dossier.part.to_string()));
    match &dossier.part {
        Part::Section(name) => facts.push(word("section", name)),
        Part::Piece(code) => facts.push(word("piece", code)),
        Part::Overview | Part::Whole | Part::Deposit => {}
    }
    let relations = &dossier.relations;
    facts.extend(telling(dossier).map(|grant| {
        let (part, verb) = (grant.part.to_string(), grant.verb.slug());
        fact("grant", &[string(&id), string(user), string(&part), string(verb), moment(grant.until)])
    }));
    let said = [
        (relations.assigned, "assigned"),
        (relations.conflict == Some(true), "conflict"),
        (relations.conflict == Some(false), "no_conflict"),
        (relations.accompanies, "accompanies"),
    ];
    facts.extend(said.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| pair(name, user)));
    if let Some(until) = relations.break_glass_until {
        facts.push(fact("glass", &[string(&id), string(user), moment(until)]));
    }
    if let Some(review) = relations.review {
        facts.push(word("review", if review.own { "own" } else { "other" }));
        facts.push(word("review_state", if review.submitted { "submitted" } else { "open" }));
        facts.push(fact("review_until", &[string(&id), moment(review.until)]));
        if review.own_submitted {
            facts.push(pair("review_done", user));
        }
    }
}

/// Of many grants, returns those that concern the requested part. Any grant opens the overview, so the one that ends
/// last is used for it.
fn telling(dossier: &DossierTarget) -> impl Iterator<Item = &Grant> {
    let grants = &dossier.relations.grants;
    let covers = |grant: &&Grant| [Part::Whole, Part::Deposit, dossier.part.clone()].contains(&grant.part);
    let any = grants.iter().filter(move |grant| dossier.part == Part::Overview && !covers(grant));
    grants.iter().filter(covers).chain(any.max_by_key(|grant| grant.until))
}

fn denied(policy: &error::MatchedPolicy, checks: &[error::FailedCheck], rule: impl Fn(usize) -> RuleId) -> Denied {
    match policy {
        error::MatchedPolicy::Deny(index) => Denied::Rule(rule(*index)),
        error::MatchedPolicy::Allow(index) => {
            let block = checks.iter().map(|check| match check {
                error::FailedCheck::Block(check) => check.block_id,
                error::FailedCheck::Authorizer(_) => 0,
            });
            Denied::Token { rule: rule(*index), block: block.max().unwrap_or(0) }
        }
    }
}

/// Returns the rules of the policy that could allow an action to anyone.
pub fn rules_for(action: Action) -> Vec<&'static Rule> {
    parsed::allowing(action).into_iter().map(rule_at).collect()
}

/// Returns the roles that a rule requires (any of them); empty if it requires none, as for owners and guests.
pub fn roles_of(id: RuleId) -> &'static [Role] {
    super::rules::RULES.iter().position(|rule| rule.id == id).map_or(&[], parsed::roles)
}

#[cfg(test)]
mod tests;

//! The policy parsed once, for each action apart: rules that name other actions only cannot decide about this one, so they
//! are not asked. A test asks the whole policy as well.

use super::{LONGEST, POLICY};
use crate::domain::access::Action;
use biscuit_auth::{AuthorizerBuilder, AuthorizerLimits, parser::parse_source};
use std::{collections::HashMap, sync::LazyLock};

/// What of the policy can decide about an action; a request works on a clone. No clock in it: a clock in a kept builder
/// would stop time.
pub(super) struct Parsed {
    /// All checks and definitions, and the rules that can decide.
    pub policy: AuthorizerBuilder,
    /// The number in the whole policy of each rule here.
    pub numbers: Vec<usize>,
}

static PARSED: LazyLock<HashMap<Action, Parsed>> = LazyLock::new(|| {
    let parsed = |action: &Action| Some((*action, Parsed::new(Some(*action))?));
    Action::ALL.iter().filter_map(parsed).collect()
});

impl Parsed {
    /// What can decide about an action.
    pub fn of(action: Action) -> Option<&'static Self> {
        PARSED.get(&action)
    }

    /// The part about one action, or all of it.
    pub fn new(action: Option<Action>) -> Option<Self> {
        let source = parse_source(POLICY).ok()?;
        let decides = |code: &str| action.is_none_or(|action| names(code, action) || !names_any(code));
        let limits = AuthorizerLimits { max_facts: 500, max_iterations: 20, max_time: LONGEST };
        let mut policy = AuthorizerBuilder::new().set_limits(limits);
        // Definitions stay even where no rule here uses them: a check in a token may.
        for (_, definition) in source.rules {
            policy = policy.rule(definition).ok()?;
        }
        for (_, check) in source.checks {
            policy = policy.check(check).ok()?;
        }
        let mut numbers = Vec::new();
        for (number, (code, rule)) in source.policies.into_iter().enumerate() {
            if decides(code) {
                policy = policy.policy(rule).ok()?;
                numbers.push(number);
            }
        }
        Some(Self { policy, numbers })
    }
}

/// Numbers of the rules that could allow an action.
pub(super) fn allowing(action: Action) -> Vec<usize> {
    let rules = parse_source(POLICY).map(|source| source.policies).unwrap_or_default();
    let allows = |code: &str| code.trim_start().starts_with("allow") && names(code, action);
    rules.iter().enumerate().filter(|(_, (code, _))| allows(code)).map(|(number, _)| number).collect()
}

/// Whether a rule names an action, as it stands in quotes.
fn names(code: &str, action: Action) -> bool {
    code.contains(&format!("\"{}\"", action.slug()))
}

/// Whether a rule is about some actions; the others are about all.
fn names_any(code: &str) -> bool {
    Action::ALL.iter().any(|action| names(code, *action))
}

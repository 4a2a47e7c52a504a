//! The policy parsed once, for each action apart: rules that name other actions only cannot decide about this one, so they
//! are not asked. A test asks the whole policy as well.

use super::{LONGEST, POLICY};
use crate::domain::access::Action;
use biscuit_auth::{AuthorizerBuilder, AuthorizerLimits, parser::parse_source};
use std::{collections::HashMap, sync::LazyLock};

/// What of the policy can decide about an action; a request works on a clone. No clock in it: a clock in a kept builder
/// would stop time.
pub(super) struct Parsed {
    /// All checks, the rules that can decide, and the definitions that these use.
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
        let kept: String = source.policies.iter().map(|(code, _)| *code).filter(|code| decides(code)).collect();
        for (_, definition) in source.rules {
            // No check can ask for what nothing here asks for: see `CONCLUDED`.
            if action.is_none() || kept.contains(&format!("{}(", definition.head.name)) {
                policy = policy.rule(definition).ok()?;
            }
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

/// Names of what the policy defines for itself. Tokens may not check it: whether it is known depends on the action.
pub(super) static CONCLUDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let definitions = parse_source(POLICY).map(|source| source.rules).unwrap_or_default();
    definitions.into_iter().map(|(_, definition)| definition.head.name).collect()
});

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

//! The parsed policy, reduced for each question to the part that can decide. Rules about other actions, about facts
//! that nobody has stated and about roles that the user does not have cannot decide. Denials are always included. A
//! test compares the result with the complete policy.

use super::MAX_DECISION;
use crate::{
    auth::policy_text::POLICY,
    domain::access::{Action, Role, Roles},
};
use biscuit_auth::{
    AuthorizerBuilder, AuthorizerLimits,
    builder::{Binary, Fact, Op, Policy, PolicyKind, Rule as DatalogRule, Term},
    parser::parse_source,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// A part of the policy. Each request works on a clone. It contains no clock, because a clock in a cached builder would
/// stand still.
pub(super) struct Parsed {
    /// All checks, the rules that can decide, and the definitions that they use.
    pub policy: AuthorizerBuilder,
    /// The number of each rule in the complete policy.
    pub numbers: Vec<usize>,
}

/// The selected rules and definitions, as bit sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    rules: u64,
    definitions: u64,
}

/// The structure of the policy, as needed to select the rules that can decide.
struct Outline {
    /// Names of facts; each is a bit of a set.
    names: Vec<String>,
    rules: Vec<RuleOutline>,
    /// The name that each definition concludes, and those that it needs.
    definitions: Vec<(u64, u64)>,
    /// The names that the checks need. Checks are always evaluated.
    checked: u64,
}

struct RuleOutline {
    denies: bool,
    /// Actions of the rule; empty if it concerns all.
    actions: Vec<Action>,
    /// Roles of the rule, any of them; empty if it requires none.
    roles: Vec<Role>,
    needs: u64,
}

/// Facts of tokens. They are not evaluated here, so a rule that requires them may apply.
const OF_TOKENS: [&str; 6] = ["user", "role", "kind", "amr", "session", "token"];

/// Maximum number of cached parts; a few dozen are in use.
const MAX_CACHED_PARTS: usize = 1000;

static OUTLINE: LazyLock<Outline> = LazyLock::new(|| Outline::of(POLICY));
static PARSED: LazyLock<RwLock<HashMap<Selection, Arc<Parsed>>>> = LazyLock::new(RwLock::default);

/// The bit of an index; zero beyond the 64th.
fn bit(at: usize) -> u64 {
    u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0)
}

impl Outline {
    fn of(policy: &str) -> Self {
        let mut outline = Self { names: Vec::new(), rules: Vec::new(), definitions: Vec::new(), checked: 0 };
        let Ok(source) = parse_source(policy) else { return outline };
        for (_, definition) in source.rules {
            let needs = definition.body.iter().fold(0, |needs, fact| needs | outline.bit(&fact.name));
            let concludes = outline.bit(&definition.head.name);
            outline.definitions.push((concludes, needs));
        }
        for (_, check) in source.checks {
            let facts = check.queries.iter().flat_map(|query| &query.body);
            let needs = facts.fold(0, |needs, fact| needs | outline.bit(&fact.name));
            outline.checked |= needs;
        }
        for (_, rule) in source.policies {
            let rule = Policy::from(rule);
            let facts = rule.queries.iter().flat_map(|query| &query.body);
            let needs = facts.fold(0, |needs, fact| needs | outline.bit(&fact.name));
            let (actions, roles) = (required(&rule, "operation"), required(&rule, "acts"));
            outline.rules.push(RuleOutline {
                actions: Action::ALL.iter().copied().filter(|action| actions.contains(action.slug())).collect(),
                roles: Role::ALL.iter().copied().filter(|role| roles.contains(role.slug())).collect(),
                needs,
                denies: rule.kind == PolicyKind::Deny,
            });
        }
        outline
    }

    /// The bit of a name. If there are more names than bits, a name without a bit counts as needed by every question.
    fn bit(&mut self, name: &str) -> u64 {
        let known = self.names.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        bit(at)
    }

    fn named<'a>(&self, names: impl Iterator<Item = &'a str>) -> u64 {
        let at = names.filter_map(|name| self.names.iter().position(|known| known == name));
        at.fold(0, |bits, at| bits | bit(at))
    }

    /// Returns what follows from facts, directly or indirectly.
    fn following(&self, stated: u64) -> u64 {
        let derivable = self.definitions.iter().filter(|(_, needs)| needs & !stated == 0);
        let more = derivable.fold(stated, |all, (head, _)| all | head);
        if more == stated { stated } else { self.following(more) }
    }

    /// Returns the names that are needed to derive facts that may apply, directly or indirectly. To omit any of them
    /// would omit a denial.
    fn leading(&self, needed: u64, stated: u64) -> u64 {
        let useful = self.definitions.iter().filter(|(head, needs)| head & needed != 0 && needs & !stated == 0);
        let more = useful.fold(needed, |all, (_, needs)| all | needs);
        if more == needed { needed } else { self.leading(more, stated) }
    }

    /// Collects the indexes of true values as bits.
    fn places(holds: impl Iterator<Item = bool>) -> u64 {
        holds.enumerate().fold(0, |bits, (at, holds)| if holds { bits | bit(at) } else { bits })
    }
}

/// Returns the values of a fact that a rule requires, in any of its alternatives; empty if one of them takes every value.
fn required(rule: &Policy, name: &str) -> BTreeSet<String> {
    let alternatives: Option<Vec<_>> = rule.queries.iter().map(|query| required_by_query(query, name)).collect();
    alternatives.unwrap_or_default().into_iter().flatten().collect()
}

/// The forms are `name("value")` and `name($x), {"one", "two"}.contains($x)`.
fn required_by_query(query: &DatalogRule, name: &str) -> Option<BTreeSet<String>> {
    let fact = query.body.iter().find(|fact| fact.name == name)?;
    let [term] = fact.terms.as_slice() else { return None };
    let contained = |ops: &[Op]| match ops {
        [Op::Value(Term::Set(values)), Op::Value(of), Op::Binary(Binary::Contains)] if of == term => {
            values.iter().map(text).collect()
        }
        _ => None,
    };
    match term {
        Term::Variable(_) => query.expressions.iter().find_map(|expression| contained(&expression.ops)),
        value => Some([text(value)?].into()),
    }
}

fn text(term: &Term) -> Option<String> {
    if let Term::Str(text) = term { Some(text.clone()) } else { None }
}

impl RuleOutline {
    fn about(&self, action: Action) -> bool {
        self.actions.is_empty() || self.actions.contains(&action)
    }

    fn decides(&self, action: Action, stated: u64, roles: &Roles) -> bool {
        let held = self.roles.is_empty() || self.roles.iter().any(|role| roles.has(*role));
        self.about(action) && (self.denies || (self.needs & !stated == 0 && held))
    }
}

impl Selection {
    /// Returns the part that can decide about an action, given the facts that the server states.
    pub fn of(action: Action, facts: &[Fact], roles: &Roles) -> Self {
        Self::among(&OUTLINE, action, facts, roles)
    }

    fn among(outline: &Outline, action: Action, facts: &[Fact], roles: &Roles) -> Self {
        let names = facts.iter().map(|fact| fact.predicate.name.as_str()).chain(OF_TOKENS);
        let stated = outline.following(outline.named(names));
        let rules = Outline::places(outline.rules.iter().map(|rule| rule.decides(action, stated, roles)));
        let asked = outline.rules.iter().enumerate().filter(|(at, _)| rules & bit(*at) != 0);
        let needed = asked.fold(outline.checked, |needed, (_, rule)| needed | rule.needs);
        let needed = outline.leading(needed, stated);
        let useful = |(head, needs): &(u64, u64)| head & needed != 0 && needs & !stated == 0;
        Self { rules, definitions: Outline::places(outline.definitions.iter().map(useful)) }
    }

    /// The complete policy.
    #[cfg(test)]
    pub const ALL_RULES: Self = Self { rules: u64::MAX, definitions: u64::MAX };

    /// Returns this part of the policy, parsed.
    pub fn parsed(self) -> Option<Arc<Parsed>> {
        let known = PARSED.read().unwrap_or_else(PoisonError::into_inner).get(&self).cloned();
        if known.is_some() {
            return known;
        }
        let parsed = Arc::new(Parsed::new(POLICY, self)?);
        let mut kept = PARSED.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_CACHED_PARTS {
            kept.clear();
        }
        kept.insert(self, parsed.clone());
        Some(parsed)
    }
}

impl Parsed {
    fn new(policy: &str, selection: Selection) -> Option<Self> {
        let has = |bits: u64, at: usize| bits & bit(at) != 0;
        let source = parse_source(policy).ok()?;
        let limits = AuthorizerLimits { max_facts: 500, max_iterations: 20, max_time: MAX_DECISION };
        let mut policy = AuthorizerBuilder::new().set_limits(limits);
        for (at, (_, definition)) in source.rules.into_iter().enumerate() {
            // A definition that nothing here uses cannot be used by a check: see `CONCLUDED`.
            if has(selection.definitions, at) {
                policy = policy.rule(definition).ok()?;
            }
        }
        for (_, check) in source.checks {
            policy = policy.check(check).ok()?;
        }
        let mut numbers = Vec::new();
        for (number, (_, rule)) in source.policies.into_iter().enumerate() {
            if has(selection.rules, number) {
                policy = policy.policy(rule).ok()?;
                numbers.push(number);
            }
        }
        Some(Self { policy, numbers })
    }
}

/// Returns the numbers of the rules that could allow an action.
pub(super) fn allowing(action: Action) -> Vec<usize> {
    let rules = OUTLINE.rules.iter().enumerate();
    let allowing = rules.filter(|(_, rule)| !rule.denies && !rule.actions.is_empty() && rule.about(action));
    allowing.map(|(number, _)| number).collect()
}

/// Returns the roles that a rule requires, by its number.
pub(super) fn roles(number: usize) -> &'static [Role] {
    OUTLINE.rules.get(number).map_or(&[], |rule| &rule.roles)
}

#[cfg(test)]
pub(super) fn fits() -> bool {
    OUTLINE.names.len() <= 64 && OUTLINE.rules.len() <= 64 && OUTLINE.definitions.len() <= 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Action;
    use biscuit_auth::{builder::fact, builder::string, error};

    /// Returns the deciding rule under the complete policy and under its selected part.
    fn decided(policy: &str, stated: &[&str]) -> (Option<usize>, Option<usize>) {
        let facts: Vec<Fact> = stated.iter().map(|name| fact(name, &[string("x")])).collect();
        let part = Selection::among(&Outline::of(policy), Action::DraftRead, &facts, &Roles::from_granted([]));
        let ask = |selection| {
            let parsed = Parsed::new(policy, selection).unwrap();
            let asked = facts.iter().cloned().try_fold(parsed.policy, AuthorizerBuilder::fact).unwrap();
            match asked.build_unauthenticated().unwrap().authorize() {
                Ok(_) => None,
                Err(error::Token::FailedLogic(error::Logic::Unauthorized {
                    policy: error::MatchedPolicy::Deny(at),
                    ..
                })) => Some(parsed.numbers[at]),
                Err(other) => panic!("{other}"),
            }
        };
        (ask(Selection::ALL_RULES), ask(part))
    }

    #[test]
    fn a_denial_on_what_is_derived_from_derived_facts_is_never_left_out() {
        // In an order that a single pass does not resolve.
        let policy = "last($x) <- third($x);
                      third($x) <- second($x);
                      second($x) <- first($x);
                      deny if last($x);
                      deny if other($x);
                      allow if true;";
        assert_eq!(decided(policy, &["first"]), (Some(0), Some(0)));
        assert_eq!(decided(policy, &["second"]), (Some(0), Some(0)));
        assert_eq!(decided(policy, &["unrelated"]), (None, None));
        let both = "warned($x) <- barred($x), known($x);
                    barred($x) <- listed($x);
                    deny if warned($x);
                    allow if true;";
        assert_eq!(decided(both, &["listed", "known"]), (Some(0), Some(0)));
        assert_eq!(decided(both, &["listed"]), (None, None));
    }

    #[test]
    fn what_a_rule_requires_is_read_from_its_facts() {
        let rule = |text: &str| required(&text.parse().unwrap(), "acts").into_iter().collect::<Vec<_>>();
        assert_eq!(rule(r#"allow if acts("jury")"#), ["jury"]);
        assert_eq!(rule(r#"allow if acts($r), {"jury", "dpo"}.contains($r), strong(true)"#), ["dpo", "jury"]);
        assert_eq!(rule(r#"allow if acts("jury") or acts("dpo"), strong(true)"#), ["dpo", "jury"]);
        let every = [
            r#"allow if holds("jury")"#,
            r#"allow if acts($r), holds($s), {"jury"}.contains($s)"#,
            r#"allow if acts($r), !{"jury"}.contains($r)"#,
            r#"allow if acts($r), {1}.contains($r)"#,
            r#"allow if acts("jury") or strong(true)"#,
        ];
        assert!(every.iter().all(|text| rule(text).is_empty()));
    }

    #[test]
    fn what_cannot_hold_is_left_out() {
        let policy = "b($x) <- a($x); c($x) <- z($x); deny if c($x); deny if b($x); allow if true;";
        let facts = [fact("a", &[string("x")])];
        let part = Selection::among(&Outline::of(policy), Action::DraftRead, &facts, &Roles::from_granted([]));
        assert_eq!(part.definitions, 0b01, "nothing leads to c");
    }
}

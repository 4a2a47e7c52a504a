//! The policy, tested with many users and targets.

mod cases;
mod examination;
mod random;
mod tokens;

use super::*;
use crate::{
    auth::{Keys, SessionToken, matrix, policy_text::POLICY, read, rules::RULES},
    domain::{
        access::{Amr, Grant, GrantedAction, Relations, Role, Stage},
        ids::{AccountId, DossierId, SessionId},
    },
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);

/// An hour from now.
fn ends() -> Timestamp {
    NOW + jiff::SignedDuration::from_hours(1)
}

fn account(number: u8) -> AccountId {
    AccountId(Uuid::from_u128(u128::from(number)))
}

/// The facts about a user with these roles, in an installation that requires passkeys.
fn account_facts(who: AccountId, roles: &[Role]) -> AccountFacts {
    AccountFacts {
        account: who,
        roles: Roles::from_granted(roles.iter().copied()),
        suspended: false,
        confirmed_until: Some(ends()),
        stepped_up: false,
        has_passkey: false,
        passkeys_required: true,
    }
}

fn session(keys: &Keys, account_facts: AccountFacts, amr: Amr) -> Rights {
    let token = SessionToken {
        session: SessionId(Uuid::now_v7()),
        account: account_facts.account,
        roles: &account_facts.roles,
        amr,
        ends: ends(),
    };
    let bearer = read(keys, &token.mint(keys, NOW).unwrap(), Channel::Browser, NOW).unwrap();
    Rights::new(Arc::new(bearer), Channel::Browser, account_facts)
}

fn dossier(owner: AccountId, stage: Stage, part: Part, relations: Relations) -> Target {
    Target::Dossier(DossierTarget { id: DossierId(Uuid::from_u128(77)), owner, stage, part, relations })
}

/// Any change of the policy is visible here in readable form: `guichet access matrix` prints it.
#[test]
fn the_matrix() {
    let found = matrix::matrix().unwrap();
    let kept = include_str!("../../../docs/access-matrix.txt");
    assert!(
        found == kept,
        "docs/access-matrix.txt is another one: guichet access matrix > docs/access-matrix.txt\n{found}"
    );
}

/// The table of names and descriptions matches the policy line by line.
#[test]
fn every_rule_has_its_name_and_its_words() {
    let names: Vec<(usize, &str)> = POLICY
        .lines()
        .filter_map(|line| {
            let (number, rest) = line.strip_prefix("// ")?.split_once(' ')?;
            Some((number.parse().ok()?, rest.split_once(':')?.0))
        })
        .collect();
    let known: Vec<(usize, &str)> = RULES.iter().enumerate().map(|(at, rule)| (at, rule.id.slug())).collect();
    assert_eq!(names, known);
    let denies = |line: &str| match line {
        line if line.starts_with("deny if") => Some(true),
        line if line.starts_with("allow if") => Some(false),
        _ => None,
    };
    let statements: Vec<bool> = POLICY.lines().filter_map(denies).collect();
    assert_eq!(statements.len(), known.len(), "one statement a rule");
    let marked: Vec<bool> = RULES.iter().map(|rule| rule.denies).collect();
    assert_eq!(statements, marked, "what denies is marked");
    let of_guests = |slug: &str| slug.starts_with("guest-");
    assert!(RULES.iter().all(|rule| rule.guest == of_guests(rule.id.slug())), "guests' rules are marked");
    let last_deny = POLICY.rfind("\ndeny if ").unwrap();
    let first_allow = POLICY.find("\nallow if ").unwrap();
    let before = POLICY[..last_deny].rfind("\ndeny if ").unwrap();
    assert!(before < first_allow && first_allow < last_deny, "denies first, and one at the end");
}

/// Every action is allowed by some rule; otherwise it would be useless.
#[test]
fn every_action_has_a_rule() {
    for action in Action::ALL {
        assert!(!rules_for(*action).is_empty(), "{}", action.slug());
    }
}

/// The reduced policies together cover the complete policy, and every denial is part of each.
#[test]
fn the_parts_of_the_policy_are_the_whole() {
    assert!(parsed::fits(), "a set of rules or names has 64 bits");
    let whole = Selection::ALL_RULES.parsed().unwrap();
    assert_eq!(whole.policy.dump_code(), AuthorizerBuilder::new().code(POLICY).unwrap().dump_code());
    assert_eq!(whole.numbers, (0..RULES.len()).collect::<Vec<_>>());
    for action in Action::ALL {
        let part = Selection::of(*action, &[], &Roles::from_granted([])).parsed().unwrap();
        let denies = [0, 1, 2, 3, RULES.len() - 1];
        assert!(denies.iter().all(|deny| part.numbers.contains(deny)), "{}", action.slug());
        assert!(!action.wants_confirmation() || part.numbers.contains(&4), "{}", action.slug());
    }
}

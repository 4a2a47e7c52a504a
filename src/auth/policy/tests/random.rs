//! Random worlds: the policy agrees with a second, independent implementation of the rules.

use super::*;
use crate::domain::access::Review;
use proptest::prelude::*;

/// A question to the policy: who, what, on which target.
#[derive(Clone, Debug)]
struct Question {
    me: u8,
    roles: Vec<Role>,
    amr: Amr,
    suspended: bool,
    owner: u8,
    stage: Stage,
    part: Part,
    relations: Relations,
    action: Action,
}

/// The rules of `policy.datalog`, implemented in plain code.
fn told(q: &Question) -> bool {
    let owner = q.me == q.owner;
    let relations = if owner { Relations::default() } else { q.relations.clone() };
    let is = |role| if q.roles.is_empty() { role == Role::Applicant } else { q.roles.contains(&role) };
    let strong = |role| is(role) && q.amr == Amr::Passkey;
    let examines = strong(Role::Officer) || strong(Role::SeniorOfficer);
    let stands = !matches!(q.stage, Stage::Draft | Stage::Withdrawn);
    let admissible = q.stage == Stage::Admissible;
    let selected = q.stage == Stage::Selected;
    let clear = relations.assigned && relations.conflict == Some(false);
    let holds = |part: &Part, verbs: &[GrantedAction]| {
        relations.grants.iter().any(|grant| grant.part == *part && verbs.contains(&grant.verb) && grant.until >= NOW)
    };
    let any = [GrantedAction::Read, GrantedAction::Write, GrantedAction::Deposit];
    if q.suspended || relations.conflict == Some(true) {
        return false;
    }
    match q.action {
        Action::DossierCreate => is(Role::Applicant),
        Action::DossierWithdraw | Action::DossierDelete | Action::DossierShare => owner,
        Action::DossierDeposit => owner || holds(&Part::Deposit, &[GrantedAction::Deposit]),
        Action::DraftRead => {
            let held = relations.grants.iter().any(|grant| grant.until >= NOW);
            owner
                || (q.part == Part::Overview && held)
                || holds(&q.part, &any)
                || holds(&Part::Whole, &any)
                || holds(&Part::Deposit, &[GrantedAction::Deposit])
        }
        Action::DraftWrite => {
            owner || holds(&q.part, &[GrantedAction::Write]) || holds(&Part::Whole, &[GrantedAction::Write])
        }
        Action::DepositRead => {
            owner
                || holds(&Part::Deposit, &[GrantedAction::Deposit])
                || (examines && stands)
                || (is(Role::Expert) && admissible && clear)
                || (strong(Role::Jury) && (admissible || selected))
                || (is(Role::Auditor) && stands)
                || (strong(Role::Operator) && stands && relations.break_glass_until.is_some_and(|until| until >= NOW))
        }
        Action::RoundList => examines || is(Role::Auditor),
        Action::DossierAdmit | Action::ExpertAssign => examines && stands && !owner,
        Action::InterestDeclare => {
            let evaluates = strong(Role::Jury) && (admissible || selected);
            let given = is(Role::Expert) && admissible && relations.assigned;
            !owner && (evaluates || given || (examines && stands))
        }
        Action::ReviewList => is(Role::Expert) || strong(Role::Jury),
        Action::DecisionPublish => strong(Role::SeniorOfficer) && stands && !owner,
        Action::ReviewWrite => {
            let open = relations.review.is_some_and(|r| r.own && !r.submitted && r.until >= NOW);
            is(Role::Expert) && admissible && clear && open
        }
        Action::ReviewRead => relations.review.is_some_and(|r| {
            let own = is(Role::Expert) && r.own;
            let peer = is(Role::Expert) && !r.own && r.submitted && clear && r.own_submitted;
            own || peer || (r.submitted && (examines || strong(Role::Jury)))
        }),
        Action::AidRead => {
            strong(Role::Funder) || strong(Role::Finance) || strong(Role::SeniorOfficer) || is(Role::Auditor)
        }
        Action::PaymentOrder => strong(Role::Finance) && selected,
        Action::BrickAccompany => is(Role::BrickOwner) && selected && relations.accompanies,
        Action::AuditExport => is(Role::Auditor) || strong(Role::Dpo),
        Action::OpsMaintain | Action::OpsSwitchover | Action::BreakGlassAsk => strong(Role::Operator),
        Action::BreakGlassAllow => strong(Role::Operator) || strong(Role::Dpo),
        Action::PersonAnswer => strong(Role::Dpo),
        Action::ServiceToken => true,
    }
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Overview),
        Just(Part::Whole),
        Just(Part::Deposit),
        prop_oneof!["budget", "team"].prop_map(Part::Section),
        prop_oneof!["P8", "P9"].prop_map(Part::Piece),
    ]
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![Just(-1), Just(0), Just(3600)].prop_map(|seconds| NOW + jiff::SignedDuration::from_secs(seconds))
}

fn relations() -> impl Strategy<Value = Relations> {
    let grant = (part(), prop::sample::select(GrantedAction::ALL), instant()).prop_map(|(part, verb, until)| Grant {
        part,
        verb,
        until,
    });
    let review = (any::<bool>(), any::<bool>(), any::<bool>(), instant())
        .prop_map(|(own, submitted, own_submitted, until)| Review { own, submitted, own_submitted, until });
    (
        prop::collection::vec(grant, 0..4),
        any::<bool>(),
        any::<Option<bool>>(),
        any::<bool>(),
        prop::option::of(instant()),
        prop::option::of(review),
    )
        .prop_map(|(grants, assigned, conflict, accompanies, break_glass_until, review)| Relations {
            grants,
            assigned,
            conflict,
            accompanies,
            break_glass_until,
            review,
        })
}

fn question() -> impl Strategy<Value = Question> {
    (
        (1_u8..3, prop::collection::vec(prop::sample::select(Role::ALL), 0..3), prop::sample::select(Amr::ALL)),
        (prop::bool::weighted(0.1), 1_u8..3, prop::sample::select(Stage::ALL)),
        (part(), relations(), prop::sample::select(Action::ALL)),
    )
        .prop_map(|((me, roles, amr), (suspended, owner, stage), (part, relations, action))| Question {
            me,
            roles,
            amr,
            suspended,
            owner,
            stage,
            part,
            relations,
            action,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]
    #[test]
    fn the_policy_and_the_requirements_agree(q in question()) {
        let keys = KEYS.with(Clone::clone);
        let account_facts = AccountFacts { suspended: q.suspended, ..account_facts(account(q.me), &q.roles) };
        let rights = session(&keys, account_facts, q.amr);
        let relations = if q.me == q.owner { Relations::default() } else { q.relations.clone() };
        let target = dossier(account(q.owner), q.stage, q.part.clone(), relations);
        let found = rights.may(q.action, &target, NOW);
        prop_assert_ne!(found.as_ref().err(), Some(&Denied::Overrun));
        prop_assert_eq!(found.is_ok(), told(&q), "{:?}", found.map(|permit| permit.rule));
        // The selected part of the policy decides by the same rule as the complete policy.
        let whole = rights.decide(Selection::ALL_RULES, rights.facts(q.action, &target, NOW), &target);
        prop_assert_eq!(found.map(|permit| permit.rule), whole.map(|permit| permit.rule));
    }
}

thread_local! {
    static KEYS: std::rc::Rc<Keys> = std::rc::Rc::new(Keys::ephemeral().unwrap());
}

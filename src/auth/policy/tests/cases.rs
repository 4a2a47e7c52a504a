//! Named cases: who, what, on which target, and the rule that decides.

use super::*;
use crate::domain::access::Review;

pub(super) struct World {
    pub(super) keys: Keys,
}

pub(super) const OWNER: u8 = 1;
/// What nothing allows.
pub(super) const NOBODY_ELSE: &str = "-nobody-else";

impl World {
    /// Returns the rule that decides: `+slug` if it allows, `-slug` if it denies.
    pub(super) fn ask(&self, rights: &Rights, action: Action, target: &Target) -> String {
        match rights.may(action, target, NOW) {
            Ok(permit) => format!("+{}", permit.rule),
            Err(Denied::Rule(rule)) => format!("-{rule}"),
            Err(Denied::Token { rule, block }) => format!("-token {block} on {rule}"),
            Err(Denied::Overrun) => "overrun".into(),
        }
    }

    pub(super) fn who(&self, number: u8, roles: &[Role], amr: Amr) -> Rights {
        session(&self.keys, account_facts(account(number), roles), amr)
    }
}

pub(super) fn about(stage: Stage, part: Part, relations: Relations) -> Target {
    dossier(account(OWNER), stage, part, relations)
}

pub(super) fn none() -> Relations {
    Relations::default()
}

fn given(part: &str, verb: GrantedAction, hours: i64) -> Relations {
    let until = NOW + jiff::SignedDuration::from_hours(hours);
    Relations { grants: vec![Grant { part: part.parse().unwrap(), verb, until }], ..none() }
}

fn section(name: &str) -> Part {
    Part::Section(name.into())
}

#[test]
fn owners_guests_and_those_who_examine() {
    use Action::*;
    use GrantedAction::{Deposit, Read, Write};
    use Stage::*;
    let world = World { keys: Keys::ephemeral().unwrap() };
    let owner = world.who(OWNER, &[], Amr::Email);
    let other = world.who(2, &[], Amr::Email);
    let officer = world.who(3, &[Role::Officer], Amr::Passkey);
    let officer_by_mail = world.who(3, &[Role::Officer], Amr::Email);
    let expert = world.who(4, &[Role::Expert], Amr::Email);
    let jury = world.who(5, &[Role::Jury], Amr::Passkey);
    let assigned = Relations { assigned: true, ..none() };
    let clear = Relations { conflict: Some(false), ..assigned.clone() };
    let conflict = Relations { conflict: Some(true), ..assigned.clone() };
    let review = |own, submitted, own_submitted| Relations {
        review: Some(Review { own, submitted, own_submitted, until: ends() }),
        ..clear.clone()
    };
    let late = Relations {
        review: Some(Review {
            own: true,
            submitted: false,
            own_submitted: false,
            until: NOW - jiff::SignedDuration::from_secs(1),
        }),
        ..clear.clone()
    };
    let unassigned =
        |own, submitted, own_submitted| Relations { review: review(own, submitted, own_submitted).review, ..none() };
    let draft = |relations| about(Draft, Part::Whole, relations);
    let overview = |relations| about(Draft, Part::Overview, relations);
    let budget = |relations| about(Draft, section("budget"), relations);
    let team = |relations| about(Draft, section("team"), relations);
    let piece = |code: &str, relations| about(Draft, Part::Piece(code.into()), relations);
    let deposited = |relations| about(Deposited, Part::Deposit, relations);
    let after_deposit = |relations| about(Deposited, Part::Whole, relations);
    let withdrawn = |relations| about(Withdrawn, Part::Deposit, relations);
    let admissible = |relations| about(Admissible, Part::Deposit, relations);
    let evaluated = |relations| about(Admissible, Part::Whole, relations);
    let accountant = |hours| given("section:budget", Write, hours);
    for (name, rights, action, target, want) in [
        ("owner edits the draft", &owner, DraftWrite, draft(none()), "+owner-drafts"),
        ("owner edits after a deposit", &owner, DraftWrite, after_deposit(none()), "+owner-drafts"),
        ("owner reads the deposit", &owner, DepositRead, deposited(none()), "+owner-reads"),
        ("owner reads a withdrawn deposit", &owner, DepositRead, withdrawn(none()), "+owner-reads"),
        ("owner invites", &owner, DossierShare, draft(none()), "+owner-drafts"),
        ("another reads the draft", &other, DraftRead, draft(none()), NOBODY_ELSE),
        ("another edits", &other, DraftWrite, draft(none()), NOBODY_ELSE),
        ("another reads the deposit", &other, DepositRead, deposited(none()), NOBODY_ELSE),
        ("another invites", &other, DossierShare, draft(none()), NOBODY_ELSE),
        ("another begins", &other, DossierCreate, Target::Call, "+applicant-begins"),
        ("accountant fills the budget", &other, DraftWrite, budget(accountant(1)), "+guest-writes"),
        ("accountant reads the budget", &other, DraftRead, budget(accountant(1)), "+guest-reads"),
        ("accountant sees that it exists", &other, DraftRead, overview(accountant(1)), "+guest-enters"),
        ("accountant fills another section", &other, DraftWrite, team(accountant(1)), NOBODY_ELSE),
        ("accountant reads another section", &other, DraftRead, team(accountant(1)), NOBODY_ELSE),
        ("accountant reads all of it", &other, DraftRead, draft(accountant(1)), NOBODY_ELSE),
        ("accountant one hour late", &other, DraftWrite, budget(accountant(-1)), NOBODY_ELSE),
        ("accountant to the second", &other, DraftWrite, budget(accountant(0)), "+guest-writes"),
        ("accountant deposits", &other, DossierDeposit, draft(accountant(1)), NOBODY_ELSE),
        ("accountant invites on", &other, DossierShare, draft(given("whole", Write, 1)), NOBODY_ELSE),
        ("accountant withdraws", &other, DossierWithdraw, after_deposit(given("whole", Write, 1)), NOBODY_ELSE),
        ("reader fills", &other, DraftWrite, budget(given("section:budget", Read, 1)), NOBODY_ELSE),
        (
            "reader of the whole reads a piece",
            &other,
            DraftRead,
            piece("P9", given("whole", Read, 1)),
            "+guest-reads-whole",
        ),
        (
            "writer of the whole attaches",
            &other,
            DraftWrite,
            piece("P9", given("whole", Write, 1)),
            "+guest-writes-whole",
        ),
        (
            "holder of a piece attaches it",
            &other,
            DraftWrite,
            piece("P9", given("piece:P9", Write, 1)),
            "+guest-writes",
        ),
        (
            "holder of a piece attaches another",
            &other,
            DraftWrite,
            piece("P8", given("piece:P9", Write, 1)),
            NOBODY_ELSE,
        ),
        ("guest reads the deposit", &other, DepositRead, deposited(given("whole", Write, 1)), NOBODY_ELSE),
        ("mandated deposits", &other, DossierDeposit, draft(given("deposit", Deposit, 1)), "+guest-deposits"),
        ("mandated reads the receipt", &other, DepositRead, deposited(given("deposit", Deposit, 1)), "+guest-deposits"),
        ("mandated changes", &other, DraftWrite, draft(given("deposit", Deposit, 1)), NOBODY_ELSE),
        ("officer reads the deposit", &officer, DepositRead, deposited(none()), "+officer-reads"),
        ("officer reads a draft", &officer, DraftRead, draft(none()), NOBODY_ELSE),
        ("officer reads what was withdrawn", &officer, DepositRead, withdrawn(none()), NOBODY_ELSE),
        ("officer changes the applicant's text", &officer, DraftWrite, after_deposit(none()), NOBODY_ELSE),
        ("officer without passkey", &officer_by_mail, DepositRead, deposited(none()), NOBODY_ELSE),
        ("officer assigns", &officer, ExpertAssign, after_deposit(none()), "+officer-assigns"),
        ("officer assigns without passkey", &officer_by_mail, ExpertAssign, after_deposit(none()), NOBODY_ELSE),
        ("officer publishes", &officer, DecisionPublish, evaluated(none()), NOBODY_ELSE),
        ("officer begins a dossier", &officer, DossierCreate, Target::Call, NOBODY_ELSE),
        ("expert, assigned and clear", &expert, DepositRead, admissible(clear.clone()), "+expert-reads"),
        ("expert before admissibility", &expert, DepositRead, deposited(clear.clone()), NOBODY_ELSE),
        ("expert reads a draft", &expert, DraftRead, draft(clear.clone()), NOBODY_ELSE),
        ("expert in conflict", &expert, DepositRead, admissible(conflict.clone()), "-conflict"),
        ("expert who has not declared", &expert, DepositRead, admissible(assigned.clone()), NOBODY_ELSE),
        (
            "expert without assignment",
            &expert,
            DepositRead,
            admissible(Relations { conflict: Some(false), ..none() }),
            NOBODY_ELSE,
        ),
        ("assigned without the role", &other, DepositRead, admissible(clear.clone()), NOBODY_ELSE),
        ("expert writes", &expert, ReviewWrite, evaluated(review(true, false, false)), "+review-writes"),
        ("expert writes a second late", &expert, ReviewWrite, evaluated(late), NOBODY_ELSE),
        ("expert writes again", &expert, ReviewWrite, evaluated(review(true, true, true)), NOBODY_ELSE),
        ("expert writes another's", &expert, ReviewWrite, evaluated(review(false, false, false)), NOBODY_ELSE),
        ("expert reads their own", &expert, ReviewRead, evaluated(review(true, false, false)), "+review-own"),
        ("expert reads another's too soon", &expert, ReviewRead, evaluated(review(false, true, false)), NOBODY_ELSE),
        (
            "expert reads another's after their own",
            &expert,
            ReviewRead,
            evaluated(review(false, true, true)),
            "+review-peer",
        ),
        ("expert reads another's open one", &expert, ReviewRead, evaluated(review(false, false, true)), NOBODY_ELSE),
        ("jury reads a review", &jury, ReviewRead, evaluated(unassigned(false, true, false)), "+review-staff"),
        ("jury reads an open review", &jury, ReviewRead, evaluated(unassigned(false, false, false)), NOBODY_ELSE),
        ("owner reads a review", &owner, ReviewRead, evaluated(unassigned(false, true, false)), NOBODY_ELSE),
        ("jury reads", &jury, DepositRead, admissible(none()), "+jury-reads"),
        ("jury in conflict", &jury, DepositRead, admissible(Relations { conflict: Some(true), ..none() }), "-conflict"),
    ] {
        assert_eq!(world.ask(rights, action, &target), want, "{name}");
    }
}

#[test]
fn those_who_pay_audit_and_run_the_service() {
    use Action::*;
    use Stage::*;
    let world = World { keys: Keys::ephemeral().unwrap() };
    let of = |role| world.who(9, &[role], Amr::Passkey);
    let [senior, funder, finance, brick_owner] =
        [Role::SeniorOfficer, Role::Funder, Role::Finance, Role::BrickOwner].map(of);
    let [auditor, operator, dpo, expert] = [Role::Auditor, Role::Operator, Role::Dpo, Role::Expert].map(of);
    let adopted = || Relations { accompanies: true, ..none() };
    let deposit = |stage, relations| about(stage, Part::Deposit, relations);
    let glass = |hours| Relations { break_glass_until: Some(NOW + jiff::SignedDuration::from_hours(hours)), ..none() };
    for (name, rights, action, target, want) in [
        ("senior publishes", &senior, DecisionPublish, deposit(Admissible, none()), "+senior-decides"),
        ("funder reads the register", &funder, AidRead, Target::Call, "+funder-reads"),
        ("funder reads a dossier", &funder, DepositRead, deposit(Selected, none()), NOBODY_ELSE),
        ("finance pays", &finance, PaymentOrder, deposit(Selected, none()), "+finance-pays"),
        ("finance pays too soon", &finance, PaymentOrder, deposit(Admissible, none()), NOBODY_ELSE),
        ("finance reads contents", &finance, DepositRead, deposit(Selected, none()), NOBODY_ELSE),
        ("brick owner, selected", &brick_owner, BrickAccompany, deposit(Selected, adopted()), "+brick-accompanies"),
        ("brick owner, another brick", &brick_owner, BrickAccompany, deposit(Selected, none()), NOBODY_ELSE),
        ("brick owner before selection", &brick_owner, BrickAccompany, deposit(Admissible, adopted()), NOBODY_ELSE),
        ("auditor reads", &auditor, DepositRead, deposit(Deposited, none()), "+auditor-reads"),
        ("auditor reads a draft", &auditor, DraftRead, about(Draft, Part::Whole, none()), NOBODY_ELSE),
        ("auditor writes", &auditor, DraftWrite, about(Deposited, Part::Whole, none()), NOBODY_ELSE),
        ("auditor exports the journal", &auditor, AuditExport, Target::Call, "+auditor-lists"),
        ("operator maintains", &operator, OpsMaintain, Target::Call, "+operator-maintains"),
        ("operator reads", &operator, DepositRead, deposit(Deposited, none()), NOBODY_ELSE),
        ("operator in an emergency", &operator, DepositRead, deposit(Deposited, glass(1)), "+operator-emergency"),
        ("operator after it", &operator, DepositRead, deposit(Deposited, glass(-1)), NOBODY_ELSE),
        ("an officer with an emergency", &expert, DepositRead, deposit(Deposited, glass(1)), NOBODY_ELSE),
        ("operator allows a colleague", &operator, BreakGlassAllow, Target::Call, "+glass-allows"),
        ("dpo answers", &dpo, PersonAnswer, Target::Call, "+dpo-answers"),
        ("dpo reads contents", &dpo, DepositRead, deposit(Deposited, none()), NOBODY_ELSE),
    ] {
        assert_eq!(world.ask(rights, action, &target), want, "{name}");
    }
}

#[test]
fn what_the_database_takes_back_ends_at_once() {
    let world = World { keys: Keys::ephemeral().unwrap() };
    let target = about(Stage::Deposited, Part::Deposit, none());
    let token = |account_facts: AccountFacts, held: &[Role]| {
        let rights = session(&world.keys, account_facts, Amr::Passkey);
        let now = AccountFacts { roles: Roles::from_granted(held.iter().copied()), ..rights.account_facts().clone() };
        Rights { account_facts: Arc::new(now), ..rights }
    };
    let officer = account_facts(account(3), &[Role::Officer]);
    assert_eq!(world.ask(&token(officer.clone(), &[Role::Officer]), Action::DepositRead, &target), "+officer-reads");
    assert_eq!(world.ask(&token(officer.clone(), &[]), Action::DepositRead, &target), NOBODY_ELSE, "the role is gone");
    let promoted = token(account_facts(account(3), &[]), &[Role::Officer]);
    assert_eq!(world.ask(&promoted, Action::DepositRead, &target), NOBODY_ELSE, "the token is the ceiling");
    let suspended = AccountFacts { suspended: true, ..officer };
    assert_eq!(world.ask(&token(suspended, &[Role::Officer]), Action::DepositRead, &target), "-suspended");
}

#[test]
fn what_cannot_be_taken_back_waits_for_a_confirmation() {
    let world = World { keys: Keys::ephemeral().unwrap() };
    let target = about(Stage::Draft, Part::Whole, none());
    let owner = |has_passkey, confirmed_until| {
        session(
            &world.keys,
            AccountFacts { has_passkey, confirmed_until, ..account_facts(account(OWNER), &[]) },
            Amr::Passkey,
        )
    };
    let ask = |rights: &Rights| world.ask(rights, Action::DossierDeposit, &target);
    assert_eq!(ask(&owner(false, None)), "+owner-drafts", "nobody without a passkey is kept from depositing");
    assert_eq!(ask(&owner(true, None)), "-confirmation");
    assert_eq!(ask(&owner(true, Some(NOW - jiff::SignedDuration::from_secs(1)))), "-confirmation");
    assert_eq!(ask(&owner(true, Some(NOW))), "+owner-drafts");
    assert_eq!(
        world.ask(&owner(true, None), Action::DraftWrite, &target),
        "+owner-drafts",
        "writing is not depositing"
    );
}

/// The question stays small, however many grants a user has and whenever they end.
#[test]
fn hundreds_of_grants_lock_nobody_out() {
    let world = World { keys: Keys::ephemeral().unwrap() };
    let guest = world.who(2, &[], Amr::Email);
    let grants: Vec<Grant> = (0..2000_u16)
        .map(|number| Grant {
            part: section(&format!("s{}", number % 400)),
            verb: GrantedAction::Write,
            until: ends() + jiff::SignedDuration::from_hours(i64::from(number)),
        })
        .collect();
    let merged = Grant::merged(grants.clone());
    assert_eq!(merged.len(), 400);
    let last = ends() + jiff::SignedDuration::from_hours(1600);
    assert!(merged.iter().all(|grant| grant.until >= last), "the latest end of each");
    for grants in [grants, merged] {
        let relations = Relations { grants, ..none() };
        let asked = |action, part| world.ask(&guest, action, &about(Stage::Draft, part, relations.clone()));
        assert_eq!(asked(Action::DraftRead, Part::Overview), "+guest-enters");
        assert_eq!(asked(Action::DraftWrite, section("s7")), "+guest-writes");
        assert_eq!(asked(Action::DraftRead, Part::Whole), NOBODY_ELSE);
    }
}

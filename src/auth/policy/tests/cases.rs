//! Named cases: who, what, on which target, and the rule that decides.

use super::*;
use crate::domain::access::Review;

pub(super) struct World {
    pub(super) keys: Keys,
}

pub(super) const OWNER: u8 = 1;

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
        session(&self.keys, standing(account(number), roles), amr)
    }
}

pub(super) fn about(stage: Stage, part: Part, relations: Relations) -> Target {
    dossier(account(OWNER), stage, part, relations)
}

pub(super) fn none() -> Relations {
    Relations::default()
}

fn given(part: &str, verb: Verb, hours: i64) -> Relations {
    let until = NOW + jiff::SignedDuration::from_hours(hours);
    Relations { grants: vec![Grant { part: part.parse().unwrap(), verb, until }], ..none() }
}

fn section(name: &str) -> Part {
    Part::Section(name.into())
}

#[test]
fn owners_guests_and_those_who_examine() {
    use Action::*;
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
    let whole = || Part::Whole;
    for (name, rights, action, target, want) in [
        ("owner edits the draft", &owner, DraftWrite, about(Draft, whole(), none()), "+owner-drafts"),
        ("owner edits after a deposit", &owner, DraftWrite, about(Deposited, whole(), none()), "+owner-drafts"),
        ("owner reads the deposit", &owner, DepositRead, about(Deposited, Part::Deposit, none()), "+owner-reads"),
        (
            "owner reads a withdrawn deposit",
            &owner,
            DepositRead,
            about(Withdrawn, Part::Deposit, none()),
            "+owner-reads",
        ),
        ("owner invites", &owner, DossierShare, about(Draft, whole(), none()), "+owner-drafts"),
        ("another reads the draft", &other, DraftRead, about(Draft, whole(), none()), "-nobody-else"),
        ("another edits", &other, DraftWrite, about(Draft, whole(), none()), "-nobody-else"),
        ("another reads the deposit", &other, DepositRead, about(Deposited, Part::Deposit, none()), "-nobody-else"),
        ("another invites", &other, DossierShare, about(Draft, whole(), none()), "-nobody-else"),
        ("another begins", &other, DossierCreate, Target::Call, "+applicant-begins"),
        (
            "accountant fills the budget",
            &other,
            DraftWrite,
            about(Draft, section("budget"), given("section:budget", Verb::Write, 1)),
            "+guest-writes",
        ),
        (
            "accountant reads the budget",
            &other,
            DraftRead,
            about(Draft, section("budget"), given("section:budget", Verb::Write, 1)),
            "+guest-reads",
        ),
        (
            "accountant sees that it exists",
            &other,
            DraftRead,
            about(Draft, Part::Overview, given("section:budget", Verb::Write, 1)),
            "+guest-enters",
        ),
        (
            "accountant fills another section",
            &other,
            DraftWrite,
            about(Draft, section("team"), given("section:budget", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "accountant reads another section",
            &other,
            DraftRead,
            about(Draft, section("team"), given("section:budget", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "accountant reads all of it",
            &other,
            DraftRead,
            about(Draft, whole(), given("section:budget", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "accountant one hour late",
            &other,
            DraftWrite,
            about(Draft, section("budget"), given("section:budget", Verb::Write, -1)),
            "-nobody-else",
        ),
        (
            "accountant to the second",
            &other,
            DraftWrite,
            about(Draft, section("budget"), given("section:budget", Verb::Write, 0)),
            "+guest-writes",
        ),
        (
            "accountant deposits",
            &other,
            DossierDeposit,
            about(Draft, whole(), given("section:budget", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "accountant invites on",
            &other,
            DossierShare,
            about(Draft, whole(), given("whole", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "accountant withdraws",
            &other,
            DossierWithdraw,
            about(Deposited, whole(), given("whole", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "reader fills",
            &other,
            DraftWrite,
            about(Draft, section("budget"), given("section:budget", Verb::Read, 1)),
            "-nobody-else",
        ),
        (
            "reader of the whole reads a piece",
            &other,
            DraftRead,
            about(Draft, Part::Piece("P9".into()), given("whole", Verb::Read, 1)),
            "+guest-reads-whole",
        ),
        (
            "writer of the whole attaches",
            &other,
            DraftWrite,
            about(Draft, Part::Piece("P9".into()), given("whole", Verb::Write, 1)),
            "+guest-writes-whole",
        ),
        (
            "holder of a piece attaches it",
            &other,
            DraftWrite,
            about(Draft, Part::Piece("P9".into()), given("piece:P9", Verb::Write, 1)),
            "+guest-writes",
        ),
        (
            "holder of a piece attaches another",
            &other,
            DraftWrite,
            about(Draft, Part::Piece("P8".into()), given("piece:P9", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "guest reads the deposit",
            &other,
            DepositRead,
            about(Deposited, Part::Deposit, given("whole", Verb::Write, 1)),
            "-nobody-else",
        ),
        (
            "mandated deposits",
            &other,
            DossierDeposit,
            about(Draft, whole(), given("deposit", Verb::Deposit, 1)),
            "+guest-deposits",
        ),
        (
            "mandated reads the receipt",
            &other,
            DepositRead,
            about(Deposited, Part::Deposit, given("deposit", Verb::Deposit, 1)),
            "+guest-deposits",
        ),
        (
            "mandated changes",
            &other,
            DraftWrite,
            about(Draft, whole(), given("deposit", Verb::Deposit, 1)),
            "-nobody-else",
        ),
        ("officer reads the deposit", &officer, DepositRead, about(Deposited, Part::Deposit, none()), "+officer-reads"),
        ("officer reads a draft", &officer, DraftRead, about(Draft, whole(), none()), "-nobody-else"),
        (
            "officer reads what was withdrawn",
            &officer,
            DepositRead,
            about(Withdrawn, Part::Deposit, none()),
            "-nobody-else",
        ),
        (
            "officer changes the applicant's text",
            &officer,
            DraftWrite,
            about(Deposited, whole(), none()),
            "-nobody-else",
        ),
        (
            "officer without passkey",
            &officer_by_mail,
            DepositRead,
            about(Deposited, Part::Deposit, none()),
            "-nobody-else",
        ),
        ("officer assigns", &officer, ExpertAssign, about(Deposited, whole(), none()), "+officer-assigns"),
        (
            "officer assigns without passkey",
            &officer_by_mail,
            ExpertAssign,
            about(Deposited, whole(), none()),
            "-nobody-else",
        ),
        ("officer publishes", &officer, DecisionPublish, about(Admissible, whole(), none()), "-nobody-else"),
        ("officer begins a dossier", &officer, DossierCreate, Target::Call, "-nobody-else"),
        (
            "expert, assigned and clear",
            &expert,
            DepositRead,
            about(Admissible, Part::Deposit, clear.clone()),
            "+expert-reads",
        ),
        (
            "expert before admissibility",
            &expert,
            DepositRead,
            about(Deposited, Part::Deposit, clear.clone()),
            "-nobody-else",
        ),
        ("expert reads a draft", &expert, DraftRead, about(Draft, whole(), clear.clone()), "-nobody-else"),
        ("expert in conflict", &expert, DepositRead, about(Admissible, Part::Deposit, conflict.clone()), "-conflict"),
        (
            "expert who has not declared",
            &expert,
            DepositRead,
            about(Admissible, Part::Deposit, assigned.clone()),
            "-nobody-else",
        ),
        (
            "expert without assignment",
            &expert,
            DepositRead,
            about(Admissible, Part::Deposit, Relations { conflict: Some(false), ..none() }),
            "-nobody-else",
        ),
        (
            "assigned without the role",
            &other,
            DepositRead,
            about(Admissible, Part::Deposit, clear.clone()),
            "-nobody-else",
        ),
        (
            "expert writes",
            &expert,
            ReviewWrite,
            about(Admissible, whole(), review(true, false, false)),
            "+review-writes",
        ),
        ("expert writes a second late", &expert, ReviewWrite, about(Admissible, whole(), late), "-nobody-else"),
        (
            "expert writes again",
            &expert,
            ReviewWrite,
            about(Admissible, whole(), review(true, true, true)),
            "-nobody-else",
        ),
        (
            "expert writes another's",
            &expert,
            ReviewWrite,
            about(Admissible, whole(), review(false, false, false)),
            "-nobody-else",
        ),
        (
            "expert reads their own",
            &expert,
            ReviewRead,
            about(Admissible, whole(), review(true, false, false)),
            "+review-own",
        ),
        (
            "expert reads another's too soon",
            &expert,
            ReviewRead,
            about(Admissible, whole(), review(false, true, false)),
            "-nobody-else",
        ),
        (
            "expert reads another's after their own",
            &expert,
            ReviewRead,
            about(Admissible, whole(), review(false, true, true)),
            "+review-peer",
        ),
        (
            "expert reads another's open one",
            &expert,
            ReviewRead,
            about(Admissible, whole(), review(false, false, true)),
            "-nobody-else",
        ),
        (
            "jury reads a review",
            &jury,
            ReviewRead,
            about(Admissible, whole(), Relations { review: review(false, true, false).review, ..none() }),
            "+review-staff",
        ),
        (
            "jury reads an open review",
            &jury,
            ReviewRead,
            about(Admissible, whole(), Relations { review: review(false, false, false).review, ..none() }),
            "-nobody-else",
        ),
        (
            "owner reads a review",
            &owner,
            ReviewRead,
            about(Admissible, whole(), Relations { review: review(false, true, false).review, ..none() }),
            "-nobody-else",
        ),
        ("jury reads", &jury, DepositRead, about(Admissible, Part::Deposit, none()), "+jury-reads"),
        (
            "jury in conflict",
            &jury,
            DepositRead,
            about(Admissible, Part::Deposit, Relations { conflict: Some(true), ..none() }),
            "-conflict",
        ),
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
    let deposit = |stage, relations| about(stage, Part::Deposit, relations);
    let glass = |hours| Relations { glass_until: Some(NOW + jiff::SignedDuration::from_hours(hours)), ..none() };
    for (name, rights, action, target, want) in [
        ("senior publishes", of(Role::SeniorOfficer), DecisionPublish, deposit(Admissible, none()), "+senior-decides"),
        ("funder reads the register", of(Role::Funder), AidRead, Target::Call, "+funder-reads"),
        ("funder reads a dossier", of(Role::Funder), DepositRead, deposit(Selected, none()), "-nobody-else"),
        ("finance pays", of(Role::Finance), PaymentOrder, deposit(Selected, none()), "+finance-pays"),
        ("finance pays too soon", of(Role::Finance), PaymentOrder, deposit(Admissible, none()), "-nobody-else"),
        ("finance reads contents", of(Role::Finance), DepositRead, deposit(Selected, none()), "-nobody-else"),
        (
            "brick owner, selected",
            of(Role::BrickOwner),
            BrickAccompany,
            deposit(Selected, Relations { accompanies: true, ..none() }),
            "+brick-accompanies",
        ),
        ("brick owner, another brick", of(Role::BrickOwner), BrickAccompany, deposit(Selected, none()), "-nobody-else"),
        (
            "brick owner before selection",
            of(Role::BrickOwner),
            BrickAccompany,
            deposit(Admissible, Relations { accompanies: true, ..none() }),
            "-nobody-else",
        ),
        ("auditor reads", of(Role::Auditor), DepositRead, deposit(Deposited, none()), "+auditor-reads"),
        ("auditor reads a draft", of(Role::Auditor), DraftRead, about(Draft, Part::Whole, none()), "-nobody-else"),
        ("auditor writes", of(Role::Auditor), DraftWrite, about(Deposited, Part::Whole, none()), "-nobody-else"),
        ("auditor exports the journal", of(Role::Auditor), AuditExport, Target::Call, "+auditor-lists"),
        ("operator maintains", of(Role::Operator), OpsMaintain, Target::Call, "+operator-maintains"),
        ("operator reads", of(Role::Operator), DepositRead, deposit(Deposited, none()), "-nobody-else"),
        (
            "operator in an emergency",
            of(Role::Operator),
            DepositRead,
            deposit(Deposited, glass(1)),
            "+operator-emergency",
        ),
        ("operator after it", of(Role::Operator), DepositRead, deposit(Deposited, glass(-1)), "-nobody-else"),
        ("an officer with an emergency", of(Role::Expert), DepositRead, deposit(Deposited, glass(1)), "-nobody-else"),
        ("operator allows a colleague", of(Role::Operator), GlassAllow, Target::Call, "+glass-allows"),
        ("dpo answers", of(Role::Dpo), PersonAnswer, Target::Call, "+dpo-answers"),
        ("dpo reads contents", of(Role::Dpo), DepositRead, deposit(Deposited, none()), "-nobody-else"),
    ] {
        assert_eq!(world.ask(&rights, action, &target), want, "{name}");
    }
}

#[test]
fn what_the_database_takes_back_ends_at_once() {
    let world = World { keys: Keys::ephemeral().unwrap() };
    let target = about(Stage::Deposited, Part::Deposit, none());
    let token = |standing: AccountFacts, held: &[Role]| {
        let rights = session(&world.keys, standing, Amr::Passkey);
        let now = AccountFacts { roles: Roles::given(held.iter().copied()), ..rights.standing().clone() };
        Rights { standing: Arc::new(now), ..rights }
    };
    let officer = standing(account(3), &[Role::Officer]);
    assert_eq!(world.ask(&token(officer.clone(), &[Role::Officer]), Action::DepositRead, &target), "+officer-reads");
    assert_eq!(
        world.ask(&token(officer.clone(), &[]), Action::DepositRead, &target),
        "-nobody-else",
        "the role is gone"
    );
    let promoted = token(standing(account(3), &[]), &[Role::Officer]);
    assert_eq!(world.ask(&promoted, Action::DepositRead, &target), "-nobody-else", "the token is the ceiling");
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
            AccountFacts { has_passkey, confirmed_until, ..standing(account(OWNER), &[]) },
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
            verb: Verb::Write,
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
        assert_eq!(asked(Action::DraftRead, Part::Whole), "-nobody-else");
    }
}

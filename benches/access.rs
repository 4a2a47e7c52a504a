//! Part of `make bench-all`: what a decision about access costs, in processor time of the deciding thread, so that a busy
//! machine shows the same figures. Figures that miss their aim are marked, never left out.

#![expect(clippy::unwrap_used, clippy::float_arithmetic, reason = "a program for developers")]

use guichet::testing::{
    auth::{
        AccountFacts, ApiToken, Channel, Denied, Keys, Rights, SessionToken,
        attenuate::{Attenuation, attenuate},
        read,
    },
    domain::{
        access::{
            Action, Amr, DossierTarget, Grant, GrantedAction, Part, Relations, Review, Role, Roles, Stage, Target,
        },
        ids::{AccountId, DossierId, SessionId},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::HashSet, hint::black_box, sync::Arc};
use uuid::Uuid;

/// Measurements of each line.
const TIMES: usize = 5000;
const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);
/// The one who asks; nobody owns a dossier under this number.
const SOMEBODY: AccountId = AccountId(Uuid::from_u128(2));
const OWNER: AccountId = AccountId(Uuid::from_u128(1));
const DOSSIER: DossierId = DossierId(Uuid::from_u128(77));

/// Verification and decision together, microseconds.
const WHOLE: f64 = 150.0;
/// The decision alone, the token having been verified before.
const CACHED: f64 = 70.0;
/// One look for a revoked id.
const REVOKED: f64 = 1.0;

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let keys = Keys::ephemeral().unwrap();
    println!("{:<52} {:>8} {:>8} {:>8}", "thread CPU, microseconds", "p50", "p99", "aim");
    for question in questions() {
        let text = question.token(&keys);
        let channel = question.channel;
        line(&format!("{}: verify", question.name), None, 1, || {
            black_box(read(&keys, &text, channel, NOW).unwrap());
        });
        let bearer = Arc::new(read(&keys, &text, channel, NOW).unwrap());
        let cached = Rights::new(bearer, channel, question.account_facts());
        assert_eq!(question.rule(&cached), question.decides, "{}", question.name);
        line(&format!("{}: decide", question.name), Some(CACHED), 1, || {
            black_box(question.rule(&cached));
        });
        line(&format!("{}: verify and decide", question.name), Some(WHOLE), 1, || {
            let bearer = Arc::new(read(&keys, &text, channel, NOW).unwrap());
            black_box(question.rule(&Rights::new(bearer, channel, question.account_facts())));
        });
    }
    revoked();
}

/// Somebody who wants something, and which rule decides.
struct Question {
    name: &'static str,
    channel: Channel,
    roles: Vec<Role>,
    action: Action,
    target: Target,
    decides: &'static str,
}

impl Question {
    fn roles(&self) -> Roles {
        Roles::from_granted(self.roles.iter().copied())
    }

    fn token(&self, keys: &Keys) -> String {
        let (roles, ends) = (self.roles(), NOW + SignedDuration::from_hours(1));
        match self.channel {
            Channel::Browser => {
                let session = SessionId(Uuid::from_u128(3));
                let token = SessionToken { session, account: SOMEBODY, roles: &roles, amr: Amr::Passkey, ends };
                token.mint(keys, NOW).unwrap()
            }
            Channel::Api => {
                let id = Uuid::from_u128(4);
                let token = ApiToken { id, account: SOMEBODY, roles: &roles, actions: &[self.action], ends };
                let narrowing = Attenuation { dossier: Some(DOSSIER), until: Some(ends), ..Attenuation::default() };
                attenuate(&token.mint(keys, NOW).unwrap(), &narrowing).unwrap()
            }
        }
    }

    fn account_facts(&self) -> AccountFacts {
        AccountFacts {
            account: SOMEBODY,
            roles: self.roles(),
            suspended: false,
            confirmed_until: Some(NOW),
            stepped_up: true,
            has_passkey: true,
            passkeys_required: true,
        }
    }

    fn rule(&self, rights: &Rights) -> &'static str {
        match rights.may(self.action, &self.target, NOW) {
            Ok(permit) => permit.rule.slug(),
            Err(Denied::Rule(rule)) => rule.slug(),
            Err(Denied::Token { .. }) => "the token",
            Err(Denied::Overrun) => "overrun",
        }
    }
}

fn questions() -> Vec<Question> {
    let until = NOW + SignedDuration::from_hours(1);
    let about =
        |owner, stage, part, relations| Target::Dossier(DossierTarget { id: DOSSIER, owner, stage, part, relations });
    // Twelve parts given, beside what is known of everybody: more than 25 facts.
    let grants = |verb| (1..=12).map(move |n| Grant { part: Part::Piece(format!("P{n}")), verb, until }).collect();
    let guest = Relations { grants: grants(GrantedAction::Write), ..Relations::default() };
    let review = Review { own: false, submitted: true, own_submitted: true, until };
    let expert = Relations {
        grants: grants(GrantedAction::Read),
        assigned: true,
        conflict: Some(false),
        accompanies: true,
        break_glass_until: Some(until),
        review: Some(review),
    };
    let browser = |name, roles: &[Role], action, target, decides| Question {
        name,
        channel: Channel::Browser,
        roles: roles.to_vec(),
        action,
        target,
        decides,
    };
    let piece = || Part::Piece("P12".into());
    vec![
        browser(
            "owner writes",
            &[],
            Action::DraftWrite,
            about(SOMEBODY, Stage::Draft, piece(), Relations::default()),
            "owner-drafts",
        ),
        browser(
            "guest of 12 parts writes",
            &[],
            Action::DraftWrite,
            about(OWNER, Stage::Draft, piece(), guest.clone()),
            "guest-writes",
        ),
        browser(
            "officer reads",
            &[Role::Officer],
            Action::DepositRead,
            about(OWNER, Stage::Deposited, Part::Deposit, Relations::default()),
            "officer-reads",
        ),
        browser(
            "everything known, nothing allowed",
            &[Role::Expert],
            Action::DossierWithdraw,
            about(OWNER, Stage::Admissible, piece(), expert),
            "nobody-else",
        ),
        Question {
            name: "narrowed API token of a guest",
            channel: Channel::Api,
            ..browser("", &[], Action::DraftWrite, about(OWNER, Stage::Draft, piece(), guest), "guest-writes")
        },
    ]
}

/// Looks in a set as a service keeps it from `/.well-known/guichet-revoked`: halves of ids, half of them revoked.
fn revoked() {
    let id = |number: u64| {
        let mut id = [0; 32];
        for (at, part) in id.chunks_mut(8).enumerate() {
            part.copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(at as u32 * 16).to_le_bytes());
        }
        id
    };
    let set: HashSet<[u8; 32]> = (0..100_000).map(id).collect();
    assert_eq!(set.len(), 100_000);
    let mut number = 0;
    line("one id among 100,000 revoked", Some(REVOKED), 1000, || {
        number += 1;
        black_box(set.contains(&id(black_box(number * 40 % 200_000))));
    });
}

/// Measures something and prints its line; `at_once` of it are one measurement, where one is shorter than the clock is fine.
fn line(name: &str, aim: Option<f64>, at_once: usize, mut what: impl FnMut()) {
    for _warm in 0..TIMES / 10 {
        what();
    }
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let before = cpu();
            for _ in 0..at_once {
                what();
            }
            (cpu() - before) as f64 / 1000.0 / at_once as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (p50, p99) = (times[TIMES / 2], times[TIMES * 99 / 100]);
    let aimed = aim.map_or_else(String::new, |aim| format!("{aim:.1}"));
    let missed = if aim.is_some_and(|aim| p50 > aim) { "MISSED" } else { "" };
    println!("{name:<52} {p50:>8.2} {p99:>8.2} {aimed:>8} {missed}");
}

/// Nanoseconds of processor time that this thread has had.
fn cpu() -> i64 {
    let spent = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap();
    spent.tv_sec() * 1_000_000_000 + spent.tv_nsec()
}

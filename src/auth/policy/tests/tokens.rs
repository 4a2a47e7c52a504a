//! Tokens that are forged, widened, used elsewhere or expired.

use super::*;
use crate::auth::ApiToken;
use biscuit_auth::{KeyPair, UnverifiedBiscuit, builder::BlockBuilder};

struct Program {
    keys: Keys,
}

impl Program {
    fn token(&self, actions: &[Action]) -> String {
        self.signed_by(&self.keys, &[], actions)
    }

    fn signed_by(&self, keys: &Keys, roles: &[Role], actions: &[Action]) -> String {
        let roles = Roles::from_granted(roles.iter().copied());
        ApiToken { id: Uuid::now_v7(), account: account(1), roles: &roles, actions, ends: ends() }
            .mint(keys, NOW)
            .unwrap()
    }

    /// Whether a token permits reading the owner's draft; an error if it is not a valid token.
    fn reads(&self, text: &str, part: Part) -> Result<bool, crate::auth::TokenError> {
        let bearer = read(&self.keys, text, Channel::Api, NOW)?;
        let rights = Rights::new(Arc::new(bearer), Channel::Api, account_facts(account(1), &[]));
        let target = dossier(account(1), Stage::Draft, part, Relations::default());
        Ok(rights.may(Action::DraftRead, &target, NOW).is_ok())
    }
}

fn narrowed(text: &str, code: &str) -> String {
    let block = BlockBuilder::new().code(code).unwrap();
    UnverifiedBiscuit::from_base64(text).unwrap().append(block).unwrap().to_base64().unwrap()
}

#[test]
fn tokens_end_to_the_second_and_stay_in_their_channel() {
    let program = Program { keys: Keys::ephemeral().unwrap() };
    let rights = session(&program.keys, account_facts(account(1), &[]), Amr::Email);
    let target = dossier(account(1), Stage::Draft, Part::Whole, Relations::default());
    assert!(rights.may(Action::DraftRead, &target, ends()).is_ok());
    let late = ends() + jiff::SignedDuration::from_secs(1);
    assert!(matches!(rights.may(Action::DraftRead, &target, late), Err(Denied::Token { block: 0, .. })));
    let api = program.token(&[Action::DraftRead]);
    assert!(read(&program.keys, &api, Channel::Browser, NOW).is_err(), "an API token in a cookie");
    let bearer = Arc::new(read(&program.keys, &api, Channel::Api, NOW).unwrap());
    let account_facts = account_facts(account(1), &[]);
    let by = |channel| Rights::new(bearer.clone(), channel, account_facts.clone());
    assert!(by(Channel::Api).may(Action::DraftRead, &target, NOW).is_ok());
    assert!(by(Channel::Api).may(Action::DraftWrite, &target, NOW).is_err(), "not in its actions");
    assert!(by(Channel::Browser).may(Action::DraftRead, &target, NOW).is_err());
}

#[test]
fn holders_narrow_but_never_widen() {
    let program = Program { keys: Keys::ephemeral().unwrap() };
    let api = program.token(&[Action::DraftRead]);
    let reads = |text: &str| program.reads(text, Part::Whole);
    assert!(reads(&api).unwrap());
    assert!(!reads(&narrowed(&api, r#"check if dossier("another")"#)).unwrap());
    assert!(reads(&narrowed(&api, "check if time($t), $t <= 2030-01-01T00:00:00Z")).unwrap());
    assert!(!reads(&narrowed(&api, "check if time($t), $t <= 2020-01-02T00:00:00Z")).unwrap());
    let piece = narrowed(&api, r#"check if piece("P9")"#);
    assert!(!reads(&piece).unwrap());
    assert!(program.reads(&piece, Part::Piece("P9".into())).unwrap());
    assert!(!program.reads(&piece, Part::Piece("P8".into())).unwrap());
    let twice = narrowed(&piece, r#"check if operation("draft:read")"#);
    assert!(program.reads(&twice, Part::Piece("P9".into())).unwrap());
    let wider = narrowed(&api, r#"check if operation("draft:write") or operation("draft:read")"#);
    let rights = Rights::new(
        Arc::new(read(&program.keys, &wider, Channel::Api, NOW).unwrap()),
        Channel::Api,
        account_facts(account(1), &[]),
    );
    let target = dossier(account(1), Stage::Draft, Part::Whole, Relations::default());
    assert!(rights.may(Action::DraftWrite, &target, NOW).is_err(), "a check adds no right");
}

#[test]
fn the_admission_filter_keeps_out_what_burns_or_lies() {
    let program = Program { keys: Keys::ephemeral().unwrap() };
    let api = program.token(&[Action::DraftRead]);
    let set = (0..40).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    for (what, code) in [
        ("facts", r#"role("officer")"#.to_owned()),
        ("another user", format!(r#"user("{}")"#, account(2))),
        ("rules", "big($a, $b) <- user($a), user($b)".into()),
        ("regular expressions", r#"check if user($u), $u.matches("(a+)+")"#.into()),
        ("closures", format!("check if {{{set}}}.any($a -> {{{set}}}.any($b -> $a + $b < 0))")),
        ("a wide join", "check if user($a), user($b), user($c)".into()),
        ("trust in others", "check if user($u) trusting previous".into()),
        ("arithmetic", "check if time($t), 1 + 1 == 2".into()),
        ("what the policy concludes", "check if strong(true)".into()),
        ("the lack of what the policy concludes", r#"reject if acts("expert")"#.into()),
        ("many checks", "check if user($u);".repeat(9)),
        ("many alternatives", format!("check if {}", ["user($u)"; 5].join(" or "))),
    ] {
        assert!(program.reads(&narrowed(&api, &code), Part::Whole).is_err(), "{what}");
    }
    let mut long = api.clone();
    for _ in 0..4 {
        long = narrowed(&long, "check if user($u)");
    }
    assert!(program.reads(&long, Part::Whole).unwrap());
    assert!(program.reads(&narrowed(&long, "check if user($u)"), Part::Whole).is_err(), "a fifth block");
}

#[test]
fn bombs_cost_no_time() {
    let program = Program { keys: Keys::ephemeral().unwrap() };
    let api = program.token(&[Action::DraftRead]);
    let facts: String = (0..20).map(|i| format!("n({i});")).collect();
    let bomb = narrowed(&api, &format!("{facts} check if n($a), n($b), n($c), n($d), $a + $b + $c + $d < 0"));
    let began = std::time::Instant::now();
    for _ in 0..20 {
        assert!(program.reads(&bomb, Part::Whole).is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn forged_and_broken_tokens_are_none() {
    let program = Program { keys: Keys::ephemeral().unwrap() };
    let stranger = Keys::ephemeral().unwrap();
    let forged = program.signed_by(&stranger, &[Role::Officer], &[Action::RoundList]);
    assert!(program.reads(&forged, Part::Whole).is_err(), "signed by another key");
    let session = session_text(&program.keys);
    assert!(program.reads(&session, Part::Whole).is_err(), "a session in the header");
    for text in ["", "AAAA", &"A".repeat(10_000), "é", &session[..session.len() / 2]] {
        assert!(program.reads(text, Part::Whole).is_err());
    }
    let sealed = UnverifiedBiscuit::from_base64(&session).unwrap().append(BlockBuilder::new());
    assert!(sealed.is_err(), "a browser's token cannot be narrowed");
    // A token of ours with a P-256 root would let its holder change its revocation id. No such root is accepted.
    let p256 = KeyPair::new_with_algorithm(biscuit_auth::builder::Algorithm::Secp256r1);
    let other = biscuit_auth::macros::biscuit!(r#"user("x")"#).build(&p256).unwrap().to_base64().unwrap();
    assert!(program.reads(&other, Part::Whole).is_err());
}

fn session_text(keys: &Keys) -> String {
    let roles = Roles::from_granted([]);
    let session = SessionId(Uuid::now_v7());
    SessionToken { session, account: account(1), roles: &roles, amr: Amr::Email, ends: ends() }.mint(keys, NOW).unwrap()
}

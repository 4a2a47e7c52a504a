use super::*;
use crate::{
    auth::{Keys, api_token, read, session_token},
    domain::{
        access::Role,
        ids::{AccountId, DossierId, SessionId},
    },
};
use biscuit_auth::{UnverifiedBiscuit, builder::BlockBuilder};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);

struct World {
    keys: Keys,
    ada: AccountId,
    bob: AccountId,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    World {
        keys: Keys::open(folder.path(), None).unwrap(),
        ada: AccountId(Uuid::now_v7()),
        bob: AccountId(Uuid::now_v7()),
        _folder: folder,
    }
}

fn ends() -> Timestamp {
    NOW + jiff::SignedDuration::from_hours(1)
}

impl World {
    fn session(&self, who: AccountId, role: Role) -> Rights {
        let text = session_token(&self.keys, SessionId(Uuid::now_v7()), who, role, ends()).unwrap();
        Rights::new(Arc::new(read(&self.keys, &text, Channel::Browser).unwrap()), Channel::Browser)
    }

    fn api(&self, actions: &[Action]) -> String {
        api_token(&self.keys, Uuid::now_v7(), self.ada, Role::Applicant, actions, ends()).unwrap()
    }

    fn dossier(&self, deposited: bool) -> Target {
        Target::Dossier { id: DossierId(Uuid::now_v7()), owner: self.ada, deposited }
    }
}

/// Role × action × target as a person reads it; a change of the policy shows here.
#[test]
fn the_matrix() {
    let world = world();
    let who = [
        ("owner", world.session(world.ada, Role::Applicant)),
        ("other", world.session(world.bob, Role::Applicant)),
        ("officer", world.session(world.bob, Role::Officer)),
    ];
    let mut matrix = String::new();
    for action in Action::ALL {
        for (target, name) in
            [(Target::Call, "call"), (world.dossier(false), "draft"), (world.dossier(true), "deposited")]
        {
            let row: String =
                who.iter().map(|(_, rights)| if rights.may(action, target, NOW).is_ok() { '✔' } else { '✘' }).collect();
            matrix.push_str(&format!("{:<17} {name:<9} {row}\n", action.slug()));
        }
    }
    assert_eq!(
        matrix,
        "\
dossier:create    call      ✔✔✘
dossier:create    draft     ✔✔✘
dossier:create    deposited ✔✔✘
draft:read        call      ✘✘✘
draft:read        draft     ✔✘✘
draft:read        deposited ✔✘✘
draft:write       call      ✘✘✘
draft:write       draft     ✔✘✘
draft:write       deposited ✔✘✘
dossier:deposit   call      ✘✘✘
dossier:deposit   draft     ✔✘✘
dossier:deposit   deposited ✔✘✘
dossier:withdraw  call      ✘✘✘
dossier:withdraw  draft     ✔✘✘
dossier:withdraw  deposited ✔✘✘
deposit:read      call      ✘✘✘
deposit:read      draft     ✔✘✘
deposit:read      deposited ✔✘✔
round:list        call      ✘✘✔
round:list        draft     ✘✘✔
round:list        deposited ✘✘✔
"
    );
}

#[test]
fn tokens_end_on_time_and_stay_in_their_channel() {
    let world = world();
    let rights = world.session(world.ada, Role::Applicant);
    let target = world.dossier(false);
    assert_eq!(rights.may(Action::DraftRead, target, ends()), Ok(()));
    let late = ends() + jiff::SignedDuration::from_secs(1);
    assert_eq!(rights.may(Action::DraftRead, target, late), Err(Denied::Policy));
    let api = world.api(&[Action::DraftRead]);
    assert!(read(&world.keys, &api, Channel::Browser).is_err(), "an API token in a cookie");
    let bearer = Arc::new(read(&world.keys, &api, Channel::Api).unwrap());
    assert_eq!(Rights::new(bearer.clone(), Channel::Api).may(Action::DraftRead, target, NOW), Ok(()));
    assert!(
        Rights::new(bearer.clone(), Channel::Api).may(Action::DraftWrite, target, NOW).is_err(),
        "not in its actions"
    );
    assert!(Rights::new(bearer, Channel::Browser).may(Action::DraftRead, target, NOW).is_err());
}

fn narrowed(text: &str, code: &str) -> String {
    let block = BlockBuilder::new().code(code).unwrap();
    UnverifiedBiscuit::from_base64(text).unwrap().append(block).unwrap().to_base64().unwrap()
}

#[test]
fn holders_narrow_but_never_widen() {
    let world = world();
    let api = world.api(&[Action::DraftRead]);
    let target = world.dossier(false);
    let may = |text: &str| {
        read(&world.keys, text, Channel::Api)
            .map(|bearer| Rights::new(Arc::new(bearer), Channel::Api).may(Action::DraftRead, target, NOW).is_ok())
    };
    assert!(may(&api).unwrap());
    assert!(!may(&narrowed(&api, r#"check if dossier("another")"#)).unwrap());
    assert!(may(&narrowed(&api, "check if time($t), $t <= 2030-01-01T00:00:00Z")).unwrap());
    assert!(may(&narrowed(&api, r#"role("officer")"#)).is_err(), "facts by the holder");
    assert!(may(&narrowed(&api, "big($a, $b) <- user($a), user($b)")).is_err(), "rules by the holder");
    assert!(may(&narrowed(&api, r#"check if user($u), $u.matches("(a+)+")"#)).is_err(), "regular expressions");
    let other = tempfile::tempdir().unwrap();
    let stranger = Keys::open(other.path(), None).unwrap();
    let forged = api_token(&stranger, Uuid::now_v7(), world.ada, Role::Officer, &[Action::RoundList], ends()).unwrap();
    assert!(may(&forged).is_err(), "signed by another key");
    assert!(may("").is_err() && may("AAAA").is_err() && may(&"A".repeat(10_000)).is_err());
}

//! Named cases of the examination: admission, assignment, declarations and lists of dossiers to evaluate.

use super::{
    cases::{OWNER, World, about, none},
    *,
};

#[test]
fn those_who_admit_assign_and_declare() {
    use Action::*;
    use Stage::*;
    let world = World { keys: Keys::ephemeral().unwrap() };
    let owner = world.who(OWNER, &[], Amr::Email);
    let own_officer = world.who(OWNER, &[Role::Officer], Amr::Passkey);
    let other = world.who(2, &[], Amr::Email);
    let officer = world.who(3, &[Role::Officer], Amr::Passkey);
    let officer_by_mail = world.who(3, &[Role::Officer], Amr::Email);
    let expert = world.who(4, &[Role::Expert], Amr::Email);
    let jury = world.who(5, &[Role::Jury], Amr::Passkey);
    let jury_by_mail = world.who(5, &[Role::Jury], Amr::Email);
    let assigned = Relations { assigned: true, ..none() };
    let clear = Relations { conflict: Some(false), ..assigned.clone() };
    let conflict = Relations { conflict: Some(true), ..assigned.clone() };
    let whole = || Part::Whole;
    for (name, rights, action, target, want) in [
        ("officer admits", &officer, DossierAdmit, about(Deposited, whole(), none()), "+officer-admits"),
        (
            "officer takes an admission back",
            &officer,
            DossierAdmit,
            about(Admissible, whole(), none()),
            "+officer-admits",
        ),
        ("officer admits a draft", &officer, DossierAdmit, about(Draft, whole(), none()), "-nobody-else"),
        (
            "officer admits what was withdrawn",
            &officer,
            DossierAdmit,
            about(Withdrawn, whole(), none()),
            "-nobody-else",
        ),
        (
            "officer in conflict admits",
            &officer,
            DossierAdmit,
            about(Deposited, whole(), conflict.clone()),
            "-conflict",
        ),
        ("officer in conflict reads", &officer, DepositRead, about(Deposited, whole(), conflict.clone()), "-conflict"),
        (
            "officer without passkey admits",
            &officer_by_mail,
            DossierAdmit,
            about(Deposited, whole(), none()),
            "-nobody-else",
        ),
        ("owner admits", &owner, DossierAdmit, about(Deposited, whole(), none()), "-own-dossier"),
        ("expert admits", &expert, DossierAdmit, about(Deposited, whole(), assigned.clone()), "-nobody-else"),
        ("officer admits their own", &own_officer, DossierAdmit, about(Deposited, whole(), none()), "-own-dossier"),
        ("officer assigns their own", &own_officer, ExpertAssign, about(Admissible, whole(), none()), "-own-dossier"),
        ("officer reads their own", &own_officer, DepositRead, about(Deposited, whole(), none()), "+owner-reads"),
        ("officer declares", &officer, InterestDeclare, about(Deposited, Part::Overview, none()), "+officer-declares"),
        (
            "officer declares again",
            &officer,
            InterestDeclare,
            about(Deposited, Part::Overview, conflict.clone()),
            "-conflict",
        ),
        (
            "expert learns whose it is",
            &expert,
            InterestDeclare,
            about(Admissible, Part::Overview, assigned.clone()),
            "+expert-declares",
        ),
        (
            "expert finds a conflict after having declared none",
            &expert,
            InterestDeclare,
            about(Admissible, Part::Overview, clear.clone()),
            "+expert-declares",
        ),
        (
            "expert takes a conflict back",
            &expert,
            InterestDeclare,
            about(Admissible, Part::Overview, conflict.clone()),
            "-conflict",
        ),
        (
            "expert learns of what was not given",
            &expert,
            InterestDeclare,
            about(Admissible, whole(), none()),
            "-nobody-else",
        ),
        (
            "expert learns of what is not admissible",
            &expert,
            InterestDeclare,
            about(Deposited, whole(), assigned.clone()),
            "-nobody-else",
        ),
        ("expert lists", &expert, ReviewList, Target::Call, "+reviewers-list"),
        ("jury lists", &jury, ReviewList, Target::Call, "+reviewers-list"),
        ("jury without passkey lists", &jury_by_mail, ReviewList, Target::Call, "-nobody-else"),
        ("officer lists reviews", &officer, ReviewList, Target::Call, "-nobody-else"),
        ("jury declares", &jury, InterestDeclare, about(Admissible, Part::Overview, none()), "+jury-declares"),
        ("jury declares too soon", &jury, InterestDeclare, about(Deposited, Part::Overview, none()), "-nobody-else"),
        ("another declares", &other, InterestDeclare, about(Admissible, Part::Overview, none()), "-nobody-else"),
    ] {
        assert_eq!(world.ask(rights, action, &target), want, "{name}");
    }
}

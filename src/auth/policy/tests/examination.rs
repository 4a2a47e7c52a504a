//! Named cases of the examination: admission, assignment, declarations and lists of dossiers to evaluate.

use super::{
    cases::{NOBODY_ELSE, OWNER, World, about, none},
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
    let draft = |relations| about(Draft, Part::Whole, relations);
    let deposited = |relations| about(Deposited, Part::Whole, relations);
    let withdrawn = |relations| about(Withdrawn, Part::Whole, relations);
    let admissible = |relations| about(Admissible, Part::Whole, relations);
    let deposited_overview = |relations| about(Deposited, Part::Overview, relations);
    let overview = |relations| about(Admissible, Part::Overview, relations);
    for (name, rights, action, target, want) in [
        ("officer admits", &officer, DossierAdmit, deposited(none()), "+officer-admits"),
        ("officer takes an admission back", &officer, DossierAdmit, admissible(none()), "+officer-admits"),
        ("officer admits a draft", &officer, DossierAdmit, draft(none()), NOBODY_ELSE),
        ("officer admits what was withdrawn", &officer, DossierAdmit, withdrawn(none()), NOBODY_ELSE),
        ("officer in conflict admits", &officer, DossierAdmit, deposited(conflict.clone()), "-conflict"),
        ("officer in conflict reads", &officer, DepositRead, deposited(conflict.clone()), "-conflict"),
        ("officer without passkey admits", &officer_by_mail, DossierAdmit, deposited(none()), NOBODY_ELSE),
        ("owner admits", &owner, DossierAdmit, deposited(none()), "-own-dossier"),
        ("expert admits", &expert, DossierAdmit, deposited(assigned.clone()), NOBODY_ELSE),
        ("officer admits their own", &own_officer, DossierAdmit, deposited(none()), "-own-dossier"),
        ("officer assigns their own", &own_officer, ExpertAssign, admissible(none()), "-own-dossier"),
        ("officer reads their own", &own_officer, DepositRead, deposited(none()), "+owner-reads"),
        ("officer declares", &officer, InterestDeclare, deposited_overview(none()), "+officer-declares"),
        ("officer declares again", &officer, InterestDeclare, deposited_overview(conflict.clone()), "-conflict"),
        ("expert learns whose it is", &expert, InterestDeclare, overview(assigned.clone()), "+expert-declares"),
        (
            "expert finds a conflict after having declared none",
            &expert,
            InterestDeclare,
            overview(clear.clone()),
            "+expert-declares",
        ),
        ("expert takes a conflict back", &expert, InterestDeclare, overview(conflict.clone()), "-conflict"),
        ("expert learns of what was not given", &expert, InterestDeclare, admissible(none()), NOBODY_ELSE),
        ("expert learns of what is not admissible", &expert, InterestDeclare, deposited(assigned.clone()), NOBODY_ELSE),
        ("expert lists", &expert, ReviewList, Target::Call, "+reviewers-list"),
        ("jury lists", &jury, ReviewList, Target::Call, "+reviewers-list"),
        ("jury without passkey lists", &jury_by_mail, ReviewList, Target::Call, NOBODY_ELSE),
        ("officer lists reviews", &officer, ReviewList, Target::Call, NOBODY_ELSE),
        ("jury declares", &jury, InterestDeclare, overview(none()), "+jury-declares"),
        ("jury declares too soon", &jury, InterestDeclare, deposited_overview(none()), NOBODY_ELSE),
        ("another declares", &other, InterestDeclare, overview(none()), NOBODY_ELSE),
    ] {
        assert_eq!(world.ask(rights, action, &target), want, "{name}");
    }
}

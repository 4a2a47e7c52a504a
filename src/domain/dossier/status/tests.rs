use super::*;
use crate::domain::{
    document::Document,
    fixture::{CALL, at},
    ids::{AccountId, DossierId},
    text::Lang,
};
use uuid::Uuid;

/// Deposited one minute earlier, at revision 3.
fn dossier(round: &str, revision: u64, deposited: bool) -> Dossier {
    let begun = at("2024-07-01T10:00:00+02:00");
    let deposit =
        Deposit { version: 1, receipt: "2024-000001".into(), at: at("2024-07-31T23:59:59.999+02:00"), revision: 3 };
    Dossier {
        id: DossierId(Uuid::from_u128(1)),
        call: CALL.id.clone(),
        round: RoundId(round.into()),
        owner: AccountId(Uuid::from_u128(2)),
        draft: Document::default(),
        revision,
        deposit: deposited.then_some(deposit),
        admission: None,
        versions: u32::from(deposited),
        created_at: begun,
        changed_at: begun,
        changes: crate::domain::dossier::ChangeLog::default(),
        withdrawn_at: None,
        deleted_at: None,
    }
}

fn status(dossier: &Dossier, now: &str) -> DepositStatus {
    DepositStatus::of(&CALL, CALL.round(&dossier.round).unwrap(), dossier, at(now))
}

const LAST: &str = "2024-07-31T23:59:59.999+02:00";
const CLOSED: &str = "2024-08-01T00:00:00+02:00";
/// The demonstration's round is open at this time.
const YEARS_LATER: &str = "2026-11-27T10:00:00+01:00";

#[test]
fn what_may_be_done_changes_at_the_closing_to_the_millisecond() {
    type Moment<'a> = (Dossier, &'a [PossibleAction], &'a [PossibleAction], &'a [PossibleAction]);
    use PossibleAction::{CarryOver, Deposit, Edit, Replace, Withdraw};
    let table: [Moment<'_>; 4] = [
        (dossier("2024", 2, false), &[Edit, Deposit], &[Edit], &[Edit, CarryOver]),
        (dossier("2024", 3, true), &[Edit, Withdraw], &[Edit, Withdraw], &[Edit, Withdraw]),
        (dossier("2024", 4, true), &[Edit, Replace, Withdraw], &[Edit, Withdraw], &[Edit, Withdraw, CarryOver]),
        (
            Dossier { withdrawn_at: Some(at(LAST)), ..dossier("2024", 4, false) },
            &[Edit, Deposit],
            &[Edit],
            &[Edit, CarryOver],
        ),
    ];
    for (dossier, open, closed, later) in table {
        let state = dossier.state();
        assert_eq!(status(&dossier, LAST).possible_actions(), open, "{state:?} while open");
        assert_eq!(status(&dossier, CLOSED).possible_actions(), closed, "{state:?} once closed");
        assert_eq!(status(&dossier, YEARS_LATER).possible_actions(), later, "{state:?} while another is open");
    }
    let open = dossier("demonstration", 2, false);
    assert!(!status(&open, YEARS_LATER).allows(CarryOver), "a draft of an open round is deposited where it is");
}

#[test]
fn what_was_sealed_is_judged_as_of_then() {
    let sealed = dossier("2024", 3, true);
    assert_eq!(status(&sealed, YEARS_LATER).evaluated_at(), at(LAST), "not by the rules of another day");
    assert!(status(&sealed, YEARS_LATER).shows_progress() && !status(&sealed, YEARS_LATER).counts_missing());
    let changed = dossier("2024", 4, true);
    assert_eq!(status(&changed, LAST).evaluated_at(), at(LAST));
    assert!(!status(&changed, CLOSED).shows_progress(), "nothing of it can be deposited any more");
}

#[test]
fn every_change_that_the_sentence_shows_changes_the_mark() {
    let marks = [
        status(&dossier("2024", 3, false), LAST),
        status(&dossier("2024", 4, false), LAST),
        status(&dossier("2024", 3, true), LAST),
        status(&dossier("2024", 4, true), LAST),
        status(&dossier("2024", 4, true), CLOSED),
        status(&Dossier { withdrawn_at: Some(at(LAST)), ..dossier("2024", 4, false) }, LAST),
    ]
    .map(|status| status.version_tag());
    let different: std::collections::BTreeSet<_> = marks.iter().collect();
    assert_eq!(different.len(), marks.len(), "{marks:?}");
}

#[test]
fn the_page_is_told_when_the_round_changes_by_itself() {
    let draft = dossier("2024", 2, false);
    assert_eq!(status(&draft, LAST).changes_in(), Some(2), "asked one millisecond after the closing, not before");
    assert_eq!(status(&draft, CLOSED).changes_in(), None);
    assert_eq!(status(&dossier("2025", 2, false), LAST).changes_in(), None, "a round without dates");
}

#[test]
fn a_receipt_speaks_for_itself() {
    let said = |is_current| plain(&receipt_sentence(&CALL, "2024-000001", at(LAST), is_current), &Lang::Fr);
    assert_eq!(said(true), "Déposé le 31 juillet 2024 à 23\u{a0}h\u{a0}59 (heure de Paris) – reçu n°\u{a0}2024-000001");
    assert!(said(false).ends_with(" – cette version n’est plus en vigueur"));
}

//! What the owner is told of those who have read: nobody hides behind repetition, or behind a role that has ended.

use super::{give, guest, in_days, invitations::store, someone};
use crate::harness::{Actor, installation::wait_for_async, sample};
use guichet::testing::{
    domain::{
        event::{Event, EventKind},
        ids::DossierId,
    },
    store::{account, journal},
};
use serde_json::json;

/// The lines of who has read, a page of them.
async fn lines(owner: &mut Actor, id: &str, page: u32) -> Vec<String> {
    let body = owner.get(&format!("/dossiers/{id}/guests?readings={page}")).await.expect(200).body;
    let table = body.split("id=\"readings-title\"").nth(1).unwrap().to_owned();
    table.split("<tr>").skip(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn many_views_of_a_page_are_one_line_and_hide_nothing() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let email = someone();
    give(&mut ada, &id, &email, &[("part.section:budget", "read"), ("part.piece:P9", "read")]).await;
    let mut reader = guest(&email).await;
    reader.get(&format!("/dossiers/{id}/pieces/P9")).await.expect(200);
    for _ in 0..120 {
        reader.get(&format!("/dossiers/{id}/edit/budget")).await.expect(200);
    }
    wait_for_async("the readings", async || {
        lines(&mut ada, &id, 1).await.iter().any(|line| line.contains("(120 fois)"))
    })
    .await;
    let told = lines(&mut ada, &id, 1).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("a lu") && told[1].contains("a ouvert P9"), "{told:?}");
    assert!(lines(&mut ada, &id, 2).await.is_empty());
}

#[tokio::test]
async fn a_guest_whose_role_has_ended_is_told_by_address() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let (former, present) = (someone(), someone());
    for (email, days) in [(&former, -1), (&present, 7)] {
        ada.at.command(&["access", "give", email, "--role", "auditor", "--until", &in_days(days)]).await;
        give(&mut ada, &id, email, &[("part.section:budget", "read")]).await;
        guest(email).await.get(&format!("/dossiers/{id}/edit/budget")).await.expect(200);
    }
    wait_for_async("both readings", async || lines(&mut ada, &id, 1).await.len() == 2).await;
    let told = lines(&mut ada, &id, 1).await.concat();
    assert!(told.contains(&former) && told.contains(&present) && !told.contains("auditeur"), "{told}");
}

#[tokio::test]
async fn older_readings_are_on_the_next_page() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let email = someone();
    guest(&email).await;
    let store = store();
    let mut tx = store.begin().await.unwrap();
    let actor = account::by_email(&mut tx, &email).await.unwrap().map(|account| account.id);
    let dossier = Some(DossierId(id.parse().unwrap()));
    for number in 0..130 {
        let data = json!({ "part": format!("section:s{number}"), "rule": "guest-reads" });
        let event = Event { kind: EventKind::DraftRead, at: jiff::Timestamp::now(), actor, dossier, data };
        journal::append(&mut tx, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (newer, older) = (lines(&mut ada, &id, 1).await, lines(&mut ada, &id, 2).await);
    assert_eq!((newer.len(), older.len()), (100, 30));
    assert!(newer[0].contains("s129") && older[0].contains("s29") && older[29].contains("s0"), "{older:?}");
    let page = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
    assert!(page.contains("?readings=2#readings-title") && !page.contains("?readings=0"), "{page}");
}

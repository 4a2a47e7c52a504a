//! A draft that its round has closed over goes on in another round.

use super::{
    delegation::{in_days, invitations::store},
    deposit_status::change,
};
use crate::harness::{Actor, sample};
use guichet::testing::{
    domain::{calendar::RoundId, ids::DossierId},
    store::journal,
};
use jiff::civil::date;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

/// Somebody with a complete draft of the round that closed in 2024, who comes back today.
async fn left_over() -> (Actor, String) {
    let email = format!("{}@exemple.fr", Uuid::now_v7().simple());
    let mut then = Actor::anon();
    then.when("2024-07-31T22:30:00+02:00");
    then.sign_in(&email).await;
    let id = sample::complete(&mut then, "2024", date(2024, 7, 31)).await;
    let mut now = Actor::anon();
    now.sign_in(&email).await;
    (now, id)
}

async fn events(id: &str) -> Vec<String> {
    let store = store();
    let mut db = store.write().await.unwrap();
    journal::kinds_of_dossier(&mut db, DossierId(id.parse().unwrap())).await.unwrap()
}

#[tokio::test]
async fn answers_and_pieces_go_to_the_open_round_and_the_draft_stays() {
    let (mut ada, id) = left_over().await;
    let list = ada.get("/dossiers").await.expect(200).body;
    assert!(list.contains(&format!("action=\"/dossiers/{id}/carry-over\"")), "{list}");
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let (attempt, round) = (page.hidden("attempt"), page.hidden("round"));
    assert_eq!(round, "demonstration");
    let before = ada.get(&format!("/dossiers/{id}/status")).await.json()["revision"].clone();

    // A double click, and the same attempt again later, give one dossier.
    let path = format!("/dossiers/{id}/carry-over");
    let click = || ada.form(&path, &[("attempt", &attempt), ("round", &round)]).send();
    let (one, two) = tokio::join!(click(), click());
    let place = |answer: reqwest::Response| answer.headers()["location"].to_str().unwrap().to_owned();
    let (one, two) = (place(one.unwrap()), place(two.unwrap()));
    assert_eq!(one, two);
    let again = ada.post(&path, &[("attempt", &attempt), ("round", &round)]).await.expect(303);
    assert_eq!(again.location(), one);

    let fresh = one.split(['/', '?']).nth(2).unwrap().to_owned();
    assert_ne!(fresh, id);
    let begun = ada.get(&one).await.expect(200).body;
    assert!(begun.contains("BROUILLON NON DÉPOSÉ") && begun.contains("ont été reprises"), "{begun}");
    let answers = sample::sample(date(2024, 7, 31));
    assert!(begun.contains(answers.answers["project"]["title"].as_str().unwrap()));
    for piece in &answers.pieces {
        let (old, new) =
            (format!("/dossiers/{id}/pieces/{}", piece.code), format!("/dossiers/{fresh}/pieces/{}", piece.code));
        assert_eq!(ada.get(&old).await.expect(200).body, ada.get(&new).await.expect(200).body, "{}", piece.code);
    }
    // The two go their own ways.
    let code = &answers.pieces[0].code;
    sample::remove_piece(&mut ada, &fresh, code).await.expect(303);
    ada.get(&format!("/dossiers/{id}/pieces/{code}")).await.expect(200);
    assert_eq!(ada.get(&format!("/dossiers/{id}/status")).await.json()["revision"], before);
    assert_eq!(events(&id).await.iter().filter(|kind| *kind == "dossier_carried_over").count(), 1);
    assert_eq!(events(&fresh).await[0], "dossier_created");
}

#[tokio::test]
async fn what_is_carried_over_can_be_deposited() {
    let (mut ada, id) = left_over().await;
    let attempt = Uuid::now_v7().to_string();
    let fields = [("attempt", attempt.as_str()), ("round", "demonstration")];
    let place = ada.post(&format!("/dossiers/{id}/carry-over"), &fields).await.expect(303).location().to_owned();
    let fresh = place.split(['/', '?']).nth(2).unwrap().to_owned();
    // Certificates and dates are of another year: what is due today is brought.
    let today = sample::sample(sample::today());
    for (section, fields) in today.answers.as_object().unwrap() {
        let page = ada.get(&format!("/dossiers/{fresh}/edit/{section}")).await.expect(200);
        let was: serde_json::Value = serde_json::from_str(&page.hidden("was")).unwrap();
        let change =
            |(field, value)| json!({ "path": format!("{section}.{field}"), "was": was[field], "value": value });
        let changes: Vec<_> = fields.as_object().unwrap().iter().map(change).collect();
        ada.json(Method::POST, &format!("/dossiers/{fresh}/fields"), &json!({ "changes": changes })).await.expect(200);
    }
    sample::attach_all(&mut ada, &fresh, &today).await;
    let number = sample::deposit(&mut ada, &fresh).await;
    let receipt = ada.get(&format!("/receipts/{number}.json")).await.expect(200).json();
    assert_eq!(receipt["manifest"]["context"]["round"], "demonstration");
    let old = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(old.contains("BROUILLON NON DÉPOSÉ") && !old.contains(&number), "the old draft is what it was: {old}");
}

#[tokio::test]
async fn nothing_is_carried_over_that_is_not_ones_own_or_not_left_over() {
    let (mut ada, id) = left_over().await;
    let path = format!("/dossiers/{id}/carry-over");
    let attempt = || Uuid::now_v7().to_string();
    ada.post(&path, &[("attempt", &attempt()), ("round", "2024")]).await.expect(409);
    ada.post(&path, &[("attempt", &attempt()), ("round", "2025")]).await.expect(409);
    ada.post(&path, &[("attempt", &attempt()), ("round", "never")]).await.expect(404);

    let mut other = Actor::applicant().await;
    other.post(&path, &[("attempt", &attempt()), ("round", "demonstration")]).await.expect(404);
    // A guest who may read and write everything.
    let email = format!("{}@cabinet.fr", Uuid::now_v7().simple());
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let given = [("email", email.as_str()), ("until", &in_days(3)), ("part.whole", "write")];
    ada.post(&format!("/dossiers/{id}/guests"), &given).await.expect(303);
    let mut guest = Actor::anon();
    guest.sign_in(&email).await;
    let page = guest.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(!page.contains("/carry-over\""), "not offered: {page}");
    guest.post(&path, &[("attempt", &attempt()), ("round", "demonstration")]).await.expect(403);

    // A draft whose round is open is deposited where it is.
    let open = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let refused =
        ada.post(&format!("/dossiers/{open}/carry-over"), &[("attempt", &attempt()), ("round", "demonstration")]).await;
    assert!(refused.expect(409).body.contains("Rien à reprendre"));
}

#[tokio::test]
async fn what_stands_as_it_was_deposited_is_not_carried_over_but_changes_and_withdrawals_are() {
    let email = format!("{}@exemple.fr", Uuid::now_v7().simple());
    let mut then = Actor::anon();
    then.when("2024-07-31T22:30:00+02:00");
    then.sign_in(&email).await;
    let id = sample::complete(&mut then, "2024", date(2024, 7, 31)).await;
    let number = sample::deposit(&mut then, &id).await;
    let mut ada = Actor::anon();
    ada.sign_in(&email).await;
    let path = format!("/dossiers/{id}/carry-over");
    let attempt = || Uuid::now_v7().to_string();
    ada.post(&path, &[("attempt", &attempt()), ("round", "demonstration")]).await.expect(409);

    change(&mut ada, &id, "project.acronym", "NOUVEAU").await;
    ada.post(&path, &[("attempt", &attempt()), ("round", "demonstration")]).await.expect(303);
    let receipt = ada.get(&format!("/receipts/{number}")).await.expect(200).body;
    assert!(receipt.contains("data-receipt-outdated hidden"), "the deposit still stands: {receipt}");

    sample::withdraw(&mut ada, &id).await.expect(303);
    ada.post(&path, &[("attempt", &attempt()), ("round", "demonstration")]).await.expect(303);
}

#[tokio::test]
async fn a_program_carries_a_draft_over() {
    let mut then = Actor::program("applicant_token");
    then.when("2024-07-31T22:30:00+02:00");
    let mut dossier = sample::sample(date(2024, 7, 31));
    dossier.round = RoundId("2024".into());
    let id = sample::complete_by_api(&mut then, &dossier).await;
    let mut now = Actor::program("applicant_token");
    let (path, attempt) = (format!("/api/v1/dossiers/{id}/carry-over"), Uuid::now_v7());
    let body = json!({ "round": "demonstration", "attempt": attempt });
    let first = now.json(Method::POST, &path, &body).await.expect(201);
    assert_eq!(first.headers["etag"], "\"1\"");
    let fresh = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(now.json(Method::POST, &path, &body).await.expect(201).json()["id"], fresh.as_str());
    let document = now.get(&format!("/api/v1/dossiers/{fresh}/document")).await.expect(200);
    assert_eq!(document.headers["x-guichet-state"], "draft");
    assert_eq!(document.json()["project"]["title"], dossier.answers["project"]["title"]);
    now.json(Method::POST, &path, &json!({ "round": "2024", "attempt": Uuid::now_v7() })).await.expect(409);
    now.json(Method::POST, &path, &json!({ "round": "demonstration" })).await.expect(400);
}

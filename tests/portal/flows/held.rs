//! Requests whose end is held back: each is judged at the instant at which it is complete, by the rights of that instant
//! (A1, A2, decision 14).

use super::{delegation::in_days, interop::own_token};
use crate::harness::{Actor, Answer, Installation, held::Held, installation::wait_for_async, sample};
use guichet::testing::domain::calendar::RoundId;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use reqwest::Method;
use serde_json::{Value as Json, json};
use uuid::Uuid;

const CLOSING: &str = "2024-08-01T00:00:00+02:00";
const LAST_HOUR: &str = "2024-07-31T23:00:00+02:00";
const PAST: &str = "2024-08-01T00:00:30+02:00";

async fn someone(at: &'static Installation) -> Actor {
    let mut someone = Actor::at(at);
    someone.sign_in(&format!("{}@exemple.fr", Uuid::now_v7().simple())).await;
    someone
}

/// An applicant whose dossier of the first round is complete an hour before the closing, with the page of its deposit.
async fn ready(at: &'static Installation) -> (Actor, String, Answer) {
    let mut ada = Actor::at(at);
    ada.when(LAST_HOUR);
    ada.sign_in(&format!("{}@exemple.fr", Uuid::now_v7().simple())).await;
    let id = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    (ada, id, page)
}

async fn retitle(actor: &mut Actor, id: &str, title: &str) -> Answer {
    let page = actor.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let was: Json = serde_json::from_str(&page.hidden("was")).unwrap();
    let change = json!({ "path": "project.title", "was": was["title"], "value": title });
    actor.json(Method::POST, &format!("/dossiers/{id}/fields"), &json!({ "changes": [change] })).await
}

async fn until(instant: Timestamp) {
    wait_for_async("the closing", async || Timestamp::now() > instant).await;
}

#[tokio::test]
async fn what_ends_after_the_closing_is_too_late_whatever_it_began() {
    let at = Installation::start(None).for_this_test();
    // By the page.
    let (mut ada, id, page) = ready(at).await;
    let (attempt, revision) = (page.hidden("attempt"), page.hidden("revision"));
    let closes = Timestamp::now() + SignedDuration::from_secs(1);
    ada.when_running(CLOSING, closes);
    let mut meanwhile = ada.another_window();
    let form = ada.form(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt), ("revision", &revision)]);
    let held = Held::begin(ada, form).await;
    until(closes).await;
    meanwhile.when(PAST);
    retitle(&mut meanwhile, &id, "Écrit après l’heure").await;
    meanwhile.post(&format!("/dossiers/{id}/pieces/P7/remove"), &[]).await;
    let (mut ada, answer) = held.release().await;
    assert_ne!(answer.status, 303, "a deposit that ended after the closing");
    ada.when(PAST);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(!page.contains("/receipts/"), "nothing is deposited");

    // By the interface, with nothing changed: the closing alone refuses it.
    let (mut bob, id, _) = ready(at).await;
    let token = own_token(&mut bob, &["draft:write", "draft:read", "dossier:deposit"]).await;
    let mut program = Actor::at(at);
    program.bear(&token);
    let closes = Timestamp::now() + SignedDuration::from_secs(1);
    program.when_running(CLOSING, closes);
    let body = json!({ "attempt": Uuid::now_v7() });
    let request = program.request(Method::POST, &format!("/api/v1/dossiers/{id}/deposits")).json(&body);
    let held = Held::begin(program, request).await;
    until(closes).await;
    let refused = held.release().await.1.expect(422).json();
    let findings = refused["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|finding| finding["message"].as_str().unwrap().contains("31 juillet 2024")),
        "{refused}"
    );
}

#[tokio::test]
async fn what_ended_before_the_closing_is_in_time_and_is_sealed_after_it() {
    let at = Installation::start(None).for_this_test();
    let (mut ada, id, page) = ready(at).await;
    let (attempt, revision) = (page.hidden("attempt"), page.hidden("revision"));
    let store = at.store();
    // Somebody holds the dossier while the clock runs out.
    let mut holding = store.begin().await.unwrap();
    let dossier: Uuid = id.parse().unwrap();
    sqlx::query("select 1 from dossier where dossier_id = ? for update")
        .bind(dossier)
        .execute(&mut *holding)
        .await
        .unwrap();
    let closes = Timestamp::now() + SignedDuration::from_secs(4);
    ada.when_running(CLOSING, closes);
    let form = ada.form(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt), ("revision", &revision)]);
    let deposit = tokio::spawn(form.send());
    let mut look = store.begin().await.unwrap();
    wait_for_async("the deposit to wait for the dossier", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from information_schema.processlist where info like '%from dossier%for update%'",
        )
        .fetch_one(&mut *look)
        .await
        .unwrap();
        // This question is one of them.
        waiting > 1
    })
    .await;
    assert!(Timestamp::now() < closes, "the machine is too slow for this test to say anything");
    until(closes).await;
    sqlx::query("rollback").execute(&mut *holding).await.unwrap();
    assert_eq!(deposit.await.unwrap().unwrap().status(), 303);
    ada.when(PAST);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    let number = page.split("/receipts/").nth(1).unwrap().split('"').next().unwrap();
    let statement = ada.get(&format!("/receipts/{number}.json")).await.expect(200).json()["statement"].clone();
    let instant = |name: &str| statement[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let closing: Timestamp = CLOSING.parse().unwrap();
    assert!(instant("received_at") < closing && instant("sealed_at") >= closing, "{statement}");
    assert_eq!(statement["format"], "guichet-receipt/2");
    at.command(&["admin", "chain"]).await;
}

#[tokio::test]
async fn a_draft_that_changed_after_the_deposit_was_received_is_not_deposited() {
    let (mut ada, id, page) = ready(Installation::of_another_year()).await;
    let (attempt, revision) = (page.hidden("attempt"), page.hidden("revision"));
    let mut later = ada.another_window();
    later.when("2024-07-31T23:00:05+02:00");
    later.get(&format!("/dossiers/{id}")).await.expect(200);
    retitle(&mut later, &id, "Cinq secondes plus tard").await.expect(200);
    let path = format!("/dossiers/{id}/deposits");
    // The page of before; one that says nothing of what it has seen; and a program.
    let fields = [("attempt", attempt.as_str()), ("revision", revision.as_str())];
    for fields in [&fields[..], &fields[..1]] {
        let conflict = ada.post(&path, fields).await.expect(409).body;
        assert!(conflict.contains("Rien n’a été déposé") && conflict.contains("modifié depuis"), "{conflict}");
        assert!(conflict.contains("data-state=\"draft\""));
    }
    let token = own_token(&mut ada, &["draft:write", "draft:read", "dossier:deposit"]).await;
    let mut program = Actor::at(ada.at);
    program.bear(&token);
    program.when(LAST_HOUR);
    let body = json!({ "attempt": Uuid::now_v7() });
    let conflict = program.json(Method::POST, &format!("/api/v1{path}"), &body).await.expect(409).json();
    assert_eq!(conflict["code"], "draft_changed");
    // A piece as well.
    later.when("2024-07-31T23:00:10+02:00");
    let page = later.get(&format!("/dossiers/{id}")).await.expect(200);
    sample::remove_piece(&mut later, &id, "P7").await.expect(303);
    let fields = [("attempt", page.hidden("attempt")), ("revision", page.hidden("revision"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let conflict = later.post(&path, &fields).await.expect(409).body;
    assert!(conflict.contains("modifié depuis : P7 –"), "{conflict}");
}

#[tokio::test]
async fn an_old_page_does_not_pass_a_receipt_off_for_what_was_changed_since() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let fields = [("attempt", page.hidden("attempt")), ("revision", page.hidden("revision"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let path = format!("/dossiers/{id}/deposits");
    let receipt = ada.post(&path, &fields).await.expect(303).location().to_owned();
    assert_eq!(ada.post(&path, &fields).await.expect(303).location(), receipt, "a second click is no conflict");
    retitle(&mut ada, &id, "Un autre titre").await.expect(200);
    let old = ada.post(&path, &fields).await.expect(409).body;
    let number = receipt.rsplit('/').next().unwrap();
    assert!(old.contains("rien de nouveau n’a été déposé") && old.contains(number), "{old}");
    assert!(old.contains("data-state=\"changed\""));
    // From the page as it is now, what was changed is deposited.
    let next = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let fields = [("attempt", next.hidden("attempt")), ("revision", next.hidden("revision"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_ne!(ada.post(&path, &fields).await.expect(303).location(), receipt);
}

#[tokio::test]
async fn rights_that_end_while_a_body_comes_in_write_nothing() {
    let at = Installation::start(None).for_this_test();
    let save = |title: &str| json!({ "changes": [{ "path": "project.title", "was": "Avant", "value": title }] });
    let answers = json!({ "project": { "title": "Avant" } });
    let fields = |actor: &Actor, id: &str| {
        actor
            .request(Method::POST, &format!("/dossiers/{id}/fields"))
            .header("origin", &actor.at.url)
            .header("x-csrf-token", actor.csrf())
            .json(&save("Après"))
    };

    // The session.
    let mut ada = someone(at).await;
    let id = sample::draft(&mut ada, "demonstration", &answers).await;
    let (mut window, probe) = (ada.another_window(), ada.another_window());
    let request = fields(&ada, &id);
    let held = Held::begin(ada, request).await;
    window.get("/account").await.expect(200);
    window.post("/sign-out", &[]).await.expect(303);
    probe.refused_everywhere("/dossiers").await;
    assert_ne!(held.release().await.1.status, 200, "the session has ended");

    // The account, and the token of a program.
    let email = format!("{}@exemple.fr", Uuid::now_v7().simple());
    let mut bob = Actor::at(at);
    bob.sign_in(&email).await;
    let id = sample::draft(&mut bob, "demonstration", &answers).await;
    let token = own_token(&mut bob, &["draft:write", "draft:read"]).await;
    let mut program = Actor::at(at);
    program.bear(&token);
    let document = format!("/api/v1/dossiers/{id}/document");
    let put = program.request(Method::PUT, &document).header("if-match", "*").json(&json!({ "project": {} }));
    let held = Held::begin(program, put).await;
    let page = bob.get("/account").await.expect(200).body;
    let revoke = page.split("action=\"").find(|part| part.contains("/revoke\"")).unwrap().split('"').next().unwrap();
    bob.post(revoke, &[]).await.expect(303);
    let mut probe = Actor::at(at);
    probe.bear(&token);
    probe.refused_everywhere(&document).await;
    held.release().await.1.expect(401);

    // A guest's right.
    let guest_email = format!("{}@cabinet.fr", Uuid::now_v7().simple());
    let until = in_days(3);
    bob.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let gift = [("email", guest_email.as_str()), ("until", &until), ("part.section:project", "write")];
    bob.post(&format!("/dossiers/{id}/guests"), &gift).await.expect(303);
    let mut guest = Actor::at(at);
    guest.sign_in(&guest_email).await;
    guest.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let request = fields(&guest, &id);
    let held = Held::begin(guest, request).await;
    let page = bob.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
    let revoke = page.split("action=\"").find(|part| part.contains("/revoke\"")).unwrap().split('"').next().unwrap();
    bob.post(revoke, &[]).await.expect(303);
    held.release().await.1.expect(404);

    let request = fields(&bob, &id);
    let mut window = bob.another_window();
    let held = Held::begin(bob, request).await;
    at.command(&["access", "suspend", &email]).await;
    window.refused_everywhere("/dossiers").await;
    held.release().await.1.expect(403);
    at.command(&["access", "readmit", &email]).await;
    wait_for_async("it to be let in again", async || window.get("/dossiers").await.status == 200).await;
    let page = window.get(&format!("/dossiers/{id}/edit/project")).await.expect(200).body;
    assert!(page.contains("Avant") && !page.contains("Après"), "nothing was written");
}

#[tokio::test]
async fn a_program_names_the_revision_that_it_deposits() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:write", "draft:read", "dossier:create", "dossier:deposit"]).await;
    let mut program = Actor::bearing(&token);
    let mut dossier = sample::sample(sample::today());
    dossier.round = RoundId("demonstration".into());
    let id = sample::complete_by_api(&mut program, &dossier).await;
    let tag = program.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(200);
    let revision: u64 = tag.headers["etag"].to_str().unwrap().trim_matches('"').parse().unwrap();
    let path = format!("/api/v1/dossiers/{id}/deposits");
    let ask = |revision: u64| json!({ "attempt": Uuid::now_v7(), "revision": revision });
    let conflict = program.json(Method::POST, &path, &ask(revision - 1)).await.expect(409).json();
    assert_eq!(conflict["code"], "draft_changed");
    let done = program.json(Method::POST, &path, &ask(revision)).await.expect(201).json();
    assert_eq!((&done["new"], &done["current"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_guests_days_that_end_while_a_body_comes_in_write_nothing() {
    let at = Installation::start(None).for_this_test();
    let mut ada = someone(at).await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Avant" } })).await;
    let email = format!("{}@cabinet.fr", Uuid::now_v7().simple());
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let last_day = in_days(1);
    let gift = [("email", email.as_str()), ("until", &last_day), ("part.section:project", "write")];
    ada.post(&format!("/dossiers/{id}/guests"), &gift).await.expect(303);
    let ends = last_day.parse::<Date>().unwrap().tomorrow().unwrap().in_tz("Europe/Paris").unwrap().timestamp();
    let mut guest = Actor::at(at);
    guest.when(&(ends - SignedDuration::from_mins(2)).to_string());
    guest.sign_in(&email).await;
    guest.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let change =
        |was: &str, value: &str| json!({ "changes": [{ "path": "project.title", "was": was, "value": value }] });
    let fields = format!("/dossiers/{id}/fields");
    guest.json(Method::POST, &fields, &change("Avant", "Le dernier jour")).await.expect(200);
    let then = Timestamp::now() + SignedDuration::from_secs(2);
    guest.when_running(&ends.to_string(), then);
    let request = guest
        .request(Method::POST, &fields)
        .header("origin", &at.url)
        .header("x-csrf-token", guest.csrf())
        .json(&change("Le dernier jour", "Écrit trop tard"));
    let held = Held::begin(guest, request).await;
    until(then).await;
    held.release().await.1.expect(404);
    let page = ada.get(&format!("/dossiers/{id}/edit/project")).await.expect(200).body;
    assert!(page.contains("Le dernier jour") && !page.contains("Écrit trop tard"), "nothing was written");
}

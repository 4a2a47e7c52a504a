//! Passkeys through the real routes, with a device in software.

mod again;
mod staff;

use crate::harness::{
    Actor, Answer, Installation, actor::mails_to, authenticator::Authenticator, held::Held,
    installation::wait_for_async, sample,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// Begins a ceremony at an address.
async fn begin(actor: &mut Actor, action: &str) -> Json {
    actor.json(Method::POST, &format!("{action}/begin"), &json!({})).await.expect(200).json()
}

async fn end(actor: &mut Actor, action: &str, begun: &Json, answer: Json) -> Answer {
    let body = json!({ "ceremony": begun["ceremony"], "answer": answer, "next": "", "name": "Essai" });
    actor.json(Method::POST, action, &body).await
}

/// Adds a passkey made by a device.
pub async fn add(actor: &mut Actor, device: &mut Authenticator, name: &str) -> Answer {
    actor.get("/account/passkeys").await.expect(200);
    let begun = begin(actor, "/account/passkeys").await;
    let answer = device.create(&begun["options"]);
    let body = json!({ "ceremony": begun["ceremony"], "answer": answer, "next": "", "name": name });
    actor.json(Method::POST, "/account/passkeys", &body).await
}

/// Signs in by a device.
pub async fn sign_in(actor: &mut Actor, device: &mut Authenticator) -> Answer {
    let begun = begin(actor, "/sign-in/passkey").await;
    let answer = device.get(&begun["options"]);
    end(actor, "/sign-in/passkey", &begun, answer).await
}

/// Confirms by a device that it is still the same person.
pub async fn confirm(actor: &mut Actor, device: &mut Authenticator) -> Answer {
    actor.get("/account/confirm").await.expect(200);
    let begun = begin(actor, "/account/confirm").await;
    let answer = device.get(&begun["options"]);
    end(actor, "/account/confirm", &begun, answer).await
}

/// Someone with an address and a passkey.
pub async fn person() -> (Actor, Authenticator, String) {
    person_at(Installation::shared()).await
}

async fn person_at(at: &'static Installation) -> (Actor, Authenticator, String) {
    let mut ada = Actor::at(at);
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    ada.sign_in(&email).await;
    let mut device = Authenticator::new(&ada.at.url);
    add(&mut ada, &mut device, "Ordinateur du bureau").await.expect(200);
    (ada, device, email)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{}", answer.body);
}

/// The address of the only passkey in the list.
fn listed(page: &str) -> String {
    let from = page.find("/account/passkeys/").expect("a passkey is listed");
    page[from..].split("/name").next().unwrap().to_owned()
}

async fn told(actor: &mut Actor, email: &str, subject: &str) {
    let has = |mail: &serde_json::Value| mail["subject"].as_str().unwrap().starts_with(subject);
    wait_for_async(subject, async || mails_to(actor, email).await.iter().any(has)).await;
}

#[tokio::test]
async fn a_passkey_is_added_used_renamed_and_removed_and_its_owner_is_told() {
    let (mut ada, mut device, email) = person().await;
    let page = ada.get("/account/passkeys?done=added").await.expect(200).body;
    assert!(page.contains("Ordinateur du bureau") && page.contains("Pas encore utilisée"), "{page}");
    told(&mut ada, &email, "Une clé d’accès a été ajoutée").await;

    let mut later = Actor::anon();
    let answer = sign_in(&mut later, &mut device).await.expect(200);
    assert_eq!(answer.json()["redirect"], "/dossiers");
    assert!(later.get("/dossiers").await.expect(200).body.contains(&email));
    let page = later.get("/account/passkeys").await.expect(200).body;
    assert!(page.contains("Utilisée pour la dernière fois"), "{page}");

    let key = listed(&page);
    later.post(&format!("{key}/name"), &[("name", "Portable")]).await.expect(303);
    assert!(later.get("/account/passkeys").await.body.contains("<h2>Portable</h2>"));
    told(&mut ada, &email, "Une clé d’accès a été renommée").await;

    let (mut eve, _, _) = person().await;
    eve.get("/account/passkeys").await.expect(200);
    eve.post(&format!("{key}/remove"), &[]).await.expect(404);
    eve.post(&format!("{key}/name"), &[("name", "À moi")]).await.expect(404);

    later.post(&format!("{key}/remove"), &[]).await.expect(303);
    told(&mut ada, &email, "Une clé d’accès a été supprimée").await;
    let mut gone = Actor::anon();
    refused(&sign_in(&mut gone, &mut device).await, 422, "passkey_refused");
    assert!(gone.cookie().is_none());
}

#[tokio::test]
async fn a_ceremony_ends_once_in_time_and_for_whom_it_began() {
    let (mut ada, mut device, _) = person().await;
    let mut anon = Actor::anon();
    let begun = begin(&mut anon, "/sign-in/passkey").await;
    let answer = device.get(&begun["options"]);
    end(&mut anon, "/sign-in/passkey", &begun, answer.clone()).await.expect(200);
    let mut thief = Actor::anon();
    refused(&end(&mut thief, "/sign-in/passkey", &begun, answer).await, 410, "ceremony_over");

    // A refused answer uses the ceremony up too.
    let begun = begin(&mut thief, "/sign-in/passkey").await;
    refused(&end(&mut thief, "/sign-in/passkey", &begun, json!({})).await, 422, "passkey_refused");
    let answer = device.get(&begun["options"]);
    refused(&end(&mut thief, "/sign-in/passkey", &begun, answer).await, 410, "ceremony_over");

    let mut slow = Actor::anon();
    slow.when("2026-02-03T10:00:00Z");
    let begun = begin(&mut slow, "/sign-in/passkey").await;
    let answer = device.get(&begun["options"]);
    slow.when("2026-02-03T10:05:01Z");
    refused(&end(&mut slow, "/sign-in/passkey", &begun, answer).await, 410, "ceremony_over");

    // Of another kind, and of another person.
    let begun = begin(&mut ada, "/account/confirm").await;
    let answer = device.get(&begun["options"]);
    refused(&end(&mut thief, "/sign-in/passkey", &begun, answer.clone()).await, 410, "ceremony_over");
    let (mut eve, mut other, _) = person().await;
    eve.get("/account/confirm").await.expect(200);
    refused(&end(&mut eve, "/account/confirm", &begun, answer).await, 410, "ceremony_over");
    let begun = begin(&mut ada, "/account/passkeys").await;
    let answer = other.create(&begun["options"]);
    refused(&end(&mut eve, "/account/passkeys", &begun, answer).await, 410, "ceremony_over");
}

#[tokio::test]
async fn what_a_device_may_not_do_is_refused() {
    let (mut ada, mut device, _) = person().await;
    let mut anon = Actor::anon();
    let true_origin = device.origin.clone();
    for origin in ["https://evil.example", "https://localhost", "http://localhost", "https://localhost.evil.example"] {
        device.origin = origin.into();
        refused(&sign_in(&mut anon, &mut device).await, 422, "passkey_refused");
        refused(&add(&mut ada, &mut Authenticator::new(origin), "Ailleurs").await, 422, "passkey_refused");
    }
    device.origin = true_origin;

    device.verifies = false;
    refused(&sign_in(&mut anon, &mut device).await, 422, "passkey_refused");
    device.verifies = true;

    // A copy of the device lags behind it.
    sign_in(&mut Actor::anon(), &mut device).await.expect(200);
    device.counter -= 1;
    refused(&sign_in(&mut anon, &mut device).await, 422, "passkey_refused");
    sign_in(&mut Actor::anon(), &mut device).await.expect(200);

    // It says to be somebody else's; it uses somebody else's id; it is not known at all.
    let (_eve, mut other, _) = person().await;
    let own = std::mem::replace(&mut device.user, other.user.clone());
    refused(&sign_in(&mut anon, &mut device).await, 422, "passkey_refused");
    device.user = own;
    let id = std::mem::replace(&mut device.credential_id, other.credential_id.clone());
    device.user = other.user.clone();
    refused(&sign_in(&mut anon, &mut device).await, 422, "passkey_refused");
    device.credential_id = id;
    refused(&confirm(&mut ada, &mut other).await, 422, "passkey_refused");
    let mut unknown = Authenticator::new(&ada.at.url);
    unknown.user = other.user.clone();
    refused(&sign_in(&mut anon, &mut unknown).await, 422, "passkey_refused");
    assert!(anon.cookie().is_none());

    // The same device may not be added twice, by nobody.
    let mut twin = Authenticator::new(&ada.at.url);
    twin.credential_id = device.credential_id.clone();
    let (mut bob, _, _) = person().await;
    refused(&add(&mut bob, &mut twin, "Jumelle").await, 422, "passkey_refused");
}

#[tokio::test]
async fn ceremonies_are_for_our_own_pages_only() {
    let mut anon = Actor::anon();
    let foreign = anon
        .request(Method::POST, "/sign-in/passkey/begin")
        .header("origin", "https://evil.example")
        .header("content-type", "application/json")
        .body("{}");
    assert_eq!(anon.send(foreign).await.unwrap().status, 403);
    let (mut ada, ..) = person().await;
    let forged = ada
        .request(Method::POST, "/account/passkeys/begin")
        .header("origin", &ada.at.url)
        .header("x-csrf-token", "0".repeat(64))
        .body("{}");
    assert_eq!(ada.send(forged).await.unwrap().status, 403);
    anon.json(Method::POST, "/account/passkeys/begin", &json!({})).await.expect(401);
    assert!(anon.get("/account/passkeys").await.expect(303).location().contains("/sign-in?next="));
}

#[tokio::test]
async fn a_session_is_confirmed_by_passkey() {
    let (mut ada, mut device, email) = person().await;
    let before = ada.csrf().to_owned();
    let answer = confirm(&mut ada, &mut device).await.expect(200);
    assert_eq!(answer.json()["redirect"], "/dossiers");
    assert!(ada.get("/dossiers").await.expect(200).body.contains(&email));
    assert_eq!(ada.csrf(), before, "forms that are open elsewhere stay good");

    let mut none = Actor::applicant().await;
    let page = none.get("/account/confirm?next=/dossiers").await.expect(200).body;
    assert!(page.contains("Vous n’avez pas de clé d’accès"), "{page}");
    refused(&none.json(Method::POST, "/account/confirm/begin", &json!({})).await, 409, "no_passkey");
}

#[tokio::test]
async fn a_deposit_waits_until_whoever_has_a_passkey_confirms() {
    let (mut ada, mut device, _) = person().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    // Six minutes after the passkey was made, which was a confirmation.
    ada.when(&(Timestamp::now() + SignedDuration::from_mins(6)).to_string());
    let page = format!("/dossiers/{id}");
    let attempt = ada.get(&page).await.expect(200).hidden("attempt");
    let deposits = format!("{page}/deposits");
    let form = ada.form(&deposits, &[("attempt", &attempt)]).header("referer", format!("{}{page}", ada.at.url));
    let led = ada.send(form).await.unwrap().expect(303).location().to_owned();
    assert_eq!(led, format!("/account/confirm?next={page}"));
    assert!(ada.get(&page).await.expect(200).body.contains("BROUILLON NON DÉPOSÉ"), "nothing was deposited");

    confirm(&mut ada, &mut device).await.expect(200);
    let done = ada.post(&deposits, &[("attempt", &attempt)]).await.expect(303);
    assert!(done.location().starts_with("/receipts/"), "{}", done.location());
}

#[tokio::test]
async fn minutes_of_a_passkey_that_end_while_a_deposit_comes_in_are_over() {
    let at = Installation::start(None).for_this_test();
    let (mut ada, _, _) = person_at(at).await;
    let confirmed = Timestamp::now();
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let page = format!("/dossiers/{id}");
    let attempt = ada.get(&page).await.expect(200).hidden("attempt");
    let over = confirmed + SignedDuration::from_secs(5 * 60 + 1);
    let then = Timestamp::now() + SignedDuration::from_secs(2);
    ada.when_running(&over.to_string(), then);
    let form = ada.form(&format!("{page}/deposits"), &[("attempt", &attempt)]);
    let held = Held::begin(ada, form.header("referer", format!("{}{page}", at.url))).await;
    wait_for_async("the minutes to be over", async || Timestamp::now() > then).await;
    let (mut ada, answer) = held.release().await;
    assert_eq!(answer.expect(303).location(), format!("/account/confirm?next={page}"), "A1");
    assert!(ada.get(&page).await.expect(200).body.contains("BROUILLON NON DÉPOSÉ"), "nothing was deposited");
}

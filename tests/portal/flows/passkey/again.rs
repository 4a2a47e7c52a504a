//! Whoever has a passkey shows it again before what gives lasting power: another passkey, one less, or a token for acts
//! that cannot be taken back.

use super::{add, begin, confirm, listed, person, refused, sign_in};
use crate::harness::{Actor, authenticator::Authenticator};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

fn after(minutes: i64) -> String {
    (Timestamp::now() + SignedDuration::from_mins(minutes)).to_string()
}

/// The same person at another browser, by a link alone.
async fn by_mail(email: &str) -> Actor {
    let mut other = Actor::anon();
    other.sign_in(email).await;
    other
}

#[tokio::test]
async fn a_passkey_shown_half_an_hour_ago_adds_none_and_one_that_is_added_confirms_nothing() {
    let (mut ada, mut device, _) = person().await;
    let second = &mut Authenticator::new(&ada.at.url);
    ada.when(&after(30));
    ada.get("/account/passkeys").await.expect(200);
    let begun = ada.json(Method::POST, "/account/passkeys/begin", &json!({})).await;
    refused(&begun, 403, "confirmation_needed");
    confirm(&mut ada, &mut device).await.expect(200);
    ada.when(&after(34));
    add(&mut ada, second, "Seconde").await.expect(200);
    // Had the new one counted as shown, this would be within its five minutes.
    ada.when(&after(36));
    let begun = ada.json(Method::POST, "/account/passkeys/begin", &json!({})).await;
    refused(&begun, 403, "confirmation_needed");
    confirm(&mut ada, second).await.expect(200);
    begin(&mut ada, "/account/passkeys").await;
}

#[tokio::test]
async fn a_mail_session_adds_no_passkey_to_those_that_are_there_and_removes_none() {
    let (_, mut device, email) = person().await;
    let mut mailbox = by_mail(&email).await;
    let page = mailbox.get("/account/passkeys").await.expect(200).body;
    let begun = mailbox.json(Method::POST, "/account/passkeys/begin", &json!({})).await;
    refused(&begun, 403, "confirmation_needed");
    let led = mailbox.post(&format!("{}/remove", listed(&page)), &[]).await.expect(303).location().to_owned();
    assert!(led.starts_with("/account/confirm?next="), "{led}");
    sign_in(&mut Actor::anon(), &mut device).await.expect(200);
    // With the passkey it may, and a second click is the same success.
    confirm(&mut mailbox, &mut device).await.expect(200);
    for _ in 0..2 {
        let done = mailbox.post(&format!("{}/remove", listed(&page)), &[]).await.expect(303);
        assert_eq!(done.location(), "/account/passkeys?done=removed");
    }
    refused(&sign_in(&mut Actor::anon(), &mut device).await, 422, "passkey_refused");
}

#[tokio::test]
async fn a_mail_session_makes_no_token_that_deposits_and_finds_what_it_typed_again() {
    let (_, mut device, email) = person().await;
    let mut mailbox = by_mail(&email).await;
    mailbox.get("/account").await.expect(200);
    mailbox.post("/account/tokens", &[("label", "lecture"), ("days", "7"), ("action", "draft:read")]).await.expect(200);
    let fields = [("label", "Dépôt & co"), ("days", "12"), ("action", "draft:read"), ("action", "dossier:deposit")];
    let led = mailbox.post("/account/tokens", &fields).await.expect(303).location().to_owned();
    assert!(led.starts_with("/account/confirm?next=/account%3Flabel%3D"), "{led}");
    assert!(!mailbox.get("/account").await.body.contains("Dépôt &"), "none was made");

    let next = mailbox.get(&led).await.expect(200).hidden("next");
    let begun = begin(&mut mailbox, "/account/confirm").await;
    let answer = device.get(&begun["options"]);
    let body = json!({ "ceremony": begun["ceremony"], "answer": answer, "next": next });
    let back = mailbox.json(Method::POST, "/account/confirm", &body).await.expect(200).json()["redirect"].clone();
    let page = mailbox.get(back.as_str().unwrap()).await.expect(200).body;
    assert!(page.contains("value=\"Dépôt &#38; co\"") && page.contains("value=\"12\""), "{page}");
    assert_eq!(page.matches(" checked").count(), 2, "{page}");
    mailbox.post("/account/tokens", &fields).await.expect(200);

    // Five minutes later it is asked for again.
    mailbox.when(&after(6));
    mailbox.post("/account/tokens", &fields).await.expect(303);
}

#[tokio::test]
async fn a_mail_session_gives_nobody_the_deposit() {
    let (_, mut device, email) = person().await;
    let mut mailbox = by_mail(&email).await;
    let id = crate::harness::sample::draft(&mut mailbox, "demonstration", &json!({})).await;
    let guests = format!("/dossiers/{id}/guests");
    mailbox.get(&guests).await.expect(200);
    let until = (Timestamp::now() + SignedDuration::from_hours(48)).strftime("%Y-%m-%d").to_string();
    let gift = [("email", "comptable@exemple.fr"), ("until", &until), ("deposit", "yes"), ("note", "Merci d’avance")];
    let page = mailbox.post(&guests, &gift).await.expect(422).body;
    assert!(page.contains("Confier le dépôt demande votre clé") && page.contains("Merci d’avance"), "{page}");
    confirm(&mut mailbox, &mut device).await.expect(200);
    mailbox.post(&guests, &gift).await.expect(303);
}

//! Accounts that are closed: what goes, what stays, and that a new account with the address sees none of it.

use super::{events, give, someone};
use crate::{
    flows::{interop::own_token, passkey},
    harness::{Actor, Answer, actor::mails_to, installation::wait_for_async, sample},
};
use guichet::testing::domain::access::Role;
use serde_json::json;

/// Opens the confirmation page, and presses its button with an address.
async fn close(actor: &mut Actor, email: &str) -> Answer {
    let page = actor.get("/account/close").await.expect(200);
    actor.post("/account/close", &[("shown", &page.hidden("shown")), ("email", email)]).await
}

#[tokio::test]
async fn a_closed_account_leaves_nothing_but_what_was_deposited_and_its_address_opens_a_new_one() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let draft = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Jamais déposé" } })).await;
    let kept = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &kept).await;
    let guest_address = someone();
    give(&mut ada, &kept, &guest_address, "part.whole").await;
    let mut guest = Actor::anon();
    guest.sign_in(&guest_address).await;
    guest.get(&format!("/dossiers/{kept}")).await.expect(200);
    // Somebody else has invited ada.
    let mut bob = Actor::applicant().await;
    let others = sample::draft(&mut bob, "demonstration", &json!({ "project": { "title": "De Bob" } })).await;
    give(&mut bob, &others, &email, "part.whole").await;
    ada.get(&format!("/dossiers/{others}")).await.expect(200);
    let token = own_token(&mut ada, &["draft:read", "deposit:read"]).await;
    let mut window = ada.another_window();

    let page = ada.get("/account/close").await.expect(200).body;
    for told in ["Jamais déposé", number.as_str(), "personnes qui n’y auront plus accès\u{a0}: 1"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let page = close(&mut ada, "quelqu.un@exemple.fr").await.expect(422).body;
    assert!(page.contains("n’est pas celle de votre compte") && page.contains("quelqu.un@exemple.fr"), "{page}");
    let done = close(&mut ada, &email.to_uppercase()).await.expect(303);
    assert_eq!(done.location(), "/sign-in?done=closed");
    assert!(ada.cookie().is_none());
    assert!(ada.get("/sign-in?done=closed").await.expect(200).body.contains("Votre compte est fermé"));

    // Every way in is shut: the other window, the token, the guest.
    window.refused_everywhere("/dossiers").await;
    window.get("/dossiers").await.expect(303);
    let mut script = Actor::bearing(&token);
    script.refused_everywhere(&format!("/api/v1/dossiers/{kept}/document")).await;
    script.get(&format!("/api/v1/dossiers/{kept}/document")).await.expect(401);
    guest.get(&format!("/dossiers/{kept}")).await.expect(404);
    // Officers still read what was deposited.
    Actor::officer().await.get(&format!("/receipts/{number}")).await.expect(200);
    let kinds = events(&ada, &draft).await;
    assert_eq!(kinds.last().unwrap(), "dossier_deleted", "{kinds:?}");
    wait_for_async("the letter", async || {
        let mails = mails_to(&mut Actor::anon(), &email).await;
        mails.iter().any(|mail| mail["subject"] == "Votre compte est fermé – Guichet")
    })
    .await;

    // The same address is somebody new, who is not even invited any more.
    let mut again = Actor::anon();
    again.sign_in(&email).await;
    let list = again.get("/dossiers").await.expect(200).body;
    assert!(list.contains("Vous n’avez pas encore de dossier") && !list.contains(&others), "{list}");
    for path in [format!("/dossiers/{draft}"), format!("/dossiers/{kept}"), format!("/receipts/{number}")] {
        again.get(&path).await.expect(404);
    }
    again.get(&format!("/dossiers/{others}")).await.expect(404);
    let page = again.get("/account").await.expect(200).body;
    assert!(page.contains("Aucun jeton."), "{page}");
    give(&mut bob, &others, &email, "part.whole").await;
    again.get(&format!("/dossiers/{others}")).await.expect(200);
    // Who read it before is not named any more.
    wait_for_async("the old access to be nameless", async || {
        let page = bob.get(&format!("/dossiers/{others}/guests")).await.expect(200).body;
        page.split("id=\"readings-title\"").nth(1).unwrap().contains("une personne dont le compte est fermé")
    })
    .await;
}

#[tokio::test]
async fn an_account_is_closed_only_with_the_list_that_the_page_showed() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let shown = ada.get("/account/close").await.expect(200).hidden("shown");
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Nouveau" } })).await;
    let page = ada.post("/account/close", &[("shown", &shown), ("email", &email)]).await.expect(422).body;
    assert!(page.contains("Vos dossiers ont changé") && page.contains("Nouveau"), "{page}");
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    close(&mut ada, &email).await.expect(303);
}

#[tokio::test]
async fn who_works_for_the_call_hands_that_back_first() {
    let (mut expert, email) = (Actor::anon(), format!("{}@labo.fr", uuid::Uuid::now_v7().simple()));
    expert.at.command(&["access", "give", &email, "--role", Role::Expert.slug()]).await;
    expert.sign_in(&email).await;
    let page = expert.get("/account/close").await.expect(200).body;
    assert!(page.contains("Une fonction vous est confiée") && !page.contains("name=\"shown\""), "{page}");
    expert.post("/account/close", &[("shown", ""), ("email", &email)]).await.expect(422);
    expert.at.command(&["access", "take", &email, "--role", Role::Expert.slug()]).await;
    let mut again = Actor::anon();
    again.sign_in(&email).await;
    close(&mut again, &email).await.expect(303);
}

#[tokio::test]
async fn who_has_a_passkey_shows_it_first() {
    let (mut ada, mut device, email) = passkey::person().await;
    // The session that added it counts as confirmed for five minutes.
    ada.sign_out_and_in(&email).await;
    let page = ada.get("/account/close").await.expect(200).body;
    assert!(page.contains("Fermer un compte demande votre clé d’accès") && !page.contains("name=\"shown\""), "{page}");
    let refused = ada.post("/account/close", &[("shown", ""), ("email", &email)]).await.expect(303);
    assert!(refused.location().starts_with("/account/confirm?next="), "{}", refused.location());
    passkey::confirm(&mut ada, &mut device).await.expect(200);
    close(&mut ada, &email).await.expect(303);
    // The device signs in nobody any more.
    let mut eve = Actor::anon();
    passkey::sign_in(&mut eve, &mut device).await.expect(422);
}

#[tokio::test]
async fn a_suspended_account_does_not_close_itself_and_begin_anew() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let shown = ada.get("/account/close").await.expect(200).hidden("shown");
    ada.at.command(&["access", "suspend", &email]).await;
    wait_for_async("it to be known", async || ada.get("/dossiers").await.status == 403).await;
    ada.post("/account/close", &[("shown", &shown), ("email", &email)]).await.expect(403);
    ada.get("/account/export").await.expect(403);
    assert!(!ada.get("/account").await.expect(200).body.contains("/account/close"));
}

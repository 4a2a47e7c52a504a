//! Sessions: how they last, how they end, and that a planted one is worth nothing.

use crate::harness::{Actor, installation::wait_for_async};

fn after(minutes: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes)).to_string()
}

#[tokio::test]
async fn a_session_is_renewed_while_it_is_used_and_ends_when_it_is_not() {
    let mut ada = Actor::applicant().await;
    let first = ada.cookie().unwrap().to_owned();
    ada.when(&after(5));
    ada.get("/dossiers").await.expect(200);
    assert_eq!(ada.cookie().unwrap(), first, "young enough");
    // Long past the life of one token, within the two hours of doing nothing: nobody who comes back is signed out.
    ada.when(&after(110));
    ada.get("/dossiers").await.expect(200);
    let second = ada.cookie().unwrap().to_owned();
    assert_ne!(second, first, "renewed on the way");
    ada.when(&after(200));
    ada.get("/dossiers").await.expect(200);
    ada.when(&after(330));
    ada.get("/dossiers").await.expect(303);
    let mut eve = Actor::with_cookie(&second);
    eve.when(&after(330));
    eve.get("/dossiers").await.expect(303);
}

#[tokio::test]
async fn a_session_lasts_twelve_hours_at_most() {
    let mut ada = Actor::applicant().await;
    for minutes in (90..12 * 60).step_by(90) {
        ada.when(&after(minutes));
        ada.get("/dossiers").await.expect(200);
    }
    ada.when(&after(12 * 60 + 1));
    ada.get("/dossiers").await.expect(303);
}

#[tokio::test]
async fn somebody_ends_a_session_that_is_not_theirs_and_all_of_them() {
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let (mut ada, mut stranger, mut third) = (Actor::anon(), Actor::anon(), Actor::anon());
    for browser in [&mut ada, &mut stranger, &mut third] {
        browser.sign_in(&email).await;
    }
    let page = ada.get("/account").await.expect(200).body;
    assert_eq!(page.matches("/account/sessions/").count(), 4, "three lines and the last button: {page}");
    let line = page.split("action=\"").find(|part| part.contains("Ce n’est pas moi")).unwrap();
    let end = line.split('"').next().unwrap().to_owned();
    Actor::applicant().await.post(&end, &[]).await.expect(404);
    ada.post(&end, &[]).await.expect(303);
    wait_for_async("one of the others to be out", async || {
        let out = [stranger.get("/dossiers").await.status, third.get("/dossiers").await.status];
        out.iter().filter(|status| **status == 303).count() == 1
    })
    .await;
    ada.post("/account/sessions/end", &[]).await.expect(303);
    wait_for_async("everybody to be out", async || {
        let out = [ada.get("/dossiers").await, stranger.get("/dossiers").await, third.get("/dossiers").await];
        out.iter().all(|answer| answer.status == 303)
    })
    .await;
}

#[tokio::test]
async fn a_planted_session_is_not_taken_over() {
    let mut eve = Actor::applicant().await;
    let planted = eve.cookie().unwrap().to_owned();
    let mut ada = Actor::with_cookie(&planted);
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    ada.get("/sign-in").await.expect(200);
    ada.post("/sign-in", &[("email", &email)]).await.expect(200);
    let link = crate::harness::actor::mail_link(&mut ada, &email).await;
    let path = link.strip_prefix(&ada.at.url).unwrap().to_owned();
    ada.get(&path).await.expect(200);
    ada.post(&path, &[]).await.expect(303);
    assert_ne!(ada.cookie().unwrap(), planted);
    assert!(ada.get("/account").await.body.contains(&email));
    assert!(!eve.get("/account").await.body.contains(&email), "the planted session is still somebody else's");
}

#[tokio::test]
async fn the_form_of_a_token_tells_all_its_faults_at_once_and_keeps_what_was_typed() {
    let mut ada = Actor::applicant().await;
    ada.get("/account").await.expect(200);
    let page = ada.post("/account/tokens", &[("label", ""), ("days", "400")]).await.expect(422).body;
    for field in ["label", "actions", "days"] {
        assert!(page.contains(&format!("id=\"wrong-{field}\"")), "{field}: {page}");
    }
    assert!(page.contains("value=\"400\""), "{page}");
    let typed = [("label", "Sauvegarde"), ("days", "0"), ("action", "draft:read")];
    let page = ada.post("/account/tokens", &typed).await.expect(422).body;
    assert!(page.contains("value=\"Sauvegarde\"") && page.contains("value=\"draft:read\" checked"), "{page}");
    assert!(!page.contains("id=\"wrong-label\"") && page.contains("id=\"wrong-days\""), "{page}");
}

#[tokio::test]
async fn a_token_asked_for_twice_is_one_and_a_second_click_revokes_as_well() {
    let mut ada = Actor::applicant().await;
    let attempt = ada.get("/account").await.expect(200).hidden("attempt");
    let fields = [("attempt", attempt.as_str()), ("label", "double"), ("days", "7"), ("action", "draft:read")];
    ada.post("/account/tokens", &fields).await.expect(200);
    let second = ada.post("/account/tokens", &fields).await.expect(303);
    assert_eq!(second.location(), "/account?done=made");
    let page = ada.get("/account?done=made").await.expect(200).body;
    assert!(page.contains("déjà été créé"), "{page}");
    assert_eq!(page.matches("<h3>double</h3>").count(), 1, "{page}");
    for _ in 0..2 {
        let done = ada.post(&format!("/account/tokens/{attempt}/revoke"), &[]).await.expect(303);
        assert_eq!(done.location(), "/account?done=revoked");
    }
    let mut eve = Actor::applicant().await;
    eve.get("/account").await.expect(200);
    eve.post(&format!("/account/tokens/{attempt}/revoke"), &[]).await.expect(404);
}

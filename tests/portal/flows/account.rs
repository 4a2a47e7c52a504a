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

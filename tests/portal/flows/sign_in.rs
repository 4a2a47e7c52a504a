//! Sign-in links: single use, not used up by scanners, silent about who is known.

use crate::harness::{Actor, actor::mail_link};
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

#[tokio::test]
async fn scanners_do_not_sign_in_and_a_link_works_once() {
    let mut ada = Actor::anon();
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    ada.post("/sign-in", &[("email", &email)]).await.expect(200);
    let link = mail_link(&mut ada, &email).await;
    let path = link.strip_prefix(&ada.at.url).unwrap().to_owned();
    for _ in 0..3 {
        ada.get(&path).await.expect(200);
    }
    ada.post(&path, &[]).await.expect(303);
    let mut eve = Actor::anon();
    eve.post(&path, &[]).await.expect(410);
}

#[tokio::test]
async fn a_link_pressed_again_where_it_has_signed_in_leads_on_and_nowhere_else() {
    let mut ada = Actor::anon();
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    ada.post("/sign-in", &[("email", &email), ("next", "/account")]).await.expect(200);
    let link = mail_link(&mut ada, &email).await;
    let path = link.strip_prefix(&ada.at.url).unwrap().to_owned();
    ada.get(&path).await.expect(200);
    ada.post(&path, &[("next", "/account")]).await.expect(303);
    let session = ada.cookie().unwrap().to_owned();
    // Its token of forms is still that of the page before.
    let form = ada.form(&path, &[("next", "/account")]);
    // The link once more, and the button of the page that was made before anybody had signed in.
    assert_eq!(ada.get(&path).await.expect(303).location(), "/account");
    let again = form.send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["location"]), (303, &"/account".parse().unwrap()));
    assert!(!again.headers().contains_key("set-cookie"), "no second session");
    assert_eq!(ada.cookie().unwrap(), session);

    // In another browser it is spent, whoever is signed in there; nothing is told of the address.
    for mut eve in [Actor::anon(), Actor::applicant().await] {
        let page = eve.get(&path).await.expect(410).body;
        assert!(page.contains("a déjà servi") && page.contains("name=\"email\"") && !page.contains(&email), "{page}");
        eve.post(&path, &[]).await.expect(410);
    }
    // The browser that asked, signed out: the link opens nothing, and the form knows the address.
    ada.get("/account").await.expect(200);
    ada.post("/sign-out", &[]).await.expect(303);
    assert!(ada.cookie().is_none());
    let page = ada.get(&path).await.expect(410).body;
    assert!(page.contains(&format!("value=\"{email}\"")), "{page}");
    ada.post(&path, &[]).await.expect(410);
}

#[tokio::test]
async fn the_answer_does_not_tell_who_is_known() {
    let mut eve = Actor::anon();
    let known = eve.post("/sign-in", &[("email", "ada@exemple.fr")]).await.expect(200).body;
    let unknown = eve.post("/sign-in", &[("email", "zoe@exemple.fr")]).await.expect(200).body;
    assert_eq!(known.replace("ada@", "X@"), unknown.replace("zoe@", "X@"));
    eve.post("/sign-in", &[("email", "pas une adresse")]).await.expect(422);
}

/// How long the portal takes to answer somebody who asks for a link.
async fn asks(actor: &mut Actor, email: &str) -> Duration {
    let request = actor.form("/sign-in", &[("email", email)]);
    let begun = Instant::now();
    actor.send(request).await.unwrap().expect(200);
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// An installation of its own, whose mailbox the others need not read through.
#[tokio::test]
async fn the_time_of_the_answer_does_not_tell_who_is_known_either() {
    let at = super::breakdown::own();
    let known = "connue@exemple.fr";
    Actor::at(at).sign_in(known).await;
    let mut eve = Actor::at(at);
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for round in 0..60_i64 {
        // A quarter of an hour apart, so that nobody has asked too often.
        let now = Timestamp::now() + SignedDuration::from_mins(16 * (round + 1));
        eve.when(&now.to_string());
        let unknown = format!("inconnu-{round}@exemple.fr");
        // Each goes first every other time.
        if round % 2 == 0 {
            of_known.push(asks(&mut eve, known).await);
            of_unknown.push(asks(&mut eve, &unknown).await);
        } else {
            of_unknown.push(asks(&mut eve, &unknown).await);
            of_known.push(asks(&mut eve, known).await);
        }
    }
    let (known, unknown) = (median(of_known), median(of_unknown));
    let (less, more) = (known.min(unknown), known.max(unknown));
    assert!(more < less * 2, "{known:?} for somebody who is known, {unknown:?} for a stranger");
}

#[tokio::test]
async fn links_run_out_and_sessions_end() {
    let mut ada = Actor::applicant_when("2026-01-05T10:00:00Z").await;
    ada.get("/dossiers").await.expect(200);
    ada.when("2026-01-05T22:00:01Z");
    assert!(ada.get("/dossiers").await.expect(303).location().contains("/sign-in?next=/dossiers"));

    let mut bob = Actor::anon();
    bob.when("2026-01-05T10:00:00Z");
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    bob.post("/sign-in", &[("email", &email)]).await.expect(200);
    let link = mail_link(&mut bob, &email).await;
    bob.when("2026-01-05T10:15:01Z");
    let path = link.strip_prefix(&bob.at.url).unwrap().to_owned();
    bob.post(&path, &[]).await.expect(410);
    for _ in 0..4 {
        bob.post("/sign-in", &[("email", &email)]).await;
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let mut ada = Actor::applicant().await;
    let kept = ada.cookie().unwrap().to_owned();
    ada.post("/sign-out", &[]).await.expect(303);
    assert!(ada.cookie().is_none());
    // Within the two seconds for which another process believes its last look, the old cookie may still open a page.
    crate::harness::installation::wait_for_async("the old cookie to be refused", async || {
        let request = ada.request(reqwest::Method::GET, "/dossiers").header("cookie", &kept);
        request.send().await.unwrap().status() == 303
    })
    .await;
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let mut ada = Actor::applicant().await;
    let path = "/calls/hyper-open-x/rounds/demonstration/dossiers";
    let attempt = uuid::Uuid::now_v7().to_string();
    let foreign = ada.form(path, &[("attempt", &attempt)]).header("origin", "https://evil.example");
    // The client keeps both headers; the portal refuses what does not name it alone.
    let body = format!("csrf={}&attempt={attempt}", ada.csrf());
    let request = |origin: Option<&str>, body: String| {
        let mut request = ada
            .request(reqwest::Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request
    };
    drop(foreign);
    assert_eq!(request(Some("https://evil.example"), body.clone()).send().await.unwrap().status(), 403);
    assert_eq!(request(None, body).send().await.unwrap().status(), 403);
    let forged = format!("csrf={}&attempt={attempt}", "0".repeat(64));
    assert_eq!(request(Some(ada.at.url.as_str()), forged).send().await.unwrap().status(), 403);
    assert_eq!(ada.get("/dossiers").await.expect(200).body.matches("/edit/").count(), 0, "nothing was begun");
}

/// The link's page of somebody who asked for it with a browser, in the browser of another.
#[tokio::test]
async fn the_page_of_a_link_says_whose_account_it_opens() {
    let email = format!("z{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let masked = "<strong>z…@exemple.fr</strong>";
    let mut eve = Actor::anon();
    eve.post("/sign-in", &[("email", &email)]).await.expect(200);
    let link = mail_link(&mut eve, &email).await;
    let path = link.strip_prefix(&eve.at.url).unwrap().to_owned();
    let page = eve.get(&path).await.expect(200).body;
    assert!(page.contains(&format!("Ce lien ouvre le compte <strong>{email}</strong>")), "{page}");
    let page = Actor::anon().get(&path).await.expect(200).body;
    assert!(page.contains(masked) && !page.contains(&email), "{page}");

    let (mut ada, own) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&own).await;
    let page = ada.get(&path).await.expect(200).body;
    assert!(page.contains(&format!("Vous êtes connecté en tant que <strong>{own}</strong>")), "{page}");
    assert!(page.contains(masked), "{page}");
}

#[tokio::test]
async fn links_asked_for_all_at_once_are_counted_one_after_the_other() {
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let asked = (0..14).map(|_| async {
        let eve = Actor::anon();
        eve.form("/sign-in", &[("email", &email)]).send().await.unwrap().status().as_u16()
    });
    let answers = futures_util::future::join_all(asked).await;
    let sent = answers.iter().filter(|status| **status == 200).count();
    assert_eq!(sent, 5, "{answers:?}");
}

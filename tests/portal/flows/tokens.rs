//! What API tokens give away: never more, and never longer, than they say themselves.

use super::{
    interop::{own_token, shown},
    refusals::{ids, journalled},
};
use crate::harness::{Actor, Installation, installation::wait_for_async, sample};
use biscuit_auth::{UnverifiedBiscuit, builder::BlockBuilder};
use guichet::testing::store::{Freshness, Store};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

/// The token with a block of these checks.
fn appended(token: &str, checks: &str) -> String {
    let block = BlockBuilder::new().code(checks).unwrap();
    UnverifiedBiscuit::from_base64(token).unwrap().append(block).unwrap().to_base64().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

async fn for_service(token: &str) -> crate::harness::Answer {
    let asked = json!({ "audience": "archives.example" });
    Actor::bearing(token).json(Method::POST, "/api/v1/service-tokens", &asked).await
}

#[tokio::test]
async fn a_token_for_a_service_says_no_more_than_the_token_it_is_made_for() {
    let (mut auditor, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    auditor.at.command(&["access", "give", &email, "--role", "auditor"]).await;
    auditor.sign_in(&email).await;
    let token = own_token(&mut auditor, &["service:token"]).await;
    auditor.at.command(&["access", "give", &email, "--role", "senior_officer"]).await;
    let made = for_service(&token).await.expect(201).json()["token"].as_str().unwrap().to_owned();
    let told = shown(&made);
    assert!(told.contains("role(\"auditor\")") && !told.contains("senior_officer"), "{told}");
}

#[tokio::test]
async fn a_token_for_a_service_ends_with_the_narrowed_token_it_is_made_for() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["service:token"]).await;
    let end = after(20);
    let narrow = appended(&token, &format!("check if time($t), $t <= {end:.0}"));
    let narrower = appended(&narrow, "check if operation(\"service:token\")");
    for token in [&narrow, &narrower] {
        let ends: Timestamp = for_service(token).await.expect(201).json()["ends_at"].as_str().unwrap().parse().unwrap();
        assert!(ends <= end, "{ends} is later than {end}");
    }
    let unclear = appended(&token, "check if time($t), $t > 2020-01-01T00:00:00Z");
    for_service(&unclear).await.expect(403);
}

#[tokio::test]
async fn a_token_past_its_end_or_its_holders_is_answered_401() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let narrow = appended(&token, &format!("check if time($t), $t <= {:.0}", after(60)));
    let document = format!("/api/v1/dossiers/{id}/document");
    for (token, seconds) in [(narrow, 62), (token, 7 * 86_400 + 60)] {
        let mut script = Actor::bearing(&token);
        script.get(&document).await.expect(200);
        script.when(&after(seconds).to_string());
        script.get(&document).await.expect(401);
    }
}

#[tokio::test]
async fn the_first_holders_block_is_revoked_with_all_that_is_appended_to_it() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let document = format!("/api/v1/dossiers/{id}/document");
    let given = appended(&token, "check if operation(\"draft:read\")");
    // Its holder never uses it as it was given: always with one more block, never twice the same.
    let fresh = |number: i64| appended(&given, &format!("check if time($t), $t <= {:.0}", after(1000 + number)));
    for number in 0..3 {
        Actor::bearing(&fresh(number)).get(&document).await.expect(200);
    }
    let (_, blocks) = ids(&given);
    let page = ada.get("/account").await.expect(200).body;
    let revoke = format!("/account/tokens/{}/revoke", blocks[1]);
    assert_eq!(page.matches("card narrowed").count(), 4, "the given one and three of it: {page}");
    assert!(page.contains(&revoke), "{page}");
    ada.post(&revoke, &[]).await.expect(303);
    wait_for_async("what was used before to be refused", async || {
        Actor::bearing(&fresh(1)).get(&document).await.status == 401
    })
    .await;
    Actor::bearing(&fresh(77)).get(&document).await.expect(401);
    Actor::bearing(&given).get(&document).await.expect(401);
    Actor::bearing(&token).get(&document).await.expect(200);
}

#[tokio::test]
async fn a_token_narrowed_without_end_fills_neither_table_nor_page_nor_journal() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let (number, _) = ids(&token);
    let given = appended(&token, "check if operation(\"draft:read\")");
    for at in 0..130 {
        let fresh = appended(&given, &format!("check if time($t), $t <= {:.0}", after(1000 + at)));
        Actor::bearing(&fresh).get(&format!("/api/v1/dossiers/{id}/document")).await.expect(200);
    }
    let config = Installation::shared().folder.join("guichet-1.toml");
    let store = Store::open(&guichet::testing::config::Config::read(&config).unwrap().database).unwrap();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let sql = "select count(*) from narrowed_token where token_id = ?";
    let uuid: uuid::Uuid = number.parse().unwrap();
    let kept: i64 = sqlx::query_scalar(sql).bind(uuid).fetch_one(&mut *db).await.unwrap();
    assert_eq!(kept, 100);
    assert_eq!(journalled(&number).await.len(), 101, "that it was made, and the first hundred");
    let page = ada.get("/account").await.expect(200).body;
    assert_eq!(page.matches("card narrowed").count(), 20);
    assert!(page.contains("non montrés ici : 80."), "{page}");
    // The block that they all have is the one seen last.
    assert!(page.contains(&format!("/account/tokens/{}/revoke", ids(&given).1[1])), "{page}");
}

#[tokio::test]
async fn a_token_that_may_not_read_deposits_asks_nothing_about_their_words() {
    let (mut officer, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    officer.at.command(&["access", "give", &email, "--role", "officer"]).await;
    officer.sign_in(&email).await;
    let list = "/api/v1/rounds/demonstration/dossiers";
    let mut lister = Actor::bearing(&own_token(&mut officer, &["round:list"]).await);
    lister.get(&format!("{list}?q=coeur")).await.expect(403);
    for open in ["", "?q=2024-999999", "?brick=sozu"] {
        lister.get(&format!("{list}{open}")).await.expect(200);
    }
    let mut reader = Actor::bearing(&own_token(&mut officer, &["round:list", "deposit:read"]).await);
    reader.get(&format!("{list}?q=coeur")).await.expect(200);
}

#[tokio::test]
async fn a_role_taken_and_given_back_revives_no_token() {
    let (mut officer, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    let role = ["--role", "officer"];
    officer.at.command(&[&["access", "give", &email], &role[..]].concat()).await;
    let mut by_mail = Actor::anon();
    by_mail.sign_in(&email).await;
    let token = own_token(&mut by_mail, &["round:list"]).await;
    let list = "/api/v1/rounds/demonstration/dossiers";
    let mut script = Actor::bearing(&token);
    script.get(list).await.expect(200);
    officer.at.command(&[&["access", "take", &email], &role[..]].concat()).await;
    wait_for_async("the token to be refused", async || script.get(list).await.status == 401).await;
    officer.at.command(&[&["access", "give", &email], &role[..]].concat()).await;
    officer.sign_in(&email).await;
    officer.get("/calls/hyper-open-x/rounds/demonstration/dossiers").await.expect(200);
    script.get(list).await.expect(401);
    let kinds: Vec<String> = journalled(&ids(&token).0).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["token_made", "token_revoked"]);
}

/// An installation of its own, all of whose first roots are dropped.
#[tokio::test]
async fn dropping_the_only_root_of_a_kind_makes_another_and_the_portal_goes_on() {
    let at = super::breakdown::own();
    let (mut ada, email) = (Actor::at(at), "clef@exemple.fr");
    ada.sign_in(email).await;
    for kid in ["1", "2", "3"] {
        let told = at.command(&["admin", "keys", "drop", kid]).await;
        assert!(told.contains("is dropped") && told.contains("was made in its place"), "{told}");
    }
    wait_for_async("the session to end", async || ada.get("/dossiers").await.status == 303).await;
    let mut ada = Actor::at(at);
    ada.sign_in(email).await;
    let token = own_token(&mut ada, &["service:token"]).await;
    let mut script = Actor::at(at);
    script.bear(&token);
    let asked = json!({ "audience": "archives.example" });
    script.json(Method::POST, "/api/v1/service-tokens", &asked).await.expect(201);

    // Dropped by a release that made no other: whoever starts next makes it.
    let config = guichet::testing::config::Config::read(&at.folder.join("guichet-1.toml")).unwrap();
    let mut db = Store::open(&config.database).unwrap().write().await.unwrap();
    let drop = "update token_root set dropped_at = utc_timestamp(6) where kind = 'session' and dropped_at is null";
    assert_eq!(sqlx::query(drop).execute(&mut *db).await.unwrap().rows_affected(), 1);
    at.command(&["rollout"]).await;
    let mut ada = Actor::at(at);
    ada.sign_in(email).await;
    let lines = at.command(&["admin", "keys", "list"]).await;
    assert_eq!(lines.matches(" session ").count(), 3, "{lines}");
}

#[tokio::test]
async fn an_upload_under_way_when_its_token_is_revoked_is_not_kept() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:write", "draft:read"]).await;
    let mut script = Actor::bearing(&token);
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let (send, parts) = tokio::sync::mpsc::channel(2);
    send.send(Ok::<_, std::io::Error>(first.to_vec())).await.unwrap();
    let body = futures_util::stream::unfold(parts, async |mut parts| parts.recv().await.map(|part| (part, parts)));
    let path = format!("/api/v1/dossiers/{id}/pieces/P9?issued={}&name=p.pdf", sample::today());
    let upload = script.request(Method::PUT, &path).body(reqwest::Body::wrap_stream(body));
    let upload = tokio::spawn(upload.send());

    let page = ada.get("/account").await.expect(200).body;
    let revoke = page.split("action=\"").find(|part| part.contains("/revoke\"")).unwrap();
    ada.post(revoke.split('"').next().unwrap(), &[]).await.expect(303);
    let document = format!("/api/v1/dossiers/{id}/document");
    wait_for_async("the token to be refused", async || script.get(&document).await.status == 401).await;
    send.send(Ok(rest.to_vec())).await.unwrap();
    drop(send);
    assert_eq!(upload.await.unwrap().unwrap().status(), 401);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(!page.contains("p.pdf"), "nothing was attached");
}

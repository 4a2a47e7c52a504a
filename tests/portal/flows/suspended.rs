//! Nothing while suspended: whoever is, is told so, and opens nothing but the account's page and the way out.

use super::interop::own_token;
use crate::harness::{Actor, installation::wait_for_async, sample};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_suspended_account_is_told_so_and_opens_nothing_but_its_page_and_the_way_out() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read", "service:token"]).await;
    ada.at.command(&["access", "suspend", &email]).await;
    wait_for_async("it to be known", async || ada.get("/dossiers").await.status == 403).await;
    let page = ada.get("/dossiers").await.expect(403).body;
    assert!(page.contains("Ce compte est suspendu") && page.contains("mailto:"), "{page}");
    for path in ["/account/passkeys", "/account/rights", "/account/confirm", &format!("/dossiers/{id}")] {
        ada.get(path).await.expect(403);
    }
    let page = ada.get("/account").await.expect(200).body;
    assert!(page.contains("Ce compte est suspendu") && !page.contains("Créer un jeton"), "{page}");
    ada.post("/account/tokens", &[("label", "x"), ("days", "7"), ("action", "draft:read")]).await.expect(403);
    let revoke = format!("/account/tokens/{}/revoke", super::refusals::ids(&token).0);
    ada.post(&revoke, &[]).await.expect(403);
    ada.json(Method::POST, "/account/passkeys/begin", &json!({})).await.expect(403);
    ada.post("/calls/hyper-open-x/rounds/demonstration/dossiers", &[("attempt", &id)]).await.expect(403);
    ada.get("/calls/hyper-open-x").await.expect(200);
    let mut script = Actor::bearing(&token);
    let problem = script.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(403).json();
    assert_eq!(problem["code"], "suspended");
    script.json(Method::POST, "/api/v1/service-tokens", &json!({ "audience": "x.example" })).await.expect(403);

    // Signing in answers as to anybody, and opens no more; signing out works.
    let mut again = Actor::anon();
    let before = crate::harness::actor::sign_in_links(&mut again, &email).await.len();
    again.post("/sign-in", &[("email", &email)]).await.expect(200);
    let link = crate::harness::actor::new_link(&mut again, &email, before).await;
    let path = link.strip_prefix(&again.at.url).unwrap().to_owned();
    again.get(&path).await.expect(200);
    again.post(&path, &[]).await.expect(303);
    again.get("/dossiers").await.expect(403);
    ada.post("/sign-out", &[]).await.expect(303);
    assert!(ada.cookie().is_none());

    again.at.command(&["access", "readmit", &email]).await;
    wait_for_async("it to be let in again", async || again.get("/dossiers").await.status == 200).await;
}

//! What a hostile or unlucky client once got away with.

use crate::harness::{Actor, actor::mail_link, sample};
use reqwest::{Method, header};
use serde_json::json;

#[tokio::test]
async fn a_text_field_of_an_upload_is_cut_off_early() {
    let mut eve = Actor::anon();
    let field = "A".repeat(3_000_000);
    let body = format!("--B\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{field}\r\n--B--\r\n");
    let request = eve
        .request(Method::POST, "/verify")
        .header(header::ORIGIN, &eve.at.url)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(body);
    assert_eq!(eve.send(request).await.unwrap().status, 413);
}

#[tokio::test]
async fn signing_in_leads_to_our_own_pages_only_and_keeps_accents_and_filters() {
    let cases = [
        ("/\t/evil.example", "/dossiers"),
        ("//evil.example", "/dossiers"),
        ("https://evil.example", "/dossiers"),
        ("/\\evil.example", "/dossiers"),
        ("/verify?q=été&sort=aid", "/verify?q=%C3%A9t%C3%A9&sort=aid"),
    ];
    for (next, wanted) in cases {
        let mut ada = Actor::anon();
        let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
        ada.post("/sign-in", &[("email", &email), ("next", next)]).await.expect(200);
        let link = mail_link(&mut ada, &email).await;
        let path = link.strip_prefix(&ada.at.url).unwrap().to_owned();
        let page = ada.get(&path).await.expect(200);
        let done = ada.post(path.split('?').next().unwrap(), &[("next", &page.hidden("next"))]).await.expect(303);
        assert_eq!(done.location(), wanted, "{next:?}");
    }
    let list = "/calls/hyper-open-x/rounds/demonstration/dossiers?q=%C3%A9t%C3%A9&sort=aid&desc=yes";
    let asked = Actor::anon().get(list).await.expect(303);
    assert!(asked.location().contains("sort%3Daid%26desc%3Dyes"), "{}", asked.location());
}

#[tokio::test]
async fn answers_that_are_not_asked_are_neither_counted_nor_sealed() {
    let mut ada = Actor::applicant().await;
    let mut dossier = sample::sample(sample::today());
    sample::set(&mut dossier.answers, "deminimis.received", json!("no"));
    sample::set(&mut dossier.answers, "deminimis.aids", json!([{ "grantor": "CACHE", "amount": "290000" }]));
    let id = sample::draft(&mut ada, "demonstration", &dossier.answers).await;
    sample::attach_all(&mut ada, &id, &dossier).await;
    let number = sample::deposit(&mut ada, &id).await;
    let receipt = ada.get(&format!("/receipts/{number}.json")).await.expect(200);
    assert!(!receipt.body.contains("CACHE"));
    assert_eq!(receipt.json()["manifest"]["amounts"]["aid"], 10_000_000);
}

#[tokio::test]
async fn a_withdrawn_attempt_sent_again_is_no_deposit_and_its_receipt_says_so() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let attempt = uuid::Uuid::now_v7().to_string();
    let path = format!("/dossiers/{id}/deposits");
    let receipt = ada.post(&path, &[("attempt", &attempt)]).await.expect(303).location().to_owned();
    sample::withdraw(&mut ada, &id).await.expect(303);
    assert_eq!(ada.post(&path, &[("attempt", &attempt)]).await.expect(303).location(), format!("/dossiers/{id}"));
    assert!(ada.get(&receipt).await.expect(200).body.contains("n’est plus en vigueur"));
}

#[tokio::test]
async fn unreadable_addresses_get_a_page_of_ours() {
    let mut ada = Actor::applicant().await;
    for path in ["/dossiers/notuuid", "/calls/%ff", "/receipts/%ff", "/demo/mails/%ff"] {
        assert!(ada.get(path).await.expect(404).body.contains("<h1"), "{path}");
    }
    let problem = ada.get("/api/v1/calls/%ff").await.expect(404);
    assert_eq!(problem.headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn a_draft_has_a_limit_as_a_whole() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let long = "x".repeat(49_000);
    let rows: Vec<_> = (0..30).map(|_| json!({ "name": long })).collect();
    let huge = json!({ "changes": [{ "path": "project.team", "value": rows }] });
    ada.json(Method::POST, &format!("/dossiers/{id}/fields"), &huge).await.expect(422);
}

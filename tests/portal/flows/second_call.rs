//! A second, different call on the same portal: nothing of the first is in the code.

use crate::harness::{Actor, installation::source};
use guichet::testing::domain::folder;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn another_call_goes_from_its_home_to_a_receipt() {
    let mut visitor = Actor::anon();
    let home = visitor.get("/calls/petit-pas").await.expect(200);
    assert!(home.body.contains("Brumeville") && !home.body.contains("Hyper Open X"));
    for page in ["faq", "rules", "interpretations", "criteria", "bricks", "simulator"] {
        let body = visitor.get(&format!("/calls/petit-pas/{page}")).await.expect(200).body;
        assert!(!body.contains("Cap Digital") && !body.contains("ELI-"), "{page}");
    }
    let text = std::fs::read_to_string(source("tests/fixtures/petit-pas/dossier.toml")).unwrap();
    let today = crate::harness::sample::today();
    let dossier = folder::parse(&text, today).unwrap();
    let mut program = Actor::program("applicant_token");
    let body = json!({ "call": dossier.call, "round": dossier.round, "document": dossier.answers, "attempt": uuid::Uuid::now_v7() });
    let id = program.json(Method::POST, "/api/v1/dossiers", &body).await.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = program
        .json(Method::POST, &format!("/api/v1/dossiers/{id}/deposits"), &json!({ "attempt": uuid::Uuid::now_v7() }))
        .await
        .expect(422);
    let missing: Vec<String> = refused.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["severity"] == "blocking")
        .map(|f| f["path"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(missing, ["pieces.Q1"]);
    for piece in &dossier.pieces {
        let bytes = std::fs::read(source("tests/fixtures/petit-pas").join(&piece.file)).unwrap();
        let path =
            format!("/api/v1/dossiers/{id}/pieces/{}?issued={}&name={}", piece.code, piece.issued.unwrap(), piece.file);
        let request = program.request(Method::PUT, &path).body(bytes);
        program.send(request).await.unwrap().expect(200);
    }
    let done = program
        .json(Method::POST, &format!("/api/v1/dossiers/{id}/deposits"), &json!({ "attempt": uuid::Uuid::now_v7() }))
        .await
        .expect(201)
        .json();
    let receipt =
        program.get(&format!("/api/v1/receipts/{}", done["receipt"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(receipt["manifest"]["context"]["call"], "petit-pas");
    assert_eq!(receipt["manifest"]["context"]["zone"], "Indian/Reunion");
}

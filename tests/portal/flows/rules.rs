//! Each blocking rule, broken in a dossier that is otherwise valid, refuses the deposit through the whole portal.

use crate::harness::{Actor, sample};
use reqwest::Method;
use serde_json::{Value as Json, json};

/// Path, a value that breaks the rule, the rule.
fn breaches() -> Vec<(&'static str, Json, &'static str)> {
    let persons = json!([{ "profile": "x", "months": "1", "monthly_cost": "1000" }]);
    vec![
        ("budget.persons", persons, "ELI-1"),
        ("applicant.rcs_date", json!("2099-01-01"), "ELI-3"),
        ("health.proceedings", json!("liquidation"), "ELI-7"),
        ("project.country", json!("DE"), "ELI-10"),
        ("project.start", json!("2020-01-01"), "ELI-10"),
        ("project.bricks", json!([]), "ELI-12"),
        ("project.end", json!("2099-12-31"), "CAL-5"),
        ("aid.own_risk", json!(false), "FIN-10"),
        ("aid.no_recovery", json!(false), "ELI-6"),
        ("aid.up_to_date", json!(false), "ELI-5"),
        ("aid.no_double_funding", json!(false), "ELI-11"),
        ("aid.asked", json!("100000.01"), "FIN-7"),
    ]
}

#[tokio::test]
async fn each_blocking_rule_refuses_the_deposit_by_its_id() {
    let mut program = Actor::program("applicant_token");
    let dossier = sample::sample(sample::today());
    let id = sample::complete_by_api(&mut program, &dossier).await;
    let document = format!("/api/v1/dossiers/{id}/document");
    for (path, value, rule) in breaches() {
        let mut answers = dossier.answers.clone();
        sample::set(&mut answers, path, value);
        let request = program.request(Method::PUT, &document).header("if-match", "*").json(&answers);
        program.send(request).await.unwrap().expect(200);
        let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
        let refused =
            program.json(Method::POST, &format!("/api/v1/dossiers/{id}/deposits"), &attempt).await.expect(422).json();
        let found = refused["findings"].as_array().unwrap();
        let named = found.iter().any(|finding| finding["rule"] == rule && finding["severity"] == "blocking");
        assert!(named, "{path}: {rule} is not among {found:?}");
    }
    let request = program.request(Method::PUT, &document).header("if-match", "*").json(&dossier.answers);
    program.send(request).await.unwrap().expect(200);
    let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
    program.json(Method::POST, &format!("/api/v1/dossiers/{id}/deposits"), &attempt).await.expect(201);
}

#[tokio::test]
async fn the_simulator_judges_without_an_account() {
    let mut visitor = Actor::anon();
    let path = "/calls/hyper-open-x/simulator";
    visitor.get(path).await.expect(200);
    let fields = [
        ("budget.persons[0].profile", "Développeur"),
        ("budget.persons[0].months", "12"),
        ("budget.persons[0].monthly_cost", "8 680,55"),
        ("project.country", "FR"),
        ("project.bricks", "sozu"),
    ];
    let verdict = visitor.post(path, &fields).await.expect(200).body;
    assert!(verdict.contains("124\u{202f}999,92"), "the base is computed to the cent");
    assert!(verdict.contains("ELI-1"), "and refused by eight cents");
    assert!(verdict.contains("8 680,55"), "what was typed is kept");
}

//! The interface for programs: documents with entity tags, idempotent deposits, problems with findings.

use crate::harness::{Actor, sample};
use reqwest::{Method, header};
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_program_deposits_and_may_ask_again() {
    let mut program = Actor::program("applicant_token");
    let dossier = sample::sample(sample::today());
    let id = sample::complete_by_api(&mut program, &dossier).await;
    let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
    let path = format!("/api/v1/dossiers/{id}/deposits");
    let first = program.json(Method::POST, &path, &attempt).await.expect(201).json();
    let again = program.json(Method::POST, &path, &attempt).await.expect(200).json();
    assert_eq!(first["receipt"], again["receipt"]);
    let receipt = program.get(&format!("/api/v1/receipts/{}", first["receipt"].as_str().unwrap())).await.expect(200);
    assert!(guichet::testing::domain::receipt::verify(&receipt.json(), &[]).is_valid());
}

#[tokio::test]
async fn documents_have_entity_tags() {
    let mut program = Actor::program("applicant_token");
    let body = json!({ "call": "hyper-open-x", "round": "demonstration", "attempt": uuid::Uuid::now_v7() });
    let id = program.json(Method::POST, "/api/v1/dossiers", &body).await.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/dossiers/{id}/document");
    let tag = program.get(&path).await.expect(200).headers[header::ETAG].to_str().unwrap().to_owned();
    let put = |tag: Option<&str>, title: &str| {
        let request = program.request(Method::PUT, &path).json(&json!({ "project": { "title": title } }));
        match tag {
            Some(tag) => request.header(header::IF_MATCH, tag),
            None => request,
        }
    };
    let (without, right, stale) = (put(None, "a"), put(Some(&tag), "b"), put(Some(&tag), "c"));
    program.send(without).await.unwrap().expect(428);
    program.send(right).await.unwrap().expect(200);
    let refused = program.send(stale).await.unwrap().expect(412);
    assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(program.get(&path).await.json()["project"]["title"], "b");
}

#[tokio::test]
async fn wrong_input_is_told_with_its_place() {
    let mut program = Actor::program("applicant_token");
    let unknown =
        json!({ "call": "hyper-open-x", "round": "demonstration", "document": { "project": { "nothing": "x" } } });
    let problem = program.json(Method::POST, "/api/v1/dossiers", &unknown).await.expect(422).json();
    assert!(problem["detail"].as_str().unwrap().contains("project.nothing"), "{problem}");
    let request =
        program.request(Method::POST, "/api/v1/dossiers").header("content-type", "application/json").body("{");
    let problem = program.send(request).await.unwrap().expect(400);
    assert_eq!(problem.headers[header::CONTENT_TYPE], "application/problem+json");
    for body in [
        json!([]),
        json!({ "call": 1 }),
        json!({ "call": "hyper-open-x", "round": "none" }),
        json!({ "call": "none", "round": "x" }),
    ] {
        let answer = program.json(Method::POST, "/api/v1/dossiers", &body).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404 | 422), "{body}: {}", answer.status);
    }
    let mut english = Actor::anon();
    let request = english.request(Method::GET, "/api/v1/receipts/none").header("accept-language", "en-GB,en;q=0.9");
    assert_eq!(english.send(request).await.unwrap().expect(401).json()["title"], "Sign-in needed");
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let mut program = Actor::anon();
    let openapi = program.get("/api/v1/openapi.json").await.expect(200).json();
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1"));
    let call = program.get("/api/v1/calls/hyper-open-x").await.expect(200).json();
    assert_eq!(call["funding"]["cap_cents"], 10_000_000);
    let rounds = call["rounds"].as_array().unwrap();
    let round = |id: &str| rounds.iter().find(|round| round["id"] == id).unwrap();
    assert_eq!(round("2024")["state"], "closed");
    assert_eq!(round("2025")["state"], "announced");
    assert_eq!(round("demonstration")["state"], "open");
    let schema = program.get("/api/v1/calls/hyper-open-x/dossier.schema.json").await.expect(200).json();
    assert_eq!(schema["properties"]["budget"]["type"], "object");
}

/// Rule and path of every finding.
fn pairs(findings: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    findings.as_array().unwrap().iter().map(|finding| (text(&finding["rule"]), text(&finding["path"]))).collect()
}

#[tokio::test]
async fn page_interface_and_command_line_find_the_same() {
    let dossier = sample::sample(sample::today());
    let mut answers = dossier.answers.clone();
    sample::set(&mut answers, "project.country", json!("BE"));
    sample::set(&mut answers, "project.bricks", json!([]));
    sample::set(&mut answers, "project.title", json!(""));
    let mut program = Actor::program("applicant_token");
    let body = json!({ "document": answers, "round": "demonstration", "pieces": [] });
    let stateless = program.json(Method::POST, "/api/v1/calls/hyper-open-x/evaluation", &body).await.expect(200).json();
    let expected = pairs(&stateless["findings"]);
    assert!(expected.contains(&("ELI-10".into(), "project.country".into())), "{expected:?}");

    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &answers).await;
    let saved =
        ada.json(Method::POST, &format!("/dossiers/{id}/fields"), &json!({ "changes": [] })).await.expect(200).json();
    assert_eq!(pairs(&saved["findings"]), expected, "the editor's script");
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    for finding in stateless["findings"].as_array().unwrap() {
        let message = finding["message"].as_str().unwrap();
        let start: String = message.chars().take_while(|c| !"'’\"&<>«»".contains(*c)).collect();
        assert!(page.contains(start.trim()), "the page lacks: {message}");
    }

    let folder = tempfile::tempdir().unwrap();
    let text = toml_of(&dossier.call, &dossier.round.0, &answers);
    std::fs::write(folder.path().join("dossier.toml"), text).unwrap();
    let output = crate::flows::command_line::deposit(folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let count = printed.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")).count();
    // The command line deposits as the demonstration's applicant, of whose company other dossiers may stand.
    let others = printed.lines().filter(|line| line.starts_with("warning[ELI-4]")).count();
    assert_eq!(count - others, expected.len(), "{printed}");
    assert!(printed.contains("error[ELI-10]") && printed.contains("project.country"), "{printed}");
}

fn toml_of(call: &str, round: &str, answers: &Json) -> String {
    let mut table = toml::Table::new();
    table.insert("call".into(), call.into());
    table.insert("round".into(), round.into());
    table.insert("answers".into(), toml::Value::try_from(answers).unwrap());
    table.to_string()
}

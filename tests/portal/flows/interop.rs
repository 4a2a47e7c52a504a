//! Tokens in another language: a stranger verifies and narrows them by `biscuit-python` and the samples of
//! `docs/samples/tokens`, over HTTPS, against the running installation.

use super::delegation::{attenuate, in_days};
use crate::harness::{
    Actor,
    installation::{guichet, source, wait_for_async},
    sample,
};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
};

const SERVICE: &str = "archives.example";

/// Runs one function of `interop/cases.py`.
pub fn python(function: &str, at: &crate::harness::Installation, given: &Json) -> Json {
    let python = std::env::var_os("GUICHET_PYTHON").filter(|python| std::path::Path::new(python).exists()).expect(
        "GUICHET_PYTHON names a Python that has biscuit-python: `make setup` installs one, `make test` names it",
    );
    let mut running = Command::new(python)
        .arg(source("tests/portal/flows/interop/cases.py"))
        .arg(function)
        .env("SSL_CERT_FILE", &at.ca_file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    assert!(done.status.success(), "{function} in Python failed");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// An API token made by its owner at the page.
pub async fn own_token(owner: &mut Actor, actions: &[&str]) -> String {
    owner.get("/account").await.expect(200);
    let mut fields = vec![("label", "python"), ("days", "7")];
    fields.extend(actions.iter().map(|action| ("action", *action)));
    let page = owner.post("/account/tokens", &fields).await.expect(200).body;
    page.split("readonly spellcheck=\"false\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

/// How `text` begins: what an error's message says is the library's business.
#[track_caller]
fn refused(found: &Json, kind: &str) {
    assert!(found.as_str().is_some_and(|text| text.starts_with(kind)), "{found} is not {kind}");
}

#[tokio::test]
async fn a_stranger_verifies_a_token_for_its_service_and_for_no_other() {
    let mut ada = Actor::applicant().await;
    let api = own_token(&mut ada, &["service:token", "draft:read"]).await;
    let mut program = Actor::bearing(&api);
    let made = program.json(Method::POST, "/api/v1/service-tokens", &json!({ "audience": SERVICE })).await;
    let token = made.expect(201).json()["token"].as_str().unwrap().to_owned();
    let session = ada.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let given = json!({ "token": token, "portal": ada.at.url, "service": SERVICE, "api": api, "session": session });
    let found = python("verify", ada.at, &given);
    let user = found["right"].as_str().unwrap();
    assert!(user.parse::<uuid::Uuid>().is_ok(), "{found}");
    refused(&found["audience"], "biscuit_auth.AuthorizationError");
    refused(&found["late"], "biscuit_auth.AuthorizationError");
    refused(&found["forged"], "biscuit_auth.BiscuitValidationError");
    refused(&found["issuer"], "biscuit_auth.BiscuitValidationError");
    refused(&found["key over"], "biscuit_auth.BiscuitValidationError");
    assert_eq!((&found["again"], &found["key holds"]), (&found["right"], &found["right"]));
    // Tokens of the same portal, under keys that it publishes: nobody is known to a service by them.
    refused(&found["api"], "biscuit_auth.AuthorizationError");
    refused(&found["session"], "biscuit_auth.AuthorizationError");
    refused(&found["widened"], "biscuit_auth.");
    refused(&found["added"], "builtins.ValueError");
    assert!(found["tampered"].as_u64() > Some(200), "every byte was changed once");
    assert_eq!(found["taken"], json!([]), "bytes that nobody has signed");
}

#[tokio::test]
async fn what_python_narrows_is_held_to_it() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let elsewhere = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:write", "draft:read"]).await;
    let until = jiff::Timestamp::now().as_second() + 3600;
    let keys = ada.get("/.well-known/biscuit-web-keys").await.expect(200).json();
    let given = json!({ "token": token, "keys": keys, "dossier": id, "piece": "P9", "other": "P8", "until": until });
    let made = python("narrows", ada.at, &given);
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let put = async |kind: &str, id: &str, code: &str| {
        let mut script = Actor::bearing(made[kind].as_str().unwrap());
        let path = format!("/api/v1/dossiers/{id}/pieces/{code}?issued={}&name=p.pdf", sample::today());
        let request = script.request(Method::PUT, &path).body(bytes.clone());
        script.send(request).await.unwrap().status.as_u16()
    };
    assert_eq!(put("narrowed", &id, "P9").await, 200);
    assert_eq!(put("narrowed", &id, "P8").await, 404);
    assert_eq!(put("narrowed", &elsewhere, "P9").await, 404);
    assert_eq!(put("twice", &id, "P9").await, 404);
    assert_eq!(put("twice", &id, "P8").await, 404);
    assert_eq!(put("over", &id, "P9").await, 401);
    assert_eq!(put("widened", &id, "P9").await, 401, "a block that says more than simple checks");
    assert_eq!(put("bomb", &id, "P9").await, 401);
}

#[tokio::test]
async fn what_the_command_narrows_is_read_alike_in_python() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:write"]).await;
    let dossier = uuid::Uuid::now_v7().to_string();
    let once = attenuate(&token, &["--dossier", &dossier, "--piece", "P9", "--until", &in_days(1)]);
    let twice = attenuate(&once, &["--action", "draft:write"]);
    let keys = Actor::anon().get("/.well-known/biscuit-web-keys").await.expect(200).json();
    for (token, blocks, words) in [(&token, 1, "draft:write"), (&once, 2, "piece:P9"), (&twice, 3, "operation")] {
        let found = python("shows", ada.at, &json!({ "token": token, "keys": keys }));
        assert_eq!(found["blocks"], blocks);
        assert!(found["added"].as_str().unwrap().contains(words), "{found}");
        let told = shown(token);
        let ids: Vec<&str> =
            told.lines().filter_map(|line| line.split_once("revocation id ")).map(|(_, id)| id).collect();
        assert_eq!(found["ids"], json!(ids));
    }
}

/// What `guichet token show` prints.
pub fn shown(token: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), token).unwrap();
    let done = Command::new(guichet()).args(["token", "show", "--token-file"]).arg(file.path()).output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn the_list_of_what_is_revoked_is_signed_and_names_it() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let narrow = attenuate(&token, &["--dossier", &id]);
    let mut script = Actor::bearing(&narrow);
    script.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(200);
    let page = ada.get("/account").await.expect(200).body;
    let card = page.split("card narrowed").nth(1).unwrap();
    let revoke = card.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ada.post(&revoke, &[]).await.expect(303);
    let told = shown(&narrow);
    let block =
        told.lines().filter_map(|line| line.split_once("revocation id ")).map(|(_, id)| &id[..64]).next_back().unwrap();
    // A service keeps the key that it was given once; the list's own word for it would prove nothing.
    let keys = ada.get("/.well-known/guichet-receipt-keys").await.expect(200).json();
    let given = json!({ "portal": ada.at.url, "key": keys[0]["public_key"] });
    wait_for_async("the list to name it", async || {
        let found = python("lists", ada.at, &given);
        refused(&found["other key"], "cryptography.InvalidSignature");
        refused(&found["old"], "builtins.ValueError");
        let blocks: BTreeSet<&str> =
            found["list"]["blocks"].as_array().unwrap().iter().map(|block| block.as_str().unwrap()).collect();
        blocks.contains(block)
    })
    .await;
}

/// What the page shows is what these tests run, and its heart is ten lines.
#[test]
fn the_page_shows_the_samples_as_they_are() {
    let page = std::fs::read_to_string(source("docs/access.md")).unwrap();
    for name in ["verify_token", "narrow_token", "revoked"] {
        let sample = std::fs::read_to_string(source(&format!("docs/samples/tokens/{name}.py"))).unwrap();
        assert!(page.contains(&format!("```python\n{sample}```\n")), "docs/access.md shows another {name}.py");
    }
    let heart = page.split("def user_of").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(heart.trim_end().lines().skip(1).count(), 10);
}

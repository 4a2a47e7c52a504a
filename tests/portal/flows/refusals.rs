//! What is written down of tokens: that they were made, narrowed, revoked, and that some were not taken. Never the token
//! itself, and never a line for each of a flood.

use super::{delegation::attenuate, interop::own_token};
use crate::harness::{Actor, Installation, installation::wait_for_async, sample};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use guichet::testing::store::Freshness;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// What the journal says of a token, oldest first.
pub async fn journalled(token: &str) -> Vec<(String, Json)> {
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let lines: Vec<(String, String)> =
        sqlx::query_as("select kind, cast(data as char) from event where data like ? order by sequence")
            .bind(format!("%{token}%"))
            .fetch_all(&mut *db)
            .await
            .unwrap();
    lines.into_iter().map(|(kind, data)| (kind, serde_json::from_str(&data).unwrap())).collect()
}

/// What the processes have counted of one reason.
async fn counted(reason: &str) -> u64 {
    let mut sum = 0;
    for ops in Installation::shared().access()["instance_ops"].as_array().unwrap() {
        let page = reqwest::get(format!("{}/metrics", ops.as_str().unwrap())).await.unwrap().text().await.unwrap();
        let label = format!("guichet_tokens_refused_total{{channel=\"api\",reason=\"{reason}\"}} ");
        sum +=
            page.lines().filter_map(|line| line.strip_prefix(&label)).map(|n| n.parse::<u64>().unwrap()).sum::<u64>();
    }
    sum
}

/// The lines of each process's log about tokens that were not taken, for one reason.
fn logged(reason: &str) -> Vec<Vec<String>> {
    let logs = ["serve-1.log", "serve-2.log"].map(|name| Installation::shared().folder.join("log").join(name));
    let lines = |path| -> Vec<String> {
        let log = std::fs::read_to_string(path).unwrap();
        let wanted = |line: &&str| line.contains("token.refused") && line.contains(&format!("\"{reason}\""));
        log.lines().filter(wanted).map(str::to_owned).collect()
    };
    logs.into_iter().map(lines).collect()
}

/// The `token` fact and the revocation ids that `guichet token show` tells.
pub fn ids(token: &str) -> (String, Vec<String>) {
    let told = super::interop::shown(token);
    let id = told.split("token(\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let blocks = told.lines().filter_map(|line| line.split_once("revocation id ")).map(|(_, id)| id[..64].to_owned());
    (id, blocks.collect())
}

#[tokio::test]
async fn the_journal_has_a_token_made_narrowed_and_revoked_once_each() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let narrow = attenuate(&token, &["--dossier", &id]);
    let (number, blocks) = ids(&narrow);
    let document = format!("/api/v1/dossiers/{id}/document");
    // Both processes meet it, and the same token more than once.
    let mut script = Actor::bearing(&narrow);
    for _ in 0..6 {
        script.get(&document).await.expect(200);
    }
    let lines = journalled(&number).await;
    let kinds: Vec<&str> = lines.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["token_made", "token_narrowed"]);
    assert_eq!(lines[1].1, json!({ "token": number, "block": blocks[1] }));

    ada.get("/account").await.expect(200);
    ada.post(&format!("/account/tokens/{}/revoke", blocks[1]), &[]).await.expect(303);
    wait_for_async("the narrow one to be refused", async || script.get(&document).await.status == 401).await;
    ada.post(&format!("/account/tokens/{number}/revoke"), &[]).await.expect(303);
    let revoked: Vec<Json> = journalled(&blocks[1]).await.into_iter().map(|(kind, _)| kind.into()).collect();
    assert_eq!(revoked, ["token_narrowed", "token_revoked"]);
    let kinds: Vec<String> = journalled(&number).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["token_made", "token_narrowed", "token_revoked"]);

    let mut whole = Actor::bearing(&token);
    wait_for_async("the whole one to be refused", async || whole.get(&document).await.status == 401).await;
    let told: Vec<String> = logged("revoked").concat().into_iter().filter(|line| line.contains(&number)).collect();
    assert!(!told.is_empty() && told.len() <= 2, "a line of each process that has met it: {told:?}");
    assert!(counted("revoked").await >= 2);
}

#[tokio::test]
async fn a_flood_of_forged_tokens_is_counted_and_fills_neither_journal_nor_log() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let (number, blocks) = ids(&token);
    let mut bytes = URL_SAFE.decode(&token).unwrap();
    let signature = hex::decode(&blocks[0]).unwrap();
    let at = bytes.windows(32).position(|window| window == signature).unwrap();
    let before = counted("forged").await;
    for flood in 0..200_u8 {
        bytes[at + 8] = bytes[at + 8].wrapping_add(1);
        bytes[at + 9] = flood;
        let mut forger = Actor::bearing(&URL_SAFE.encode(&bytes));
        forger.get("/api/v1/rounds/demonstration/dossiers").await.expect(401);
    }
    assert!(counted("forged").await >= before + 200);
    assert_eq!(journalled(&number).await.len(), 1, "that it was made");
    for (process, lines) in logged("forged").into_iter().enumerate() {
        let instants: Vec<Timestamp> =
            lines.iter().map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
        assert!(!instants.is_empty(), "process {process} has met some");
        for pair in instants.windows(2) {
            assert!(pair[1].duration_since(pair[0]).as_secs() >= 59, "process {process}: {lines:?}");
        }
    }
    let other = attenuate(&token, &["--piece", "P9"]);
    let logs = std::fs::read_to_string(Installation::shared().folder.join("log/serve-1.log")).unwrap();
    assert!(!logs.contains(&token[..80]) && !logs.contains(&other[..80]), "no token stands in the log");
}

#[tokio::test]
async fn other_refusals_are_told_apart() {
    let mut ada = Actor::applicant().await;
    let session = ada.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let token = own_token(&mut ada, &["draft:read"]).await;
    let added = biscuit_auth::UnverifiedBiscuit::from_base64(&token).unwrap();
    let added = added.append(biscuit_auth::macros::block!("role(\"officer\")")).unwrap().to_base64().unwrap();
    for (reason, text) in [("wrong_channel", &session), ("widened", &added), ("malformed", &"x".to_owned())] {
        let before = counted(reason).await;
        Actor::bearing(text).get("/api/v1/rounds/demonstration/dossiers").await.expect(401);
        assert!(counted(reason).await > before, "{reason}");
        assert!(!logged(reason).concat().is_empty(), "{reason}");
    }
}

//! What the page writes is what the command writes, byte for byte, but for the new key and the signature.

use super::super::window::{Script, Window};
use crate::{
    flows::interop::{own_token, python, shown},
    harness::Actor,
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use biscuit_auth::{
    Biscuit, KeyPair, UnverifiedBiscuit,
    format::schema,
    macros::{biscuit, block},
};
use guichet::testing::auth::attenuate::{self, Attenuation};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use prost_biscuit::Message;
use serde_json::json;

/// A zone that is neither the machine's nor the call's.
const ZONE: &str = "Pacific/Auckland";

fn decoded(token: &str) -> schema::Biscuit {
    schema::Biscuit::decode(URL_SAFE.decode(token).unwrap().as_slice()).unwrap()
}

/// Everything of a token but the signature and the key of its last block.
fn comparable(token: &str) -> schema::Biscuit {
    let mut token = decoded(token);
    let last = token.blocks.last_mut().unwrap();
    assert_eq!((last.signature.len(), last.next_key.key.len()), (64, 32));
    last.signature.clear();
    last.next_key.key.clear();
    token.proof.content = None;
    token
}

fn last_block(token: &str) -> String {
    let token = UnverifiedBiscuit::from_base64(token).unwrap();
    token.print_block_source(token.block_count() - 1).unwrap()
}

fn end_of(day: &str) -> Timestamp {
    let day: Date = day.parse().unwrap();
    TimeZone::get(ZONE).unwrap().to_timestamp(day.at(23, 59, 59, 0)).unwrap()
}

/// The file that the page is, saved and opened from a disk.
async fn saved(window: &Window, folder: &std::path::Path) {
    let page = folder.join("guichet-jeton.html");
    std::fs::write(&page, Actor::anon().get("/account/narrow.html").await.expect(200).body).unwrap();
    window.client.goto(&format!("file://{}", page.display())).await.unwrap();
    window.find("#token").await;
}

/// Narrows by the page, and by the library; compares, and returns the page's token.
async fn both_ways(window: &Window, token: &str, dossier: &str, words: &[&str], day: &str) -> String {
    window.paste("token", token).await;
    window.paste("dossier", dossier).await;
    window.paste("until", day).await;
    window.tick(words).await;
    let made = window.narrowed().await;
    let (parts, actions): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| word.starts_with("piece:") || word.starts_with("section:"));
    let narrowing = Attenuation {
        dossier: (!dossier.is_empty()).then(|| dossier.parse().unwrap()),
        parts: parts.iter().map(|word| word.parse().unwrap()).collect(),
        actions: actions.iter().map(|word| word.parse().unwrap()).collect(),
        until: (!day.is_empty()).then(|| end_of(day)),
    };
    let expected = attenuate::attenuate(token, &narrowing).unwrap();
    assert_eq!(last_block(&made), last_block(&expected));
    assert_eq!(comparable(&made), comparable(&expected));
    assert_eq!(made.len(), expected.len());
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_saved_page_writes_the_very_block_that_the_command_writes() {
    let mut ada = Actor::applicant().await;
    let actions = ["draft:read", "draft:write", "deposit:read", "service:token"];
    let token = own_token(&mut ada, &actions).await;
    let dossier = uuid::Uuid::now_v7().to_string();
    let folder = tempfile::tempdir().unwrap();
    let window = Window::open(Script::On).await;
    window.command("Emulation.setTimezoneOverride", json!({ "timezoneId": ZONE })).await;
    saved(&window, folder.path()).await;

    let day = super::in_days(3);
    let whole = ["piece:P9", "piece:P10", "section:budget", "draft:write", "draft:read", "deposit:read"];
    let once = both_ways(&window, &token, &dossier, &whole, &day).await;
    let twice = both_ways(&window, &once, "", &["piece:P10", "piece:P9"], "").await;
    let thrice = both_ways(&window, &twice, &dossier, &[], "").await;
    let fourth = both_ways(&window, &thrice, "", &["draft:read"], &super::in_days(2)).await;
    both_ways(&window, &token, "", &["service:token"], "").await;

    let keys = Actor::anon().get("/.well-known/biscuit-web-keys").await.expect(200).json();
    for (token, blocks) in [(&once, 2), (&fourth, 5)] {
        let told = shown(token);
        assert_eq!(told.matches("added by a holder").count() + 1, blocks);
        window.paste("token", token).await;
        window.wait_text("#said-blocks", &format!("détenteur ({})", blocks - 1)).await;
        let exactly = window.run("return document.getElementById('said-exactly').textContent", vec![]).await;
        assert_eq!(exactly, json!(told), "the page reads a token as the command does");
        let found = python("shows", ada.at, &json!({ "token": token, "keys": keys }));
        assert_eq!(found["blocks"], blocks);
    }
    window.close().await;
}

/// What a holder wrote into a block is a string there, on the page and in the terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_string_of_a_block_stays_one_on_the_page_and_in_the_terminal() {
    let lie = "x\"), right(\"all\")\n✔ \u{1b}[2K\u{202e}\\ \u{2800}é";
    let token = biscuit!(r#"user("x"); kind("api")"#).build(&KeyPair::new()).unwrap();
    let token = token.append(block!("check if part({lie})", lie = lie)).unwrap().to_base64().unwrap();
    let told = shown(&token);
    assert!(told.contains(r#"check if part("x\"), right(\"all\")\n✔ \u{1b}[2K\u{202e}\\ \u{2800}é");"#), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let window = Window::open(Script::On).await;
    saved(&window, folder.path()).await;
    window.paste("token", &token).await;
    window.wait_text("#said-blocks", "détenteur (1)").await;
    let exactly = window.run("return document.getElementById('said-exactly').textContent", vec![]).await;
    assert_eq!(exactly, json!(told));
    window.close().await;
}

/// Browsers save a page as it stands: what was shown of a token is not in the file's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_saved_in_use_begins_anew() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:read"]).await;
    let folder = tempfile::tempdir().unwrap();
    let window = Window::open(Script::On).await;
    saved(&window, folder.path()).await;
    let boxes = "return document.querySelectorAll('input[type=checkbox]').length";
    let choices = window.run(boxes, vec![]).await;
    window.click("form button.act").await;
    window.wait_text("#token-error", "Collez").await;
    window.paste("token", &token).await;
    window.tick(&["piece:P9"]).await;
    window.narrowed().await;
    let html = window.run("return '<!doctype html>' + document.documentElement.outerHTML", vec![]).await;
    let page = folder.path().join("again.html");
    std::fs::write(&page, html.as_str().unwrap()).unwrap();
    assert!(!html.as_str().unwrap().contains(&token[..60]), "the token is no part of the page");
    window.client.goto(&format!("file://{}", page.display())).await.unwrap();
    window.find("#token").await;
    assert_eq!(window.run(boxes, vec![]).await, choices);
    assert!(!window.shows("#said").await && !window.shows("#result").await && !window.shows("#token-error").await);
    window.paste("token", &token).await;
    window.tick(&["piece:P9"]).await;
    assert!(!window.narrowed().await.is_empty());
    window.close().await;
}

/// Tokens whose first block needs the later format have signatures that cover the one before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_follows_the_signatures_of_the_later_version_too() {
    let root = KeyPair::new();
    let token = biscuit!(r#"user("x"); check if operation($o), $o == "draft:read" || $o == "draft:write""#);
    let token = token.build(&root).unwrap().to_base64().unwrap();
    assert_eq!(decoded(&token).authority.version, Some(1));
    let folder = tempfile::tempdir().unwrap();
    let window = Window::open(Script::On).await;
    window.command("Emulation.setTimezoneOverride", json!({ "timezoneId": ZONE })).await;
    saved(&window, folder.path()).await;
    let once = both_ways(&window, &token, "", &["piece:P9"], "").await;
    let twice = both_ways(&window, &once, "", &["draft:read"], "").await;
    assert!(window.wait_text("#result-says", "Autre condition").await.contains("||"));
    window.close().await;
    for token in [&once, &twice] {
        Biscuit::from_base64(token, root.public()).unwrap();
    }
}

//! Whatever is wrong is told beside its field, all at once, and nothing that was typed is lost.

use super::super::{
    accessibility::{axe, violations_here},
    window::{Script, Window},
};
use crate::{
    flows::{delegation::attenuate, interop::own_token},
    harness::Actor,
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use biscuit_auth::{
    Biscuit, KeyPair, UnverifiedBiscuit,
    macros::{biscuit, block},
};
use serde_json::json;

/// A token of another root with a block of this text: what the page says of it does not depend on who signed.
fn with_block(source: &str) -> String {
    let token = biscuit!(r#"user("x"); kind("api")"#).build(&KeyPair::new()).unwrap();
    let block = biscuit_auth::builder::BlockBuilder::new().code(source).unwrap();
    token.append(block).unwrap().to_base64().unwrap()
}

async fn told(window: &Window, field: &str, words: &str) {
    window.wait_text(&format!("#{field}-error"), words).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_cannot_be_narrowed_is_told_in_words() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:read", "draft:write"]).await;
    let session = ada.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let mut four = token.clone();
    for _ in 0..4 {
        four = attenuate(&four, &["--piece", "P9"]);
    }
    let fifth = UnverifiedBiscuit::from_base64(&four).unwrap();
    let five = fifth.append(block!(r#"check if part("piece:P9")"#)).unwrap().to_base64().unwrap();
    let mut bytes = URL_SAFE.decode(attenuate(&token, &["--piece", "P9"])).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let damaged = URL_SAFE.encode(&bytes);
    let long = with_block(&format!("check if part(\"{}\")", "x".repeat(3000)));

    let window = Window::open(Script::On).await;
    window.go("/account/narrow.html").await;
    for (text, words) in [
        ("bonjour tout le monde !", "n’est pas un jeton"),
        (&token[..token.len() / 2], "n’est pas un jeton"),
        ("AAAA", "n’est pas un jeton"),
        (&session, "scellé"),
        (&damaged, "abîmé"),
        (&four, "déjà été restreint quatre fois"),
        (&five, "plus de quatre fois"),
        (&long, "3 072 octets"),
        (&with_block("right(\"x\")"), "de simples conditions"),
        (&with_block("check if part($p), $p.matches(\"x\")"), "de simples conditions"),
        (&with_block("check if acts(\"x\")"), "de simples conditions"),
    ] {
        window.paste("token", text).await;
        told(&window, "token", words).await;
        assert_eq!(window.value("token").await, text, "what was pasted stays");
    }
    // As a mail program breaks lines, with the ends of a terminal.
    window.paste("token", &format!("  {}\n {} \n", &token[..100], &token[100..])).await;
    window.wait_text("#said-blocks", "draft:read").await;
    assert!(!window.shows("#token-error").await);
    window.paste("token", &with_block("check if time($t), $t <= 2020-01-01T00:00:00Z")).await;
    window.wait_text("#said-blocks", "Fini depuis le 1er janvier 2020").await;
    window.run("Object.defineProperty(crypto, 'subtle', { value: undefined })", vec![]).await;
    window.paste("token", &token).await;
    told(&window, "token", "guichet token attenuate").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_is_told_at_once_and_nothing_is_lost() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:read", "draft:write"]).await;
    let (own, other) = (uuid::Uuid::now_v7().to_string(), uuid::Uuid::now_v7().to_string());
    let narrow = attenuate(&token, &["--dossier", &own, "--piece", "P9", "--until", &super::in_days(2)]);
    let axe = axe();
    let window = Window::open(Script::On).await;
    window.client.set_window_size(320, 800).await.unwrap();
    window.go("/account/narrow.html").await;
    window.click("form button.act").await;
    told(&window, "token", "Collez un jeton").await;
    told(&window, "narrowing", "au moins une restriction").await;
    let mut found = violations_here(&window, &axe, "nothing typed").await;

    window.paste("token", "rien").await;
    window.paste("dossier", "mon dossier").await;
    window.paste("until", "2020-01-01").await;
    window.tick(&["piece:P8", "draft:read"]).await;
    window.click("form button.act").await;
    told(&window, "token", "n’est pas un jeton").await;
    told(&window, "dossier", "identifiant").await;
    told(&window, "until", "passé").await;
    let focus = window.run("return document.activeElement.id", vec![]).await;
    assert_eq!(focus, "faults", "the list of what is wrong has the focus");
    assert_eq!(window.run("return document.querySelectorAll('#faults li').length", vec![]).await, 3);
    found.extend(violations_here(&window, &axe, "all wrong").await);
    for (field, typed) in [("token", "rien"), ("dossier", "mon dossier"), ("until", "2020-01-01")] {
        assert_eq!(window.value(field).await, typed);
        let invalid = window.find(&format!("#{field}")).await.attr("aria-invalid").await.unwrap();
        assert_eq!(invalid.as_deref(), Some("true"), "{field}");
    }

    // What the token cannot do any more cannot be asked of it.
    window.paste("token", &narrow).await;
    window.wait_text("#said-blocks", "détenteur (1)").await;
    window.paste("dossier", &other).await;
    window.paste("until", &super::in_days(5)).await;
    window.click("form button.act").await;
    told(&window, "dossier", "rien ne l’élargit").await;
    told(&window, "until", "finit déjà avant").await;
    let barred = "return [...document.querySelectorAll('input[type=checkbox]')].filter(box => !box.disabled).map(box => box.value)";
    assert_eq!(window.run(barred, vec![]).await, json!(["piece:P9", "draft:read", "draft:write"]));
    window.paste("dossier", &own.to_uppercase()).await;
    window.paste("until", "").await;
    let made = window.narrowed().await;
    assert!(!window.shows("#faults").await);
    found.extend(violations_here(&window, &axe, "done").await);
    window.click("#copy").await;
    window.wait_text("#copied", "opi").await;
    window.click("[data-lang=en]").await;
    window.wait_text("#result-says", "In one application only").await;
    window.client.set_window_size(1280, 900).await.unwrap();
    found.extend(violations_here(&window, &axe, "done, in English").await);
    assert!(found.is_empty(), "{}", found.join("\n"));

    // A day that is not whole.
    window.paste("token", &token).await;
    window.find("#until").await.send_keys("12").await.unwrap();
    window.click("form button.act").await;
    told(&window, "until", "whole day").await;
    window.close().await;

    // P8 was ticked before, and barred; it is not in the token.
    let said = UnverifiedBiscuit::from_base64(&made).unwrap().print_block_source(2).unwrap();
    assert_eq!(
        said,
        format!("check if dossier(\"{own}\");\ncheck if operation($o), {{\"draft:read\"}}.contains($o);\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrowing_that_would_grow_too_large_is_told() {
    let padding = format!("check if part(\"piece:P9\") or part(\"{}\")", "x".repeat(2300));
    let token = with_block(&padding);
    let window = Window::open(Script::On).await;
    window.go("/account/narrow.html").await;
    window.paste("token", &token).await;
    window.wait_text("#said-blocks", "Autre condition").await;
    let boxes = "for (const box of document.querySelectorAll('input[type=checkbox]')) box.checked = true";
    window.run(boxes, vec![]).await;
    window.paste("dossier", &uuid::Uuid::now_v7().to_string()).await;
    window.click("form button.act").await;
    told(&window, "narrowing", "3 072 octets").await;
    window.tick(&["piece:P9"]).await;
    assert!(!window.narrowed().await.is_empty());
    window.close().await;
}

/// Nobody gets back what was given up: neither by taking a block off, nor by writing another in its place.
#[tokio::test]
async fn a_token_that_was_widened_by_hand_is_refused() {
    use biscuit_auth::format::schema;
    use prost_biscuit::Message;
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["draft:read", "draft:write"]).await;
    let id = uuid::Uuid::now_v7().to_string();
    let narrow = URL_SAFE.decode(attenuate(&token, &["--piece", "P9"])).unwrap();
    let mut without = schema::Biscuit::decode(narrow.as_slice()).unwrap();
    without.blocks.clear();
    let mut other = schema::Biscuit::decode(narrow.as_slice()).unwrap();
    let another = URL_SAFE.decode(attenuate(&token, &["--piece", "P8"])).unwrap();
    other.blocks[0].block = schema::Biscuit::decode(another.as_slice()).unwrap().blocks[0].block.clone();
    for forged in [without, other] {
        let text = URL_SAFE.encode(forged.encode_to_vec());
        assert!(Biscuit::from_base64(&text, KeyPair::new().public()).is_err());
        Actor::bearing(&text).get(&format!("/api/v1/dossiers/{id}/document")).await.expect(401);
    }
}

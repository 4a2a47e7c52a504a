//! The verifier that is one file: opened from the disk, it agrees with the program about real receipts and forged ones.

use super::window::{Script, Window};
use crate::harness::{Actor, sample};
use guichet::testing::domain::receipt;
use serde_json::{Value as Json, json};
use std::path::Path;

/// The verdict of the page on a file: the class of its box.
async fn verdict(window: &Window, page: &Path, file: &Path) -> String {
    window.client.goto(&format!("file://{}", page.display())).await.unwrap();
    window.find("#receipt-file").await.send_keys(file.to_str().unwrap()).await.unwrap();
    window.find("#result .verdict").await.attr("class").await.unwrap().unwrap()
}

/// Both strict readers of JSON say the same of every text of the table.
async fn strict_readers_agree(window: &Window) {
    let table = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/json/strict.tsv"));
    let script = "try { readStrictly(arguments[0]); return 'read'; } \
                  catch (error) { if (error instanceof JsonFault) return 'refused'; throw error; }";
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, text) = line.split_once('\t').unwrap();
        let text = text.replace("<TAB>", "\t");
        assert_eq!(window.run(script, vec![json!(text)]).await, expected, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_offline_page_and_the_program_agree() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let sealed = ada.get(&format!("/receipts/{number}.json")).await.expect(200).body;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("verifier.html");
    std::fs::write(&page, ada.get("/verify/offline.html").await.expect(200).body).unwrap();
    let window = Window::open(Script::On).await;

    let real: Json = serde_json::from_str(&sealed).unwrap();
    let mut other_cents = real.clone();
    other_cents["manifest"]["amounts"]["aid"] = json!(9_999_999);
    let mut other_answer = real.clone();
    other_answer["manifest"]["answers"]["project"]["title"] = json!("Un autre titre");
    let mut smuggled = real.clone();
    smuggled["manifest"]["answers.budget"] = real["manifest"]["answers"]["budget"].clone();
    smuggled["manifest"]["answers"]["budget"] = json!({});
    let mut later = real.clone();
    later["statement"]["received_at"] = json!("2026-01-01T00:00:00Z");
    let mut backwards = real.clone();
    backwards["statement"]["sealed_at"] = json!("2026-01-01T00:00:00Z");
    // What an earlier version issued has one instant.
    let golden: Json = serde_json::from_str(include_str!("../../fixtures/receipts/golden.json")).unwrap();
    for (name, receipt) in [
        ("real", &real),
        ("cents", &other_cents),
        ("answer", &other_answer),
        ("smuggled", &smuggled),
        ("later", &later),
        ("backwards", &backwards),
    ] {
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, receipt.to_string()).unwrap();
        let holds = receipt::verify(receipt, &[]).is_valid();
        assert_eq!(holds, name == "real", "{name}");
        let shown = verdict(&window, &page, &file).await;
        assert_eq!(shown.contains("good"), holds, "{name}: {shown}");
    }
    // Of two members of one name nobody can say which was sealed.
    let aid = format!("\"aid\":{}", real["manifest"]["amounts"]["aid"]);
    for both in [format!("\"aid\":1,{aid}"), format!("{aid},\"aid\":1")] {
        let twice = real.to_string().replacen(&aid, &both, 1);
        let file = folder.path().join("twice.json");
        std::fs::write(&file, &twice).unwrap();
        assert!(!receipt::verify_bytes(twice.as_bytes(), &[]).0.is_valid());
        assert!(verdict(&window, &page, &file).await.contains("bad"));
        window.wait_text("#result", "manifest.amounts.aid").await;
    }
    strict_readers_agree(&window).await;
    // Of an earlier portal: nothing is wrong with it but that its key is not this portal's.
    assert!(receipt::verify(&golden, &[]).is_valid());
    let file = folder.path().join("golden.json");
    std::fs::write(&file, golden.to_string()).unwrap();
    verdict(&window, &page, &file).await;
    let wrong = window.client.find_all(fantoccini::Locator::Css("#result li.differs")).await.unwrap();
    assert_eq!(wrong.len(), 1, "the key");
    window.close().await;
}

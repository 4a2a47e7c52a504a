//! One's own data, as an archive that others' programs find whole.

use super::{give, someone};
use crate::{
    flows::{breakdown::own, company_register::look_up, interop::python},
    harness::{Actor, Installation, company_register::SAMPLE, installation::guichet, sample},
};
use reqwest::{Method, header};
use serde_json::{Value as Json, json};
use std::{
    io::{Cursor, Read},
    path::Path,
    process::Command,
};
use zip::ZipArchive;

/// Asks for the archive, and reads it to its end.
async fn archive(actor: &Actor) -> Vec<u8> {
    let answer = actor.request(Method::GET, "/account/export").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/zip");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    answer.bytes().await.unwrap().to_vec()
}

/// What the library of others finds: the paths of the payload, and what the bag says of itself.
fn validated(at: &Installation, bytes: &[u8], folder: &Path) -> Json {
    let file = folder.join("archive.zip");
    std::fs::write(&file, bytes).unwrap();
    python("bag", at, &json!({ "archive": file, "folder": folder.join("out") }))
}

/// The text of the file whose path ends so.
fn text(bytes: &[u8], end: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        if file.name().unwrap().ends_with(end) {
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            return text;
        }
    }
    panic!("no {end}")
}

#[tokio::test]
async fn the_archive_is_a_bag_with_everything_of_ones_own_and_nothing_of_others() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    // What the public register answered is the source of values.
    look_up(&mut ada, &id, SAMPLE).await;
    // A name as bad as names get, and a version of the piece that only the receipt has.
    let number = sample::deposit(&mut ada, &id).await;
    let fresh = sample::varied(&sample::piece("P7-kbis.pdf"));
    let issued = sample::today().to_string();
    ada.upload(&format!("/dossiers/{id}/pieces/P7"), "a/100%\u{202e}CON:é.PDF", &issued, &fresh).await.expect(303);
    let guest = someone();
    give(&mut ada, &id, &guest, "part.whole").await;
    let mut reader = Actor::anon();
    reader.sign_in(&guest).await;
    reader.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);

    let mut bob = Actor::applicant().await;
    let secret = format!("Secret de Bob {}", uuid::Uuid::now_v7().simple());
    let others = sample::draft(&mut bob, "demonstration", &json!({ "project": { "title": secret } })).await;
    give(&mut bob, &others, &email, "part.whole").await;
    ada.get(&format!("/dossiers/{others}")).await.expect(200);
    let token = crate::flows::interop::own_token(&mut ada, &["draft:read"]).await;

    let bytes = archive(&ada).await;
    let folder = tempfile::tempdir().unwrap();
    let found = validated(ada.at, &bytes, folder.path());
    assert_eq!(found["valid"], true, "{found}");
    let payload: Vec<&str> = found["payload"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    for end in [
        "account.json".to_owned(),
        "README.txt".into(),
        format!("dossiers/{id}/answers.json"),
        format!("dossiers/{id}/answers.txt"),
        format!("dossiers/{id}/journal.jsonl"),
        format!("dossiers/{id}/receipts/{number}.json"),
    ] {
        assert!(payload.contains(&format!("data/{end}").as_str()), "{end}: {payload:?}");
    }
    let kbis: Vec<_> = payload.iter().filter(|path| path.contains("/pieces/P7/")).collect();
    assert_eq!(kbis.len(), 2, "the draft's and the sealed one: {kbis:?}");
    assert!(
        payload.iter().all(|path| !path.contains("..") && !path.contains(['%', '\\', ':', '\u{202e}'])),
        "{payload:?}"
    );
    assert!(found["info"]["Payload-Oxum"].as_str().unwrap().ends_with(&format!(".{}", payload.len())), "{found}");

    let facts: Json = serde_json::from_str(&text(&bytes, &format!("{id}/dossier.json"))).unwrap();
    let records = facts["company_register"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{facts}");
    assert_eq!(records[0]["record"]["legal_name"], "GUINDEAU LOGICIELS");
    assert!(records[0]["source"]["fr"].as_str().unwrap().starts_with("Registre public, relevé le"), "{facts}");
    assert!(records[0]["taken_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{facts}");
    assert!(text(&bytes, "README.txt").contains("company_register"));

    // Nothing of others, and no secret.
    let account = text(&bytes, "data/account.json");
    assert!(account.contains(&email) && account.contains(&others) && !account.contains(&token), "{account}");
    let mut opened = ZipArchive::new(Cursor::new(&bytes)).unwrap();
    for index in 0..opened.len() {
        let mut whole = Vec::new();
        let mut file = opened.by_index(index).unwrap();
        file.read_to_end(&mut whole).unwrap();
        let has = |word: &str| whole.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(!has(&secret) && !has(&token), "{}", file.name().unwrap());
    }
    let journal = text(&bytes, "journal.jsonl");
    let events: Vec<Json> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().any(|event| event["kind"] == "dossier_deposited" && event["by"] == "you"), "{journal}");

    // The receipt holds with the files beside it.
    let root = folder.path().join("out").join(found["name"].as_str().unwrap()).join(format!("data/dossiers/{id}"));
    let receipt = root.join(format!("receipts/{number}.json"));
    let sealed: Json = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    let keys = folder.path().join("keys.json");
    let published = json!([{ "id": sealed["statement"]["key"], "public_key": sealed["public_key"] }]);
    std::fs::write(&keys, published.to_string()).unwrap();
    let verify =
        Command::new(guichet()).arg("verify").args([&receipt, &root]).arg("--keys").arg(&keys).output().unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
    let shown = ada.get(&format!("/receipts/{number}.json")).await.expect(200).body;
    assert_eq!(text(&bytes, &format!("{number}.json")), shown, "byte by byte");
}

#[tokio::test]
async fn a_browser_that_asks_before_its_user_gets_nothing_and_programs_have_no_part_in_it() {
    let ada = Actor::applicant().await;
    let request = ada.request(Method::GET, "/account/export").header("sec-purpose", "prefetch;prerender");
    assert_eq!(request.send().await.unwrap().status(), 503);
    Actor::anon().get("/account/export").await.expect(303);
    // One archive after the other.
    for _ in 0..3 {
        let found = archive(&ada).await;
        assert!(text(&found, "account.json").contains("\"tokens\": []"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_and_a_lost_file_are_told_and_no_archive_looks_whole() {
    let at = own();
    let mut ada = Actor::at(at);
    ada.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
    sample::complete(&mut ada, "demonstration", sample::today()).await;
    let good = sample::piece("P9-regularite-fiscale.pdf");
    let sha256 = hex::encode(ring::digest::digest(&ring::digest::SHA256, &good));
    let place = at.folder.join("data/blobs").join(&sha256[..2]).join(&sha256);
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(&place, &bad).unwrap();
    let answer = ada.request(Method::GET, "/account/export").send().await.unwrap();
    assert_eq!(answer.status(), 200, "it begins before the file is read");
    let mut arrived = Vec::new();
    let mut answer = answer;
    let ended = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => arrived.extend_from_slice(&chunk),
            ended => break ended,
        }
    };
    assert!(ended.is_err(), "the response is broken off");
    // Its last entry says why, where a connection that is reset delivers it: a unit test of the bag reads it.
    assert!(ZipArchive::new(Cursor::new(&arrived)).is_err());

    // What is not there at all is told before anything is sent.
    std::fs::remove_file(&place).unwrap();
    let page = ada.get("/account/export").await.expect(500).body;
    assert!(page.contains("Fichier manquant"), "{page}");
    std::fs::write(&place, &good).unwrap();
    assert!(ZipArchive::new(Cursor::new(archive(&ada).await)).is_ok());
}

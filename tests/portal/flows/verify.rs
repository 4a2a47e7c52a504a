//! B16: what /verify says of what it was given, and what an authentic receipt proves.

use super::deposit_status::change;
use crate::harness::{Actor, sample};
use guichet::testing::domain::money::Cents;

/// What the page says of a file.
async fn told(actor: &mut Actor, name: &str, bytes: &[u8]) -> String {
    actor.get("/verify").await.expect(200);
    actor.upload("/verify", name, "", bytes).await.expect(200).body
}

#[tokio::test]
async fn b16_nothing_and_other_files_are_named_in_plain_words() {
    let mut eve = Actor::anon();
    let nothing = told(&mut eve, "", b"").await;
    assert!(nothing.contains("Aucun fichier n’a été choisi"), "{nothing}");
    let pdf = told(&mut eve, "recu.pdf", &sample::piece("P7-kbis.pdf")).await;
    assert!(pdf.contains("ne peut pas être lu comme un reçu") && pdf.contains("c’est un PDF"), "{pdf}");
    let empty = told(&mut eve, "recu.json", b"").await;
    assert!(empty.contains("il est vide"), "{empty}");
    for page in [&nothing, &pdf, &empty] {
        assert!(!page.contains("ne correspond pas") && !page.contains("expected struct"), "{page}");
    }
}

#[tokio::test]
async fn b16_an_authentic_receipt_shows_its_deposit_and_whether_it_stands() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let first = ada.get(&format!("/receipts/{number}.json")).await.expect(200).body;
    let answers = sample::sample(sample::today()).answers;
    let name = answers["applicant"]["name"].as_str().unwrap();

    let mut stranger = Actor::anon();
    let page = told(&mut stranger, "recu.json", first.as_bytes()).await;
    let aid = Cents(10_000_000).text().fr;
    for words in ["Ce reçu est authentique", name, &aid, "Ce dépôt est en vigueur.", "heure de Paris"] {
        assert!(page.contains(words), "“{words}” is not in {page}");
    }
    assert!(!page.contains("@exemple.fr"), "nobody’s address is told: {page}");

    change(&mut ada, &id, "project.acronym", "DEUX").await;
    let later = sample::deposit(&mut ada, &id).await;
    assert_ne!(later, number);
    let page = told(&mut stranger, "recu.json", first.as_bytes()).await;
    assert!(page.contains("authentique") && page.contains("un dépôt plus récent"), "{page}");
    assert!(!page.contains(&later), "the holder of the old receipt does not learn of the other: {page}");

    let second = ada.get(&format!("/receipts/{later}.json")).await.expect(200).body;
    sample::withdraw(&mut ada, &id).await.expect(303);
    let page = told(&mut stranger, "recu.json", second.as_bytes()).await;
    assert!(page.contains("authentique") && page.contains("il a été retiré"), "{page}");

    let mut forged: serde_json::Value = serde_json::from_str(&second).unwrap();
    forged["manifest"]["amounts"]["aid"] = 1.into();
    let page = told(&mut stranger, "recu.json", forged.to_string().as_bytes()).await;
    assert!(
        page.contains("ne correspond pas") && !page.contains("retiré"),
        "only an authentic one is looked up: {page}"
    );
}

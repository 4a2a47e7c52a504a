//! Is it deposited? The pages, the script's route and the interface for programs say the truth of their moment.

use crate::harness::{Actor, sample};
use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value as Json, json};

/// Somebody who signs in again whenever the clock is moved.
async fn at(email: &str, clock: &str) -> Actor {
    let mut actor = Actor::anon();
    actor.when(clock);
    actor.sign_in(email).await;
    actor
}

fn address() -> String {
    format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())
}

/// Changes one answer of a draft, whatever it was before; the answer to the save.
pub async fn change(actor: &mut Actor, id: &str, path: &str, value: &str) -> Json {
    let (section, field) = path.split_once('.').unwrap();
    let page = actor.get(&format!("/dossiers/{id}/edit/{section}")).await.expect(200);
    let was: Json = serde_json::from_str(&page.hidden("was")).unwrap();
    let body = json!({ "changes": [{ "path": path, "was": was[field], "value": value }] });
    actor.json(Method::POST, &format!("/dossiers/{id}/fields"), &body).await.expect(200).json()
}

fn said(sentence: &Json) -> String {
    sentence.as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_answer_to_a_save_says_whether_what_was_saved_is_deposited() {
    let mut ada = Actor::applicant().await;
    let dossier = sample::sample(sample::today());
    let mut answers = dossier.answers.clone();
    sample::set(&mut answers, "project.acronym", json!(""));
    let id = sample::draft(&mut ada, "demonstration", &answers).await;
    sample::attach_all(&mut ada, &id, &dossier).await;
    let saved = change(&mut ada, &id, "project.acronym", "UN").await;
    assert_eq!(saved["status"]["state"], "draft");
    assert_eq!(said(&saved["status"]["brief"]), "Pas déposé");
    assert_eq!(saved["status"]["may"], json!(["edit", "deposit"]));

    let number = sample::deposit(&mut ada, &id).await;
    let saved = change(&mut ada, &id, "project.acronym", "DEUX").await;
    let brief = said(&saved["status"]["brief"]);
    assert!(brief.starts_with("Vos modifications ne sont pas déposées") && brief.contains(&number), "{brief}");
    assert_eq!(saved["status"]["may"], json!(["edit", "replace", "withdraw"]));
    // The same after a save without the script.
    let page = ada.get(&format!("/dossiers/{id}/edit/project")).await.expect(200).body;
    assert!(page.contains("data-status=\"brief\"><strong>Vos modifications ne sont pas déposées</strong>"), "{page}");
}

#[tokio::test]
async fn a_page_that_stayed_open_may_ask_how_things_stand() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let path = format!("/dossiers/{id}/status");
    let draft = ada.get(&path).await.expect(200).json();
    assert_eq!((draft["state"].as_str(), draft["receipt"].as_str()), (Some("draft"), None));
    let number = sample::deposit(&mut ada, &id).await;
    let deposited = ada.get(&path).await.expect(200).json();
    assert_eq!(
        (deposited["state"].as_str(), deposited["receipt"].as_str()),
        (Some("deposited"), Some(number.as_str()))
    );
    assert_ne!(deposited["mark"], draft["mark"]);
    let english = ada.get(&format!("/en{path}")).await.expect(200).json();
    assert!(said(&english["sentence"]).starts_with("DEPOSITED on "), "{english}");
    sample::withdraw(&mut ada, &id).await.expect(303);
    let withdrawn = ada.get(&path).await.expect(200).json();
    assert_eq!(
        (withdrawn["state"].as_str(), withdrawn["revision"].as_u64()),
        (Some("withdrawn"), draft["revision"].as_u64())
    );
    Actor::applicant().await.get(&path).await.expect(404);
}

#[tokio::test]
async fn after_the_closing_every_page_says_the_truth_of_its_moment() {
    let email = address();
    let mut ada = at(&email, "2024-07-31T22:30:00+02:00").await;
    let deposited = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    let dead = sample::draft(&mut ada, "2024", &json!({ "project": { "title": "Trop tard" } })).await;
    let changed = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    let number = sample::deposit(&mut ada, &deposited).await;
    sample::deposit(&mut ada, &changed).await;

    // Months later every certificate of the deposit is too old to be deposited: it was not then.
    let mut ada = at(&email, "2025-03-01T10:00:00+01:00").await;
    change(&mut ada, &changed, "project.acronym", "APRES").await;
    let list = ada.get("/dossiers").await.expect(200).body;
    for path in ["", "/preview", "/edit/project", "/edit/applicant"] {
        let page = ada.get(&format!("/dossiers/{deposited}{path}")).await.expect(200).body;
        assert!(page.contains(&number) && page.contains("c’est cette version qui compte"), "{path}: {page}");
        for promise in ["jusqu’à la clôture", "pouvez encore", "à compléter", "À remplacer", "/deposits\""] {
            assert!(!page.contains(promise), "“{promise}” on {path}: {page}");
        }
        let page = ada.get(&format!("/dossiers/{dead}{path}")).await.expect(200).body;
        assert!(page.contains("ce brouillon ne peut plus y être déposé"), "{path}: {page}");
        assert!(!page.contains("/deposits\"") && !page.contains("il manque <span"), "{path}: {page}");
        let page = ada.get(&format!("/dossiers/{changed}{path}")).await.expect(200).body;
        assert!(page.contains("et ne peuvent plus l’être"), "{path}: {page}");
        assert!(!page.contains("/deposits\""), "{path}: {page}");
    }
    for said in
        ["c’est cette version qui compte", "ce brouillon ne peut plus y être déposé", "et ne peuvent plus l’être"]
    {
        assert!(list.contains(said), "“{said}” in {list}");
    }
    let warning = ada.get(&format!("/dossiers/{deposited}/withdraw")).await.expect(200).body;
    assert!(warning.contains("c’est définitif") && !warning.contains("jusqu’à la clôture"), "{warning}");
    // An old page's button: refused, with the reason of now.
    let attempt = uuid::Uuid::now_v7().to_string();
    let refused = ada.post(&format!("/dossiers/{dead}/deposits"), &[("attempt", &attempt)]).await.expect(422).body;
    assert!(refused.contains("La relève n’accepte pas de dépôt en ce moment"), "{refused}");
}

//! Without the script: sign in, fill, attach, be refused, correct, deposit; in a browser that runs none.

use super::window::{Script, Window, date_keys};
use crate::harness::{Actor, installation::source, sample};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_in_a_browser_without_script() {
    let window = Window::open(Script::Off).await;
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    window.sign_in(&email).await;
    assert_eq!(window.path().await, "/dossiers");
    window.click("form[action$=\"/rounds/demonstration/dossiers\"] button").await;
    window.find("#editor").await;
    let path = window.path().await;
    let id = path.split('/').nth(2).unwrap().to_owned();

    // The long part of the form is filled by a colleague at the same session; the last fields by hand, here.
    let dossier = sample::sample(sample::today());
    let mut answers = dossier.answers.clone();
    sample::set(&mut answers, "project.title", json!(""));
    let cookie = window.client.get_named_cookie("__Host-guichet").await.unwrap();
    let mut helper = Actor::with_cookie(&format!("__Host-guichet={}", cookie.value()));
    sample::fill(&mut helper, &id, &answers).await;
    for piece in &dossier.pieces {
        window.go(&format!("/dossiers/{id}")).await;
        let form = format!("form[data-upload][action$=\"/pieces/{}\"]", piece.code);
        if let Some(issued) = piece.issued {
            let shown = date_keys(issued);
            window.find(&format!("{form} [name=issued]")).await.send_keys(&shown).await.unwrap();
        }
        let file = source("docs/samples/hyper-open-x").join(&piece.file);
        window.find(&format!("{form} input[type=file]")).await.send_keys(file.to_str().unwrap()).await.unwrap();
        window.click(&format!("{form} button")).await;
        window.find(&format!("a[href=\"/dossiers/{id}/pieces/{}\"]", piece.code)).await;
    }
    window.go(&format!("/dossiers/{id}")).await;
    window.click("form[action$=\"/deposits\"] button").await;
    let missing = format!("a[href=\"/dossiers/{id}/edit/project#field-project.title\"]");
    window.click(&missing).await;
    window.find("[name=\"project.title\"]").await.send_keys("Sans script").await.unwrap();
    window.click("#editor .savebar button[value=save]").await;
    window.go(&format!("/dossiers/{id}")).await;
    window.click("form[action$=\"/deposits\"] button").await;
    window.find("a[href$=\".json\"]").await;
    assert!(window.path().await.starts_with("/receipts/"));
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_deleted_and_going_back_says_so() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Inutile" } })).await;
    let window = Window::open(Script::Off).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}")).await;
    window.click("a[href$=\"/delete\"]").await;
    window.click("form[action$=\"/delete\"] button").await;
    window.find(".empty").await;
    assert!(window.path().await.starts_with("/dossiers"));
    window.go(&format!("/dossiers/{id}/edit/project")).await;
    window.find(".error-page").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_added_and_removed_without_script() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let window = Window::open(Script::Off).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/budget")).await;
    window.find("[name=\"budget.persons[0].profile\"]").await.send_keys("Un").await.unwrap();
    window.click("[data-path=\"budget.persons\"] button[value^=\"add:\"]").await;
    window.find("[name=\"budget.persons[1].profile\"]").await.send_keys("Deux").await.unwrap();
    window.click("[data-path=\"budget.persons\"] button[value^=\"remove:\"]").await;
    // The page with the row still in it may be there for a moment.
    window.find("[name=\"budget.persons[0].profile\"][value=\"Deux\"]").await;
    window.close().await;
}

//! With the script: nothing typed is ever lost, and a whole deposit.

use super::window::{Script, Window, date_keys};
use crate::harness::{Actor, installation::wait_for_async, sample};
use serde_json::json;

const TITLE: &str = "[name=\"project.title\"]";

async fn typed(window: &Window, css: &str, text: &str) {
    let field = window.find(css).await;
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

/// Waits until the server's page shows a text: it has been saved.
async fn saved(actor: &mut Actor, path: &str, text: &str) {
    wait_for_async("the server to have what was typed", async || actor.get(path).await.body.contains(text)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_is_saved_within_two_seconds_and_totals_are_live() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Avant" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    window.go(&format!("/dossiers/{id}/edit/project")).await;
    let begun = std::time::Instant::now();
    typed(&window, TITLE, "Après").await;
    saved(&mut ada, &format!("/dossiers/{id}/edit/project"), "Après").await;
    window.wait_text("[data-save-state]", "nregistré à").await;
    assert!(begun.elapsed().as_secs() < 8, "typing included: {:?}", begun.elapsed());

    window.go(&format!("/dossiers/{id}/edit/budget")).await;
    typed(&window, "[name=\"budget.persons[0].profile\"]", "Développeur").await;
    typed(&window, "[name=\"budget.persons[0].months\"]", "10").await;
    typed(&window, "[name=\"budget.persons[0].monthly_cost\"]", "10 416,67").await;
    window.wait_text("[data-amount=base]", "125\u{202f}000,04").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_survives_a_lost_session_and_a_closed_page() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Avant" } })).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    let path = format!("/dossiers/{id}/edit/project");
    window.go(&path).await;
    window.client.delete_all_cookies().await.unwrap();
    let long = "phrase qui ne doit pas se perdre ".repeat(20);
    typed(&window, "[name=\"project.response\"]", &long).await;
    window.wait_text("[data-save-state]", "session").await;
    // Leaving without a word: no blur, no answer from the server.
    window.go("/legal").await;
    window.become_actor(&ada).await;
    window.go(&path).await;
    saved(&mut ada, &path, long.trim()).await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_deposits_with_the_script() {
    let mut ada = Actor::applicant().await;
    let dossier = sample::sample(sample::today());
    let mut answers = dossier.answers.clone();
    sample::set(&mut answers, "project.title", json!(""));
    let id = sample::draft(&mut ada, "demonstration", &answers).await;
    let window = Window::open(Script::On).await;
    window.become_actor(&ada).await;
    for piece in &dossier.pieces {
        window.go(&format!("/dossiers/{id}")).await;
        let form = format!("form[data-upload][action$=\"/pieces/{}\"]", piece.code);
        if let Some(issued) = piece.issued {
            window.find(&format!("{form} [name=issued]")).await.send_keys(&date_keys(issued)).await.unwrap();
        }
        let file = crate::harness::installation::source("docs/samples/hyper-open-x").join(&piece.file);
        window.find(&format!("{form} input[type=file]")).await.send_keys(file.to_str().unwrap()).await.unwrap();
        window.click(&format!("{form} button")).await;
        let attached = format!("/dossiers/{id}/pieces/{}", piece.code);
        window.find(&format!("a[href=\"{attached}\"]")).await;
    }
    // One answer is missing: the button is alive, and what is missing leads to its field.
    window.go(&format!("/dossiers/{id}")).await;
    window.click("form[action$=\"/deposits\"] button").await;
    window.click(&format!("a[href=\"/dossiers/{id}/edit/project#field-project.title\"]")).await;
    typed(&window, TITLE, "Le bon titre").await;
    saved(&mut ada, &format!("/dossiers/{id}/edit/project"), "Le bon titre").await;
    window.go(&format!("/dossiers/{id}")).await;
    window.click("form[action$=\"/deposits\"] button").await;
    window.find("a[href$=\".json\"]").await;
    assert!(window.path().await.starts_with("/receipts/"));
    window.close().await;
}

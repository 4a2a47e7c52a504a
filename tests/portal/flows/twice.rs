//! Two tabs, two clicks, two tries: nothing is lost and nothing is done twice.

use super::delegation::{give, guest, someone};
use crate::harness::{Actor, Answer, sample};
use reqwest::Method;
use serde_json::json;

async fn change(actor: &mut Actor, id: &str, path: &str, was: &str, value: &str) -> Answer {
    let body = json!({ "changes": [{ "path": path, "was": was, "value": value }] });
    actor.json(Method::POST, &format!("/dossiers/{id}/fields"), &body).await.expect(200)
}

#[tokio::test]
async fn two_tabs_keep_both_changes_and_ask_about_the_same_field() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Premier" } })).await;
    change(&mut ada, &id, "project.acronym", "", "TAB1").await;
    change(&mut ada, &id, "project.location", "", "Lyon").await;
    let answer = change(&mut ada, &id, "project.title", "Premier", "Deuxième").await;
    assert_eq!(answer.json()["conflicts"], json!([]));
    let answer = change(&mut ada, &id, "project.title", "Premier", "Troisième").await.json();
    assert_eq!(answer["conflicts"][0]["theirs"], "Deuxième");
    assert_eq!(answer["conflicts"][0]["yours"], "Troisième");
    let page = ada.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    for kept in ["TAB1", "Lyon", "Deuxième"] {
        assert!(page.body.contains(kept), "{kept}");
    }
}

#[tokio::test]
async fn the_page_without_script_asks_about_a_conflict_too() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Premier" } })).await;
    let path = format!("/dossiers/{id}/edit/project");
    let page = ada.get(&path).await.expect(200);
    change(&mut ada, &id, "project.title", "Premier", "Deuxième").await;
    let fields = [("was", page.hidden("was")), ("project.title", "Troisième".into()), ("action", "save".into())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let asked = ada.post(&path, &fields).await.expect(409);
    assert!(asked.body.contains("Deuxième") && asked.body.contains("Troisième"), "both versions are shown");
    let fields = [
        ("was", asked.hidden("was")),
        ("project.title", "Troisième".into()),
        ("resolve.project.title", "yours".into()),
        ("action", "save".into()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ada.post(&path, &fields).await.expect(303);
    assert!(ada.get(&path).await.body.contains("Troisième"));
}

#[tokio::test]
async fn who_stored_the_other_version_is_told_as_far_as_each_may_know() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Premier" } })).await;
    let path = format!("/dossiers/{id}/edit/project");
    let (accountant, colleague) = (someone(), someone());
    for email in [&accountant, &colleague] {
        give(&mut ada, &id, email, &[("part.section:project", "write")]).await;
    }
    let (mut first, mut second) = (guest(&accountant).await, guest(&colleague).await);
    for actor in [&mut first, &mut second, &mut ada] {
        actor.get(&path).await.expect(200);
    }
    let origin = |answer: Answer| answer.json()["conflicts"][0]["origin"].as_str().unwrap().to_owned();
    let told = origin(change(&mut first, &id, "project.title", "Ancien", "Du cabinet").await);
    assert!(told.starts_with("par le porteur du dossier, à "), "{told}");
    let saved = change(&mut first, &id, "project.title", "Premier", "Du cabinet").await;
    assert_eq!(saved.json()["conflicts"], json!([]));
    // Another answer of the part, changed later by somebody else, is not taken for this one.
    change(&mut second, &id, "project.location", "", "Lyon").await;
    let told = origin(change(&mut ada, &id, "project.title", "Premier", "D’Ada").await);
    assert!(told.starts_with(&format!("par {accountant}, à ")), "{told}");
    let told = origin(change(&mut first, &id, "project.title", "Premier", "Encore").await);
    assert!(told.starts_with("par vous, "), "{told}");
    let told = origin(change(&mut second, &id, "project.title", "Premier", "Du collègue").await);
    assert!(told.starts_with("par quelqu’un d’autre, à "), "guests do not learn of one another: {told}");

    let fields = [("was", "{\"title\":\"Premier\",\"location\":\"Lyon\"}"), ("project.title", "D’Ada")];
    let page = ada.post(&path, &fields).await.expect(409).body;
    assert!(page.contains(&format!("(par {accountant}, à ")), "{page}");
}

#[tokio::test]
async fn a_double_click_makes_one_version() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let attempt = ada.get(&format!("/dossiers/{id}")).await.hidden("attempt");
    let path = format!("/dossiers/{id}/deposits");
    let click = || {
        let request = ada.form(&path, &[("attempt", &attempt)]);
        async move { request.send().await.unwrap() }
    };
    let (one, other, third) = tokio::join!(click(), click(), click());
    let place = |response: &reqwest::Response| response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(place(&one), place(&other));
    assert_eq!(place(&one), place(&third));
    let receipt = ada.get(&format!("{}.json", place(&one))).await.expect(200).json();
    assert_eq!(receipt["statement"]["version"], 1);
}

#[tokio::test]
async fn two_clicks_on_begin_make_one_dossier() {
    let ada = Actor::applicant().await;
    let attempt = uuid::Uuid::now_v7().to_string();
    let path = "/calls/hyper-open-x/rounds/demonstration/dossiers";
    let click = || {
        let request = ada.form(path, &[("attempt", &attempt)]);
        async move { request.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned() }
    };
    let (one, other) = tokio::join!(click(), click());
    assert_eq!(one, other);
}

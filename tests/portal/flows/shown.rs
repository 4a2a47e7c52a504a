//! Acts are bound to what their page showed, and a form that fails loses nothing of what was typed.

use super::interop::own_token;
use crate::harness::{Actor, sample};
use reqwest::{Method, header};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn an_attempt_begins_one_dossier_from_one_origin() {
    let mut ada = Actor::applicant().await;
    let token = own_token(&mut ada, &["dossier:create", "draft:write", "draft:read"]).await;
    let mut program = Actor::bearing(&token);
    let attempt = Uuid::now_v7();
    let body = |title: &str| {
        json!({ "call": "hyper-open-x", "round": "demonstration", "attempt": attempt,
                "document": { "project": { "title": title } } })
    };
    let first = program.json(Method::POST, "/api/v1/dossiers", &body("Un")).await.expect(201).json()["id"].clone();
    let again = program.json(Method::POST, "/api/v1/dossiers", &body("Un")).await.expect(201).json()["id"].clone();
    assert_eq!(first, again, "its answer was lost");
    let other = program.json(Method::POST, "/api/v1/dossiers", &body("Deux")).await.expect(409).json();
    assert_eq!(other["code"], "attempt_reused", "another document would be lost without a word: {other}");
}

#[tokio::test]
async fn a_page_of_before_removes_no_newer_file() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let (path, remove) = (format!("/dossiers/{id}/pieces/P9"), format!("/dossiers/{id}/pieces/P9/remove"));
    let issued = sample::today().to_string();
    ada.upload(&path, "a.pdf", &issued, &sample::long_pdf(2_000)).await.expect(303);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    let shown = page.split("/P9/remove\"").nth(1).unwrap().split("name=\"sha256\" value=\"").nth(1).unwrap();
    let shown = shown.split('"').next().unwrap().to_owned();
    ada.upload(&path, "b.pdf", &issued, &sample::long_pdf(3_000)).await.expect(303);
    let refused = ada.post(&remove, &[("sha256", &shown)]).await.expect(409).body;
    assert!(refused.contains("Rien n’a été retiré"), "{refused}");
    ada.get(&path).await.expect(200);
    sample::remove_piece(&mut ada, &id, "P9").await.expect(303);
    ada.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_form_whose_session_ended_comes_back_with_what_was_typed() {
    let email = format!("{}@exemple.fr", Uuid::now_v7().simple());
    let mut ada = Actor::anon();
    ada.sign_in(&email).await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Avant" } })).await;
    let path = format!("/dossiers/{id}/edit/project");
    let page = ada.get(&path).await.expect(200);
    let text = "Un résumé\r\n<b>de deux lignes</b> & \"guillemets\"";
    let fields =
        [("was", page.hidden("was")), ("project.title", "Après".to_owned()), ("project.summary", text.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let mut stranger = Actor::anon();
    let refused = stranger.post(&path, &fields).await.expect(401);
    assert!(refused.body.contains("Votre saisie est ici"), "{}", refused.body);
    assert!(refused.body.contains("/sign-in\" target=\"_blank\""), "{}", refused.body);
    let kept = returned(&refused.body);
    let sent: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, fields, "every field, as it was typed");

    // Signed in in another tab: the form's token is another session's, and then it is this one's.
    ada.sign_out_and_in(&email).await;
    let stale = ada.form(&path, &sent).build().unwrap();
    let token = ada.csrf().to_owned();
    let body = String::from_utf8(stale.body().unwrap().as_bytes().unwrap().to_vec()).unwrap().replace(&token, "x");
    let request = ada
        .request(Method::POST, &path)
        .header(header::ORIGIN, &ada.at.url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body);
    let page = ada.send(request).await.unwrap().expect(403);
    assert_eq!(returned(&page.body), kept);
    ada.post(&path, &sent).await.expect(303);

    // A form of another site was never seen by its reader: it is not offered.
    let foreign = ada.form(&path, &fields).header("origin", "https://evil.example");
    let refused = ada.send(foreign).await.unwrap().expect(403);
    assert!(!refused.body.contains("Après"), "{}", refused.body);
}

/// The fields that a page of a failure sends again.
fn returned(page: &str) -> Vec<(String, String)> {
    let unescape = |text: &str| {
        text.replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#38;", "&")
    };
    let fields = page.split("<textarea hidden name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\">\n").unwrap();
        (unescape(name), unescape(rest.split("</textarea>").next().unwrap()))
    });
    fields.collect()
}

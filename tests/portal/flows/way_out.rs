//! The way out: drafts that are deleted, accounts that are closed, data that are taken along.

mod closing;
mod export;

use super::{delegation::in_days, interop::own_token, uploads::begin};
use crate::harness::{Actor, Answer, sample};
use guichet::testing::{domain::ids::DossierId, store::Freshness};
use reqwest::{Method, header};
use serde_json::json;

/// Opens the confirmation page of a deletion, and presses its button.
async fn delete(actor: &mut Actor, id: &str) -> Answer {
    let path = format!("/dossiers/{id}/delete");
    let page = actor.get(&path).await.expect(200);
    actor.post(&path, &[("revision", &page.hidden("revision"))]).await
}

/// The kinds of a dossier's events, oldest first.
async fn events(actor: &Actor, id: &str) -> Vec<String> {
    let store = actor.at.store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let id: DossierId = id.parse().unwrap();
    guichet::testing::store::journal::kinds_of_dossier(&mut db, id).await.unwrap()
}

/// Gives parts of a dossier to an address.
async fn give(owner: &mut Actor, id: &str, email: &str, part: &str) {
    let path = format!("/dossiers/{id}/guests");
    owner.get(&path).await.expect(200);
    let until = in_days(3);
    owner.post(&path, &[("email", email), ("until", until.as_str()), (part, "write")]).await.expect(303);
}

fn someone() -> String {
    format!("{}@cabinet.fr", uuid::Uuid::now_v7().simple())
}

#[tokio::test]
async fn a_draft_is_deleted_after_a_page_that_says_what_goes_and_a_second_click_changes_nothing() {
    let mut ada = Actor::applicant().await;
    let answers = json!({ "project": { "title": "Brouillon inutile" } });
    let id = sample::draft(&mut ada, "demonstration", &answers).await;
    let kbis = sample::piece("P7-kbis.pdf");
    let issued = sample::today().to_string();
    ada.upload(&format!("/dossiers/{id}/pieces/P7"), "kbis.pdf", &issued, &kbis).await.expect(303);
    give(&mut ada, &id, &someone(), "part.section:budget").await;

    let overview = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(overview.contains(&format!("/dossiers/{id}/delete\"")), "{overview}");
    let path = format!("/dossiers/{id}/delete");
    let page = ada.get(&path).await.expect(200);
    for told in ["les pièces jointes\u{a0}: 1", "à d’autres personnes\u{a0}: 1"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let revision = page.hidden("revision");
    for _ in 0..2 {
        let done = ada.post(&path, &[("revision", &revision)]).await.expect(303);
        assert_eq!(done.location(), "/dossiers?done=deleted");
    }
    let list = ada.get("/dossiers?done=deleted").await.expect(200).body;
    assert!(list.contains("Le brouillon est supprimé") && !list.contains("Brouillon inutile"), "{list}");
    for path in [format!("/dossiers/{id}"), path, format!("/dossiers/{id}/pieces/P7"), format!("/dossiers/{id}/status")]
    {
        let page = ada.get(&path).await.expect(410).body;
        assert!(page.contains("supprimé par son porteur"), "{path}: {page}");
    }
    let kinds = events(&ada, &id).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "dossier_deleted").count(), 1, "{kinds:?}");
    assert_eq!(kinds.last().unwrap(), "dossier_deleted", "{kinds:?}");
}

#[tokio::test]
async fn what_was_deposited_is_kept_withdrawn_or_not() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let before = ada.get(&format!("/dossiers/{id}/delete")).await.expect(200);
    let revision = before.hidden("revision");
    let number = sample::deposit(&mut ada, &id).await;
    let path = format!("/dossiers/{id}/delete");
    let page = ada.post(&path, &[("revision", &revision)]).await.expect(409).body;
    assert!(page.contains("déposé entre-temps") && page.contains("il est conservé"), "{page}");
    sample::withdraw(&mut ada, &id).await.expect(303);
    let page = ada.get(&path).await.expect(200).body;
    assert!(page.contains("il est conservé") && !page.contains("name=\"revision\""), "{page}");
    ada.post(&path, &[("revision", &revision)]).await.expect(409);
    ada.get(&format!("/receipts/{number}")).await.expect(200);
    assert!(!ada.get(&format!("/dossiers/{id}")).await.expect(200).body.contains("/delete\""));
}

#[tokio::test]
async fn only_the_owner_deletes_and_only_what_the_page_showed() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let email = someone();
    give(&mut ada, &id, &email, "part.whole").await;
    let mut guest = Actor::anon();
    guest.sign_in(&email).await;
    let path = format!("/dossiers/{id}/delete");
    for other in [&mut guest, &mut Actor::applicant().await, &mut Actor::officer().await] {
        other.get("/account").await.expect(200);
        other.get(&path).await.expect(404);
        other.post(&path, &[("revision", "1")]).await.expect(404);
    }
    let stale = ada.get(&path).await.expect(200).hidden("revision");
    guest.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let change = json!({ "changes": [{ "path": "project.title", "was": "x", "value": "y" }] });
    guest.json(Method::POST, &format!("/dossiers/{id}/fields"), &change).await.expect(200);
    let page = ada.post(&path, &[("revision", &stale)]).await.expect(409).body;
    assert!(page.contains("le brouillon a changé"), "{page}");
    delete(&mut ada, &id).await.expect(303);

    // Who held a part learns why it is gone, and keeps what was typed; a stranger learns nothing.
    let save = guest.json(Method::POST, &format!("/dossiers/{id}/fields"), &change).await.expect(410);
    assert_eq!(save.json()["code"], "dossier_deleted");
    let typed = [("was", "{}"), ("project.title", "Écrit trop tard"), ("action", "save")];
    let page = guest.post(&format!("/dossiers/{id}/edit/project"), &typed).await.expect(410).body;
    assert!(page.contains("Écrit trop tard") && !page.contains("Renvoyer ce que j’ai saisi"), "{page}");
    Actor::applicant().await.get(&format!("/dossiers/{id}")).await.expect(404);
    assert!(!guest.get("/dossiers").await.expect(200).body.contains(&id));
}

#[tokio::test]
async fn a_form_sent_again_does_not_bring_a_deleted_draft_back() {
    let mut ada = Actor::applicant().await;
    ada.get("/dossiers").await.expect(200);
    let (attempt, path) = (uuid::Uuid::now_v7().to_string(), "/calls/hyper-open-x/rounds/demonstration/dossiers");
    let begun = ada.post(path, &[("attempt", &attempt)]).await.expect(303);
    let id = begun.location().split('/').nth(2).unwrap().to_owned();
    delete(&mut ada, &id).await.expect(303);
    ada.post(path, &[("attempt", &attempt)]).await.expect(410);
    ada.post(path, &[("attempt", &uuid::Uuid::now_v7().to_string())]).await.expect(303);
}

#[tokio::test]
async fn a_program_deletes_what_it_has_read_with_a_token_that_may() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let reads = own_token(&mut ada, &["draft:read", "draft:write"]).await;
    let deletes = own_token(&mut ada, &["draft:read", "dossier:delete"]).await;
    let path = format!("/api/v1/dossiers/{id}");
    let ask = async |token: &str, tag: Option<&str>| {
        let mut script = Actor::bearing(token);
        let request = script.request(Method::DELETE, &path);
        let request = if let Some(tag) = tag { request.header(header::IF_MATCH, tag) } else { request };
        script.send(request).await.unwrap()
    };
    ask(&reads, Some("*")).await.expect(404);
    assert_eq!(ask(&deletes, None).await.expect(428).json()["code"], "if_match");
    ask(&deletes, Some("\"1\"")).await.expect(412);
    let mut script = Actor::bearing(&deletes);
    let read = script.get(&format!("{path}/document")).await.expect(200);
    let tag = read.headers[header::ETAG].to_str().unwrap().to_owned();
    for _ in 0..2 {
        ask(&deletes, Some(&tag)).await.expect(204);
    }
    script.get(&format!("{path}/document")).await.expect(410);

    let kept = sample::complete(&mut ada, "demonstration", sample::today()).await;
    sample::deposit(&mut ada, &kept).await;
    let request = script.request(Method::DELETE, &format!("/api/v1/dossiers/{kept}")).header(header::IF_MATCH, "*");
    assert_eq!(script.send(request).await.unwrap().expect(409).json()["code"], "dossier_kept");
}

#[tokio::test]
async fn uploads_to_a_deleted_draft_end_and_their_bytes_are_gone() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let other = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "y" } })).await;
    let gone = begin(&mut ada, &id, "P7", 10).await;
    let stays = begin(&mut ada, &other, "P7", 10).await;
    let incoming = ada.at.folder.join("data/blobs/incoming");
    let there = |upload: &str| {
        let names = std::fs::read_dir(&incoming).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().contains(upload))
    };
    assert!(there(&gone) && there(&stays));
    delete(&mut ada, &id).await.expect(303);
    assert!(!there(&gone) && there(&stays));
    ada.get(&format!("/dossiers/{id}/pieces/P7/uploads/{gone}")).await.expect(404);
}

/// Both at once: one of them happens, and the other is told so.
#[tokio::test]
async fn a_deposit_under_way_and_a_deletion_leave_one_of_them() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let (attempt, revision) = (page.hidden("attempt"), page.hidden("revision"));
    let path = format!("/dossiers/{id}/deposits");
    let deposit = ada.form(&path, &[("attempt", &attempt), ("revision", &revision)]);
    let remove = ada.form(&format!("/dossiers/{id}/delete"), &[("revision", &revision)]);
    let (deposited, deleted) = tokio::join!(deposit.send(), remove.send());
    let (deposited, deleted) = (deposited.unwrap(), deleted.unwrap());
    match (deposited.status().as_u16(), deleted.status().as_u16()) {
        (303, 409) => {
            let receipt = deposited.headers()["location"].to_str().unwrap().to_owned();
            ada.get(&receipt).await.expect(200);
        }
        (410, 303) => drop(ada.get(&format!("/dossiers/{id}")).await.expect(410)),
        other => panic!("{other:?}"),
    }
}

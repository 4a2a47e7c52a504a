//! Invitations that would do harm: to a mailbox, to somebody's list of dossiers, to what an owner believes.

use super::{give, guest, in_days, revocations, someone};
use crate::harness::{Actor, Installation, actor::mails_to, installation::wait_for_async, sample};
use guichet::testing::{
    domain::ids::DossierId,
    store::{Store, delegation, journal},
};
use serde_json::json;
use std::collections::BTreeMap;

const PARTS: [&str; 3] = ["section:project=write", "section:budget=write", "piece:P9=write"];

pub fn store() -> Store {
    let config = Installation::shared().folder.join("guichet-1.toml");
    Store::open(&guichet::testing::config::Config::read(&config).unwrap().database).unwrap()
}

async fn draft(owner: &mut Actor) -> String {
    sample::draft(owner, "demonstration", &json!({ "project": { "title": "Projet" } })).await
}

/// What the form answers, refused.
async fn refused(owner: &mut Actor, id: &str, fields: &[(&str, &str)]) -> String {
    let until = in_days(3);
    let mut all =
        BTreeMap::from([("email", "x@cabinet.fr"), ("until", until.as_str()), ("part.section:budget", "read")]);
    all.extend(fields.iter().copied());
    let all: Vec<(&str, &str)> = all.into_iter().collect();
    owner.post(&format!("/dossiers/{id}/guests"), &all).await.expect(422).body
}

/// As a former release left them: the same guest, many times, each with an end of its own.
async fn given_by_a_former_release(id: &str, email: &str, times: i64) {
    let store = store();
    let mut db = store.write().await.unwrap();
    for number in 0..times {
        sqlx::query(
            "insert into delegation (delegation_id, dossier_id, given_by, email, parts, given_at, ends_at)
             select ?, dossier_id, account_id, ?, ?, utc_timestamp(6), utc_timestamp(6) + interval ? day
             from dossier where dossier_id = ?",
        )
        .bind(uuid::Uuid::now_v7())
        .bind(email)
        .bind(PARTS.join(" "))
        .bind(1 + number)
        .bind(id.parse::<uuid::Uuid>().unwrap())
        .execute(&mut *db)
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn many_invitations_lock_nobody_out_and_are_taken_back_as_one() {
    let mut eve = Actor::applicant().await;
    let id = draft(&mut eve).await;
    let email = someone();
    let mut victim = guest(&email).await;
    let own = draft(&mut victim).await;
    given_by_a_former_release(&id, &email, 300).await;
    let page = victim.get("/dossiers").await.expect(200).body;
    assert!(page.contains(&own) && page.contains(&id));
    victim.get(&format!("/dossiers/{id}/edit/budget")).await.expect(200);
    let mut revocations = revocations(&mut eve, &id).await;
    assert_eq!(revocations.len(), 1, "one guest, one line");
    eve.post(&revocations.remove(0), &[]).await.expect(303);
    victim.get(&format!("/dossiers/{id}")).await.expect(404);
    assert!(victim.get("/dossiers").await.expect(200).body.contains(&own));
}

#[tokio::test]
async fn inviting_again_replaces_what_was_given() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    let email = someone();
    give(&mut ada, &id, &email, &[("part.section:budget", "write")]).await;
    let first = revocations(&mut ada, &id).await.remove(0);
    let mut accountant = guest(&email).await;
    accountant.get(&format!("/dossiers/{id}/edit/budget")).await.expect(200);
    // Within a second: reading writes nothing itself.
    let guests = format!("/dossiers/{id}/guests");
    wait_for_async("the first coming to be noted", async || {
        ada.get(&guests).await.body.contains("Venu pour la première fois")
    })
    .await;

    give(&mut ada, &id, &email, &[("part.section:project", "read")]).await;
    accountant.get(&format!("/dossiers/{id}/edit/budget")).await.expect(404);
    accountant.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let page = ada.get(&format!("/dossiers/{id}/guests")).await.body;
    assert!(page.contains("Venu pour la première fois") && !page.contains("lire et remplir</li>"), "{page}");
    assert_eq!(revocations(&mut ada, &id).await.len(), 1);
    // A page that was open before takes back what the guest holds now.
    ada.post(&first, &[]).await.expect(303);
    accountant.get(&format!("/dossiers/{id}")).await.expect(404);
}

#[tokio::test]
async fn a_double_click_gives_one_delegation_and_one_mail() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    let email = someone();
    let form = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
    assert!(form.contains("class=\"give\" data-once"));
    let until = in_days(3);
    let fields = [("email", email.as_str()), ("until", &until), ("part.section:budget", "write"), ("note", "Merci")];
    let click = || ada.form(&format!("/dossiers/{id}/guests"), &fields).send();
    let (one, two, three) = tokio::join!(click(), click(), click());
    for answer in [one, two, three] {
        assert_eq!(answer.unwrap().status(), 303);
    }
    assert_eq!(revocations(&mut ada, &id).await.len(), 1);
    let store = store();
    let mut db = store.write().await.unwrap();
    let dossier = DossierId(id.parse().unwrap());
    assert_eq!(delegation::of_dossier(&mut db, dossier).await.unwrap().len(), 1);
    // What is sent after the clicks comes after their mails.
    let other = someone();
    give(&mut ada, &id, &other, &[("part.section:budget", "read")]).await;
    wait_for_async("the last mail", async || !mails_to(&mut ada, &other).await.is_empty()).await;
    assert_eq!(mails_to(&mut ada, &email).await.len(), 1);
}

#[tokio::test]
async fn taking_back_twice_is_a_success() {
    let mut ada = Actor::applicant().await;
    let (id, other) = (draft(&mut ada).await, draft(&mut ada).await);
    give(&mut ada, &id, &someone(), &[("part.section:budget", "read")]).await;
    let revoke = revocations(&mut ada, &id).await.remove(0);
    for _ in 0..2 {
        let done = ada.post(&revoke, &[]).await.expect(303);
        assert!(done.location().ends_with("?done=taken"), "{}", done.location());
    }
    ada.post(&revoke.replace(&id, &other), &[]).await.expect(404);
    ada.post(&format!("/dossiers/{id}/guests/{}/revoke", uuid::Uuid::now_v7()), &[]).await.expect(404);
    let store = store();
    let mut db = store.write().await.unwrap();
    let kinds = journal::kinds_of_dossier(&mut db, DossierId(id.parse().unwrap())).await.unwrap();
    let taken = kinds.iter().filter(|kind| *kind == "parts_taken").count();
    assert_eq!(taken, 1, "journalled once");
}

#[tokio::test]
async fn invitations_are_limited_by_address_and_by_owner() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    let invited = async |ada: &mut Actor, email: &str| {
        give(ada, &id, email, &[("part.section:budget", "read")]).await;
        let revoke = revocations(ada, &id).await.remove(0);
        ada.post(&revoke, &[]).await.expect(303);
    };
    let stranger = someone();
    for _ in 0..5 {
        invited(&mut ada, &stranger).await;
    }
    let page = refused(&mut ada, &id, &[("email", &stranger)]).await;
    assert!(page.contains("id=\"wrong-email\"") && page.contains("trop d’invitations"), "{page}");
    for _ in 5..40 {
        invited(&mut ada, &someone()).await;
    }
    let page = refused(&mut ada, &id, &[("email", &someone())]).await;
    assert!(page.contains("id=\"wrong-email\"") && page.contains("40 invitations"), "{page}");
}

#[tokio::test]
async fn a_word_to_a_guest_holds_no_link() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    for note in
        ["Voir http://evil.example", "HTTPS://evil.example", "va sur WWW.evil.example", "https:\n//evil.example"]
    {
        let page = refused(&mut ada, &id, &[("note", note)]).await;
        assert!(page.contains("id=\"wrong-note\"") && page.contains("Pas de lien"), "{note}: {page}");
    }
    give(&mut ada, &id, &someone(), &[("part.section:budget", "read"), ("note", "Avant le 12. Merci : à bientôt")])
        .await;
}

#[tokio::test]
async fn addresses_that_cannot_be_read_are_refused_in_words() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    // What looks like another address is refused with the reason.
    for (email, why) in [
        ("ad\u{430}@cabinet.fr", "lettres sans accent"),
        ("ad\u{e9}@cabinet.fr", "lettres sans accent"),
        ("ada@c\u{430}binet.fr", "plusieurs alphabets"),
        ("ada@-.fr", "nom de domaine"),
        ("a@[127.0.0.1]", "adresse d’une machine"),
    ] {
        let page = refused(&mut ada, &id, &[("email", email)]).await;
        let page = page.replace("&#x27;", "&#39;");
        assert!(page.contains("id=\"wrong-email\"") && page.contains(why), "{email:?}: {page}");
    }
    // What nobody sees is taken out, so that the owner invites whom they read.
    let guest = someone();
    let hidden = guest.replacen('@', "\u{200b}@\u{ad}", 1);
    give(&mut ada, &id, &hidden, &[("part.section:budget", "read")]).await;
    assert!(ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body.contains(&guest));
}

#[tokio::test]
async fn a_part_given_many_times_counts_once() {
    let mut ada = Actor::applicant().await;
    let id = draft(&mut ada).await;
    let mut fields = vec![("part.section:budget", "read")];
    fields.extend([("part.section:budget", "write"); 150]);
    give(&mut ada, &id, &someone(), &fields).await;
    let page = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
    let card = page.split("<li class=\"card guest").nth(1).unwrap().split("</ul>").next().unwrap();
    assert_eq!(card.matches("<li>").count(), 1, "{card}");
    assert!(card.contains("lire et remplir"), "{card}");
}

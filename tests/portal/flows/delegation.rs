//! A dossier worked on by several: each guest gets what was given, by its own name, and nothing more.

pub mod invitations;
mod readers;

use crate::harness::{
    Actor,
    installation::{guichet, wait_for_async},
    sample,
};
use reqwest::Method;
use serde_json::json;
use std::{io::Write, process::Stdio};

/// An address that nobody has yet.
pub fn someone() -> String {
    format!("{}@cabinet.fr", uuid::Uuid::now_v7().simple())
}

/// Somebody with an address of their own, signed in.
pub async fn guest(email: &str) -> Actor {
    let mut guest = Actor::anon();
    guest.sign_in(email).await;
    guest
}

pub fn in_days(days: i64) -> String {
    (sample::today() + jiff::Span::new().days(days)).to_string()
}

/// The forms that take back, in the order of the page.
async fn revocations(owner: &mut Actor, id: &str) -> Vec<String> {
    let page = owner.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
    let actions = page.split("action=\"").filter_map(|rest| rest.split('"').next());
    actions.filter(|action| action.ends_with("/revoke")).map(str::to_owned).collect()
}

/// Gives by the page.
pub async fn give(owner: &mut Actor, id: &str, email: &str, fields: &[(&str, &str)]) {
    owner.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let until = in_days(3);
    let mut all = vec![("email", email), ("until", until.as_str())];
    all.extend_from_slice(fields);
    owner.post(&format!("/dossiers/{id}/guests"), &all).await.expect(303);
}

#[tokio::test]
async fn an_accountant_fills_one_annex_and_nothing_else() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let email = someone();
    give(&mut ada, &id, &email, &[("part.section:budget", "write"), ("note", "Merci !")]).await;
    let mails = crate::harness::actor::mails_to(&mut ada, &email).await;
    wait_for_async("the invitation", async || {
        !crate::harness::actor::mails_to(&mut ada, &email).await.is_empty() || !mails.is_empty()
    })
    .await;

    let mut accountant = guest(&email).await;
    assert!(accountant.get("/dossiers").await.expect(200).body.contains(&id));
    let page = accountant.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("/edit/budget") && !page.contains("/edit/project"), "{page}");
    assert!(!page.contains("/pieces/P7") && !page.contains("/deposits\""), "{page}");
    accountant.get(&format!("/dossiers/{id}/edit/budget")).await.expect(200);

    let change = |path: &str| json!({ "changes": [{ "path": path, "value": "5" }] });
    let fields = format!("/dossiers/{id}/fields");
    let saved = accountant.json(Method::POST, &fields, &json!({ "changes": [] })).await;
    saved.expect(404);
    let other = accountant.json(Method::POST, &fields, &change("project.title")).await;
    other.expect(404);
    let both =
        json!({ "changes": [{ "path": "budget.persons", "value": [] }, { "path": "project.title", "value": "volé" }] });
    accountant.json(Method::POST, &fields, &both).await.expect(404);
    assert_eq!(ada.get(&format!("/dossiers/{id}/edit/project")).await.body.matches("volé").count(), 0);

    for path in ["edit/project", "preview", "pieces/P7", "guests", "withdraw"] {
        accountant.get(&format!("/dossiers/{id}/{path}")).await.expect(404);
    }
    let attempt = uuid::Uuid::now_v7().to_string();
    accountant.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(404);
    accountant
        .upload(&format!("/dossiers/{id}/pieces/P7"), "a.pdf", "", &sample::piece("P7-kbis.pdf"))
        .await
        .expect(404);
    accountant.post(&format!("/dossiers/{id}/guests"), &[("email", "x@y.fr")]).await.expect(404);

    wait_for_async("the owner to see who has read", async || {
        let page = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
        page.split("id=\"readings-title\"").nth(1).unwrap().contains(&email)
    })
    .await;
    let revoke = revocations(&mut ada, &id).await.remove(0);
    // Somebody else takes nothing back.
    let mut eve = Actor::applicant().await;
    eve.post(&revoke, &[]).await.expect(404);
    ada.post(&revoke, &[]).await.expect(303);
    accountant.get(&format!("/dossiers/{id}/edit/budget")).await.expect(404);
    accountant.get(&format!("/dossiers/{id}")).await.expect(404);
    assert!(!accountant.get("/dossiers").await.expect(200).body.contains(&id));
}

#[tokio::test]
async fn what_was_given_is_written_by_the_guests_name_and_ends_on_its_day() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let (filler, reader) = (someone(), someone());
    give(&mut ada, &id, &filler, &[("part.section:project", "write"), ("part.piece:P9", "write")]).await;
    give(&mut ada, &id, &reader, &[("part.section:project", "read")]).await;

    let mut filler = guest(&filler).await;
    filler.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    let fields = format!("/dossiers/{id}/fields");
    let title = sample::sample(sample::today()).answers["project"]["title"].clone();
    let change = json!({ "changes": [{ "path": "project.title", "was": title, "value": "Écrit à deux" }] });
    let saved = filler.json(Method::POST, &fields, &change).await.expect(200).json();
    let told = saved["findings"].as_array().unwrap();
    assert!(told.iter().all(|finding| finding["path"].as_str().unwrap().starts_with("project")), "{told:?}");
    assert_eq!(saved["amounts"], json!({}), "amounts are not for everybody");
    let day = sample::today().to_string();
    filler
        .upload(&format!("/dossiers/{id}/pieces/P9"), "p.pdf", &day, &sample::piece("P9-regularite-fiscale.pdf"))
        .await
        .expect(303);
    filler.get(&format!("/dossiers/{id}/pieces/P9")).await.expect(200);
    filler.get(&format!("/dossiers/{id}/pieces/P8")).await.expect(404);

    let mut reader = guest(&reader).await;
    let page = reader.get(&format!("/dossiers/{id}/edit/project")).await.expect(200).body;
    assert!(page.contains("Écrit à deux") && page.contains("disabled") && !page.contains("data-editor"));
    let again = json!({ "changes": [{ "path": "project.title", "was": "Écrit à deux", "value": "Non" }] });
    reader.json(Method::POST, &fields, &again).await.expect(404);

    let late = (sample::today() + jiff::Span::new().days(4)).to_string();
    let mut tomorrow = guest(&someone()).await;
    tomorrow.get("/dossiers").await.expect(200);
    filler.when(&format!("{late}T10:00:00Z"));
    assert_ne!(filler.get(&format!("/dossiers/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_mandated_person_deposits_in_the_owners_place() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let email = someone();
    give(&mut ada, &id, &email, &[("deposit", "yes")]).await;
    let mut mandated = guest(&email).await;
    mandated.get(&format!("/dossiers/{id}/preview")).await.expect(200);
    let title = json!({ "changes": [{ "path": "project.title", "value": "Autre" }] });
    mandated.json(Method::POST, &format!("/dossiers/{id}/fields"), &title).await.expect(404);
    let number = sample::deposit(&mut mandated, &id).await;
    mandated.get(&format!("/receipts/{number}")).await.expect(200);
    ada.get(&format!("/receipts/{number}")).await.expect(200);
    mandated.get(&format!("/dossiers/{id}/withdraw")).await.expect(404);
}

#[tokio::test]
async fn a_wrong_invitation_says_all_that_is_wrong_and_keeps_what_was_typed() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let fields = [("email", "pas une adresse"), ("until", "2020-01-01"), ("note", "<b>bonjour</b>")];
    let page = ada.post(&format!("/dossiers/{id}/guests"), &fields).await.expect(422).body;
    for words in [
        "adresse électronique",
        "au moins une partie",
        "dernier jour",
        "value=\"pas une adresse\"",
        "&#60;b&#62;bonjour",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let forged = [("email", "a@b.fr"), ("until", &in_days(2)), ("part.section:nowhere", "write")];
    ada.post(&format!("/dossiers/{id}/guests"), &forged).await.expect(404);
    assert!(ada.get(&format!("/dossiers/{id}/guests")).await.body.contains("Vous n’avez rien confié"));
}

/// Narrows a token with the command, which has no network to use.
pub fn attenuate(token: &str, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(guichet());
    command.args(["token", "attenuate"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_script_uploads_one_piece_and_its_owner_sees_and_revokes_it() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let elsewhere = sample::draft(&mut ada, "demonstration", &json!({})).await;
    ada.get("/account").await.expect(200);
    ada.post("/account/tokens", &[("label", "script"), ("days", "7")]).await.expect(422);
    let asked = [("label", "script"), ("days", "7"), ("action", "draft:write"), ("action", "draft:read")];
    let page = ada.post("/account/tokens", &asked).await.expect(200).body;
    let token = page.split("readonly spellcheck=\"false\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!ada.get("/account").await.body.contains(&token[..60]), "shown once");

    let narrow = attenuate(&token, &["--dossier", &id, "--piece", "P9", "--until", &in_days(1)]);
    let mut script = Actor::bearing(&narrow);
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let put = |script: &Actor, id: &str, code: &str| {
        let path = format!("/api/v1/dossiers/{id}/pieces/{code}?issued={}&name=p.pdf", sample::today());
        script.request(Method::PUT, &path).body(bytes.clone())
    };
    script.send(put(&script, &id, "P9")).await.unwrap().expect(200);
    script.send(put(&script, &id, "P8")).await.unwrap().expect(404);
    script.send(put(&script, &elsewhere, "P9")).await.unwrap().expect(404);
    script.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(404);
    let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
    script.json(Method::POST, &format!("/api/v1/dossiers/{id}/deposits"), &attempt).await.expect(404);
    // Narrowing what was narrowed cannot bring anything back.
    let twice = attenuate(&narrow, &["--piece", "P8"]);
    let mut wider = Actor::bearing(&twice);
    wider.send(put(&wider, &id, "P8")).await.unwrap().expect(404);
    wider.send(put(&wider, &id, "P9")).await.unwrap().expect(404);

    let page = ada.get("/account").await.expect(200).body;
    let cards: Vec<&str> = page.split("card narrowed").skip(1).collect();
    assert_eq!(cards.len(), 2, "both narrowed tokens are listed");
    let once = cards.iter().find(|card| !card.contains("piece:P8")).unwrap();
    let revoke = once.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ada.post(&revoke, &[]).await.expect(303);
    wait_for_async("the narrowed token to be refused", async || {
        script.send(put(&script, &id, "P9")).await.unwrap().status == 401
    })
    .await;
    let mut whole = Actor::bearing(&token);
    whole.get(&format!("/api/v1/dossiers/{id}/document")).await.expect(200);
}

#[tokio::test]
async fn an_auditor_reads_for_a_week_and_writes_nothing() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let draft = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let number = sample::deposit(&mut ada, &id).await;
    let email = someone();
    let at = ada.at;
    at.command(&["access", "give", &email, "--role", "auditor", "--until", &in_days(7)]).await;
    let mut auditor = guest(&email).await;
    auditor.get("/calls/hyper-open-x/rounds/demonstration/dossiers").await.expect(200);
    auditor.get(&format!("/receipts/{number}")).await.expect(200);
    let piece = format!("/receipts/{number}/pieces/P7");
    let copy = auditor.get(&piece).await.expect(200);
    assert_eq!(copy.headers["x-guichet-copy"], "marked");
    assert_eq!(copy.headers["content-type"], "application/pdf");
    assert!(copy.body.contains(&format!("({email} ")), "the copy names its reader");
    let own = ada.request(Method::GET, &piece).send().await.unwrap();
    assert!(!own.headers().contains_key("x-guichet-copy"));
    assert_eq!(own.bytes().await.unwrap(), sample::piece("P7-kbis.pdf"), "the owner has what was sealed");
    auditor.get(&format!("/dossiers/{draft}")).await.expect(404);
    auditor.get(&format!("/dossiers/{id}")).await.expect(404);
    let attempt = uuid::Uuid::now_v7().to_string();
    auditor.post("/calls/hyper-open-x/rounds/demonstration/dossiers", &[("attempt", &attempt)]).await.expect(403);
    wait_for_async("the owner to see the auditor", async || {
        ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body.contains("auditeur")
    })
    .await;
    assert!(
        !ada.get(&format!("/dossiers/{id}/guests")).await.body.contains(&email),
        "by what they are, not by address"
    );

    let told = at.command(&["access", "explain", &email, "deposit:read", &format!("{id}/deposit")]).await;
    assert!(told.contains("oui") && told.contains("auditor-reads"), "{told}");
    let told = at.try_command(&["access", "explain", &email, "draft:read", &id]).await.unwrap_err();
    assert!(told.contains("non") && told.contains("owner-drafts"), "{told}");

    at.command(&["access", "give", &email, "--role", "auditor", "--until", &in_days(-1)]).await;
    let mut later = guest(&email).await;
    later.get(&format!("/receipts/{number}")).await.expect(404);
}

#[tokio::test]
async fn two_persons_together_open_one_dossier_for_an_hour() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let (first, second) = (someone(), someone());
    for email in [&first, &second] {
        ada.at.command(&["access", "give", email, "--role", "operator"]).await;
    }
    let (mut first, mut second) = (guest(&first).await, guest(&second).await);
    first.get(&format!("/receipts/{number}")).await.expect(404);
    first.get("/emergency").await.expect(200);
    first.post("/emergency", &[("receipt", &number), ("reason", " ")]).await.expect(422);
    let page = first.post("/emergency", &[("receipt", "nowhere"), ("reason", " ")]).await.expect(422).body;
    assert!(page.contains("Aucun reçu ne porte ce numéro") && page.contains("Dites pourquoi"), "all at once: {page}");
    let reason = format!("Signalement {number}");
    first.post("/emergency", &[("receipt", &number), ("reason", &reason)]).await.expect(303);
    first.get(&format!("/receipts/{number}")).await.expect(404);
    ada.get("/emergency").await.expect(403);

    let page = second.get("/emergency").await.expect(200).body;
    let card = page.split("<li class=\"card\">").find(|card| card.contains(&reason)).unwrap();
    let allow = card.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    first.post(&allow, &[]).await.expect(404);
    second.post(&allow, &[]).await.expect(303);
    second.post(&allow, &[]).await.expect(404);
    first.get(&format!("/receipts/{number}")).await.expect(200);
    second.get(&format!("/receipts/{number}")).await.expect(404);
    first.get(&format!("/dossiers/{id}")).await.expect(404);
    wait_for_async("the owner to see it", async || {
        let page = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
        page.contains("opérateur du service") && page.contains("autorisé par deux personnes")
    })
    .await;
    first.when(&(jiff::Timestamp::now() + jiff::SignedDuration::from_mins(61)).to_string());
    first.get(&format!("/receipts/{number}")).await.expect(404);
}

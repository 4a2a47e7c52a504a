//! Company data from the public register: a stand-in, which is away, slow or wrong for some numbers.

use crate::harness::{
    Actor, Answer, Installation,
    company_register::{
        ABSENT, ASKED_ONCE, BUSY, CEASED, CompanyRegister, FAILING, HUGE, NO_JSON, REDIRECTING, SAMPLE, SLOW,
    },
    installation::wait_within,
    sample,
};
use guichet::testing::{
    domain::calendar::show_day,
    store::{Freshness, journal},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::{sync::OnceLock, time::Duration};

/// Timeout for the limit of a second to let a look-up pass, on a loaded machine.
const LIMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// An installation that asks the stand-in.
fn installation() -> &'static (Installation, CompanyRegister) {
    static SHARED: OnceLock<(Installation, CompanyRegister)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let register = CompanyRegister::start();
        let section = register.section();
        (Installation::start_with(None, &["--company-register", section.to_str().unwrap()]), register)
    })
}

async fn applicant() -> Actor {
    let mut actor = Actor::at(&installation().0);
    actor.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
    actor
}

/// What a browser sends of the section about the applicant: every answer as the page has it, and then others.
fn form(page: &Answer, other: &[(&str, &str)]) -> Vec<(String, String)> {
    let was = page.hidden("was");
    let answers: Json = serde_json::from_str(&was).unwrap();
    let as_text = |value: &Json| value.as_str().map_or_else(|| "true".to_owned(), str::to_owned);
    let mut fields: Vec<(String, String)> = answers
        .as_object()
        .unwrap()
        .iter()
        .map(|(field, value)| (format!("applicant.{field}"), as_text(value)))
        .filter(|(name, _)| other.iter().all(|(other, _)| other != name))
        .collect();
    fields.extend(other.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields.push(("was".to_owned(), was));
    fields
}

/// Presses a button of the register on the page of the section.
async fn press(actor: &mut Actor, id: &str, other: &[(&str, &str)]) -> Answer {
    let page = actor.get(&format!("/dossiers/{id}/edit/applicant")).await.expect(200);
    let fields = form(&page, other);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let done = actor.post(&format!("/dossiers/{id}/company-register"), &fields).await.expect(303);
    actor.get(done.location()).await.expect(200)
}

/// Presses again while the process has asked too often in this second: the tests beside share its limit.
pub(crate) async fn look_up(actor: &mut Actor, id: &str, siret: &str) -> Answer {
    let mut last = None;
    wait_within(LIMIT_TIMEOUT, "the limit to let a look-up pass", async || {
        let page = press(actor, id, &[("section", "applicant"), ("applicant.siret", siret)]).await;
        let passed = !page.body.contains("en peu de temps");
        last = Some(page);
        passed
    })
    .await;
    last.unwrap()
}

/// The answers about the applicant, as the server has them.
fn answers(page: &Answer) -> Json {
    serde_json::from_str(&page.hidden("was")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_answers_are_filled_in_and_typed_ones_stay() {
    let mut ada = applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "applicant": { "city": "Lyon" } })).await;
    let before = ada.get(&format!("/dossiers/{id}/edit/applicant")).await.expect(200);
    assert!(before.body.contains("Compléter depuis le SIRET") && !before.body.contains("Registre public, relevé le"));
    assert!(!ada.get(&format!("/dossiers/{id}/edit/project")).await.expect(200).body.contains("Compléter depuis"));

    let page = look_up(&mut ada, &id, "999 912 348 00011").await;
    let now = answers(&page);
    assert_eq!(now["name"], "GUINDEAU LOGICIELS");
    assert_eq!((&now["legal_form"], &now["naf"]), (&json!("SAS"), &json!("62.01Z")));
    assert_eq!((&now["created"], &now["rcs_date"]), (&json!("2016-03-14"), &json!("2016-03-21")));
    assert_eq!(now["address"], "12 RUE DU PALAN 69100");
    assert_eq!(now["city"], "Lyon", "what was typed stays");
    assert_eq!(now["siret"], "999 912 348 00011", "and what was typed with the button is saved");
    for words in [
        "Le registre public a répondu.",
        "Rempli depuis le registre",
        "Le registre dit autre chose que vous",
        "cet établissement est fermé (le 31 janvier 2026)",
        "Cela n’empêche ni de remplir ni de déposer",
        "Registre public, relevé le",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert_eq!(page.body.matches("Reprendre cette valeur").count(), 1, "the town alone differs");
    let english = ada.get(&format!("/en/dossiers/{id}/edit/applicant")).await.expect(200).body;
    assert!(english.contains("Public register, read on") && english.contains("Use this value"), "{english}");

    // A value that the page did not show is not taken.
    let other = [("take", "applicant.city"), ("offered.applicant.city", "PARIS")];
    assert_eq!(answers(&press(&mut ada, &id, &other).await)["city"], "Lyon");
    let shown = [("take", "applicant.city"), ("offered.applicant.city", "VILLEURBANNE")];
    let page = press(&mut ada, &id, &shown).await;
    assert_eq!(answers(&page)["city"], "VILLEURBANNE");
    assert!(!page.body.contains("Reprendre cette valeur"));

    // Another number: what the register said of the first one is no longer about this company.
    let page = press(&mut ada, &id, &[("section", "applicant"), ("applicant.siret", "12")]).await;
    assert!(page.body.contains("Indiquez d’abord un SIRET valable") && !page.body.contains("relevé le"));

    let id = id.parse().unwrap();
    let store = installation().0.store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let kinds = journal::kinds_of_dossier(&mut db, id).await.unwrap();
    assert_eq!(kinds, ["dossier_created", "company_looked_up"]);
    assert!(installation().1.agents().iter().all(|agent| agent.starts_with("guichet/") && agent.contains("https://")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_that_is_of_no_use_blocks_nothing() {
    let mut ada = applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    for (siret, words) in [
        (ABSENT, "ne montre aucun établissement avec ce SIRET"),
        (FAILING, "Le registre public ne répond pas."),
        (BUSY, "reçoit trop de demandes"),
        (NO_JSON, "n’est pas compréhensible"),
        (HUGE, "n’est pas compréhensible"),
        (REDIRECTING, "n’est pas compréhensible"),
        (SLOW, "n’a pas répondu à temps"),
    ] {
        let page = look_up(&mut ada, &id, siret).await;
        assert!(page.body.contains(words), "{siret}: {}", page.body);
        assert_eq!(answers(&page), json!({ "siret": siret }), "the number is saved, and nothing is filled in");
    }
    let mut eve = applicant().await;
    eve.get("/dossiers").await.expect(200);
    eve.post(&format!("/dossiers/{id}/company-register"), &[("section", "applicant")]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_serves_everybody_for_a_day() {
    let (mut ada, mut bob, mut eve) = (applicant().await, applicant().await, applicant().await);
    let first = Timestamp::now() - SignedDuration::from_hours(30);
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let taken = |at: Timestamp| format!("relevé le {}", show_day(at.to_zoned_datetime(paris.clone()).date()).fr);
    let drafts = [
        sample::draft(&mut ada, "demonstration", &json!({})).await,
        sample::draft(&mut bob, "demonstration", &json!({})).await,
        sample::draft(&mut eve, "demonstration", &json!({})).await,
    ];
    let later = |seconds| first + SignedDuration::from_secs(seconds);
    for (actor, id, at) in
        [(&mut ada, &drafts[0], first), (&mut bob, &drafts[1], later(43_200)), (&mut eve, &drafts[2], later(86_399))]
    {
        actor.when(&at.to_string());
        let page = look_up(actor, id, ASKED_ONCE).await;
        assert_eq!(answers(&page)["name"], "BITTES ET BOLLARDS");
        assert!(page.body.contains(&taken(first)), "the day of the answer, not of the look-up: {}", page.body);
        assert_eq!(installation().1.asked(ASKED_ONCE), 1);
    }
    ada.when(&later(86_401).to_string());
    assert!(look_up(&mut ada, &drafts[0], ASKED_ONCE).await.body.contains(&taken(later(86_401))));
    assert_eq!(installation().1.asked(ASKED_ONCE), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_officer_sees_source_date_and_warnings() {
    let mut ada = applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    assert!(look_up(&mut ada, &id, SAMPLE).await.body.contains("Aucune réponse n’était à remplir."));
    sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::at(&installation().0);
    officer.sign_in("instruction@exemple.fr").await;
    let page = officer.get(&format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}")).await.expect(200).body;
    // Name, legal form, activity, address, town, two days; and the box.
    assert_eq!(page.matches("Registre public, relevé le").count(), 8, "{page}");
    assert!(page.contains("cet établissement est fermé") && page.contains("Rien de ce que dit le registre"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_told_what_was_found() {
    let mut program = Actor::at(&installation().0);
    program.bear(&installation().0.token("applicant_token"));
    let document = json!({ "applicant": { "siret": CEASED, "name": "Cabestans" } });
    let body = json!({ "call": sample::CALL, "round": "demonstration", "document": document });
    let id = program.json(Method::POST, "/api/v1/dossiers", &body).await.expect(201).json()["id"].clone();
    let path = format!("/api/v1/dossiers/{}/company-register", id.as_str().unwrap());
    let done = program.json(Method::POST, &path, &json!({})).await.expect(200);
    let tag = done.headers["etag"].to_str().unwrap().to_owned();
    let done = done.json();
    assert_eq!((&done["outcome"], tag), (&json!("found"), format!("\"{}\"", done["revision"])));
    assert_eq!(done["filled"].as_array().unwrap().len(), 6);
    assert_eq!(
        done["values"][0],
        json!({ "path": "applicant.name", "value": "LES CABESTANS DU PONANT", "same": false })
    );
    let codes: Vec<&Json> = done["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["company_closed", "insolvency"]);
    let path = format!("/api/v1/dossiers/{}/document", id.as_str().unwrap());
    let now = program.get(&path).await.expect(200).json();
    assert_eq!((&now["applicant"]["name"], &now["applicant"]["legal_form"]), (&json!("Cabestans"), &json!("SAS")));
}

#[tokio::test]
async fn the_demonstration_asks_its_own_stand_in() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({})).await;
    let page = look_up(&mut ada, &id, SAMPLE).await;
    assert_eq!(answers(&page)["name"], "GUINDEAU LOGICIELS");
    let (Ok(told) | Err(told)) = ada.at.try_command(&["doctor"]).await;
    assert!(told.contains("The company register at http://127.0.0.1:"), "{told}");
}

#[tokio::test]
async fn a_call_that_takes_nothing_from_the_register_has_no_button() {
    let mut ada = Actor::applicant().await;
    let attempt = uuid::Uuid::now_v7().to_string();
    let begun = ada.post("/calls/petit-pas/rounds/spring/dossiers", &[("attempt", &attempt)]).await.expect(303);
    let id = begun.location().split('/').nth(2).unwrap().to_owned();
    assert!(!ada.get(begun.location()).await.expect(200).body.contains("company-register"));
    ada.post(&format!("/dossiers/{id}/company-register"), &[("section", "who")]).await.expect(404);
}

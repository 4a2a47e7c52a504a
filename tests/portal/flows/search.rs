//! Officers find deposits by what they say, as soon as they are deposited, and by nothing that they do not say.

use crate::harness::{
    Actor, Installation,
    actor::encode,
    installation::{guichet, source, wait_for_async, wait_within},
    sample,
};
use guichet::testing::{domain::ids::DossierId, store::Freshness};
use reqwest::Method;
use serde_json::{Value as Json, json};
use sqlx::Row;
use std::{
    fs::File,
    process::{Command, Stdio},
    time::Duration,
};

const LIST: &str = "/calls/hyper-open-x/rounds/demonstration/dossiers";
/// Time for a file to be read while other tests keep the machine busy.
const TEXT_TIMEOUT: Duration = Duration::from_secs(60);

/// A word that no other dossier has.
fn word() -> String {
    let hex = uuid::Uuid::now_v7().simple().to_string();
    hex.chars().map(|digit| char::from(b'a' + u8::try_from(digit.to_digit(16).unwrap()).unwrap())).collect()
}

/// The list of what a search finds.
async fn search(officer: &mut Actor, query: &str) -> String {
    officer.get(&format!("{LIST}?q={}", encode(query))).await.expect(200).body
}

async fn finds(officer: &mut Actor, query: &str, number: &str) -> bool {
    search(officer, query).await.contains(&format!("/receipts/{number}"))
}

/// Text that the sample does not have, behind the one that it has.
fn add(answers: &mut Json, path: &str, text: &str) {
    let (section, field) = path.split_once('.').unwrap();
    let whole = format!("{}\n\n{text}", answers[section][field].as_str().unwrap());
    sample::set(answers, path, json!(whole));
}

async fn change(actor: &mut Actor, id: &str, path: &str, was: &str, value: &str) {
    let changes = json!({ "changes": [{ "path": path, "was": was, "value": value }] });
    actor.json(Method::POST, &format!("/dossiers/{id}/fields"), &changes).await.expect(200);
}

/// The events of a dossier that say that extracts were read.
async fn extracts_read(id: &str) -> usize {
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let found: Vec<String> =
        sqlx::query_scalar("select data from event where dossier_id = ? and kind = 'deposit_read'")
            .bind(id.parse::<DossierId>().unwrap())
            .fetch_all(&mut *db)
            .await
            .unwrap();
    found.iter().filter(|data| serde_json::from_str::<Json>(data).unwrap()["extract"] == true).count()
}

#[tokio::test]
async fn a_deposit_is_found_by_every_word_that_it_says() {
    let mark = word();
    let mut ada = Actor::applicant().await;
    let mut dossier = sample::sample(sample::today());
    let title = format!("Au Cœur de l’atelier {mark}");
    sample::set(&mut dossier.answers, "project.title", json!(title));
    add(
        &mut dossier.answers,
        "project.lock",
        "Nos entreprises innovantes écrivent en C++ et sous .NET ; une IA déploie les réseaux d’énergie.",
    );
    let id = sample::draft(&mut ada, "demonstration", &dossier.answers).await;
    sample::attach_all(&mut ada, &id, &dossier).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::officer().await;
    // Its number needs no index.
    assert!(finds(&mut officer, &number, &number).await);
    wait_for_async("the index", async || finds(&mut officer, &mark, &number).await).await;

    for words in [
        "coeur",
        "CŒUR",
        "cœurs",
        "entreprise",
        "innovation",
        "energie",
        "e\u{301}nergies",
        "IA",
        "c++",
        ".NET",
        "déploiement",
        "deploiement",
        "reseau",
        "l'atelier",
        "l’atelier",
        "999 912 348 00011",
        "99991234800011",
        "999912348",
        "Sōzu",
        "sozu",
        "P7-kbis",
        "coeur atelier entreprise energie reseau IA réseaux c++",
        "-coeur",
        "\"réseaux entreprise\"",
        "+atelier* (coeur)",
    ] {
        assert!(finds(&mut officer, &format!("{mark} {words}"), &number).await, "{words}");
    }
    for words in [
        "cheval",
        "coeur atelier entreprise energie reseau cheval",
        "C#",
        "atel",
        "999912349",
        "-cheval",
        "~cheval",
        "coeur|cheval",
        "2024-999999",
    ] {
        assert!(!finds(&mut officer, &format!("{mark} {words}"), &number).await, "{words}");
    }
    assert!(search(&mut officer, "++ %_").await.contains("Aucun dépôt ne correspond."));
    let page = search(&mut officer, &format!("{mark} cheval")).await;
    assert!(page.contains("La recherche ne lit pas les images"), "{page}");
    let many = (0..40).map(|number| format!("mot{number}")).collect::<Vec<_>>().join(" ");
    let refused = officer.get(&format!("{LIST}?q={}", encode(&many))).await.expect(422).body;
    assert!(refused.contains("Chaque mot d’une recherche compte"), "{refused}");

    // Where it stands is shown, escaped, and recorded.
    let page = search(&mut officer, &format!("{mark} coeur")).await;
    assert!(page.contains("<mark>Cœur</mark>") && page.contains(&format!("<mark>{mark}</mark>")), "{page}");
    wait_for_async("the record of the extract", async || extracts_read(&id).await > 0).await;
    let csv = officer.get(&format!("{LIST}.csv?q={}", encode(&mark))).await.expect(200).body;
    assert_eq!(csv.lines().count(), 2, "the export has what the list has: {csv}");

    // What was replaced is not found, nor what was withdrawn.
    change(&mut ada, &id, "project.title", &title, "Un autre titre").await;
    let second = sample::deposit(&mut ada, &id).await;
    wait_for_async("the new index", async || finds(&mut officer, "autre titre", &second).await).await;
    assert!(!finds(&mut officer, &mark, &second).await);
    sample::withdraw(&mut ada, &id).await.expect(303);
    assert!(!finds(&mut officer, "autre titre", &second).await);
}

#[tokio::test]
async fn a_deposit_is_found_by_the_text_of_its_files() {
    let mark = word();
    let mut ada = Actor::applicant().await;
    let mut dossier = sample::sample(sample::today());
    sample::set(&mut dossier.answers, "project.title", json!(mark));
    let id = sample::draft(&mut ada, "demonstration", &dossier.answers).await;
    sample::attach_all(&mut ada, &id, &dossier).await;
    let without_text = sample::varied(&sample::long_pdf(1000));
    let path = format!("/dossiers/{id}/pieces/P7");
    ada.upload(&path, "P7.pdf", &sample::today().to_string(), &without_text).await.expect(303);
    let number = sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::officer().await;
    // "SPÉCIMEN – document fictif, sans valeur" stands in the PDF alone.
    let words = format!("{mark} specimens fictifs");
    wait_within(TEXT_TIMEOUT, "the text of the files", async || finds(&mut officer, &words, &number).await).await;
    assert!(!finds(&mut officer, &format!("{words} cheval"), &number).await);
    wait_within(TEXT_TIMEOUT, "the texts of all files but one", async || {
        search(&mut officer, &mark).await.contains("Le texte d’une pièce de ces dépôts n’est pas indexé")
    })
    .await;
    // Of words that only a file has, the extract is the file's.
    let page = search(&mut officer, &format!("{number} fictifs")).await;
    assert!(page.contains("SPÉCIMEN – document <mark>fictif</mark>"), "{page}");
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let states: Vec<String> = sqlx::query_scalar(
        "select t.state from deposit_piece q join piece_text t on t.sha256 = q.sha256 where q.dossier_id = ?",
    )
    .bind(id.parse::<DossierId>().unwrap())
    .fetch_all(&mut *db)
    .await
    .unwrap();
    assert!(!states.is_empty() && states.iter().any(|state| state == "indexed"), "{states:?}");
}

/// What `guichet file-text` writes of a file, and whether it succeeds.
fn file_text(file: &std::path::Path) -> (String, bool) {
    let program = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("pdftotext"))
        .find(|program| program.is_file())
        .expect("pdftotext is installed by scripts/setup");
    let mut command = Command::new(guichet());
    command.arg("file-text").arg(program).stdin(File::open(file).unwrap()).stderr(Stdio::null());
    let done = command.output().unwrap();
    (String::from_utf8(done.stdout).unwrap(), done.status.success())
}

#[test]
fn the_text_of_a_pdf_is_read_within_limits_and_other_files_have_none() {
    let (text, read) = file_text(&source("docs/samples/hyper-open-x/P7-kbis.pdf"));
    assert!(read && text.contains("SPÉCIMEN – document fictif"), "{text}");
    let (text, read) = file_text(&source("docs/samples/hyper-open-x/dossier.toml"));
    assert!(!read && text.is_empty(), "{text}");
}

#[tokio::test]
async fn a_search_uses_the_index_of_words() {
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let plan = sqlx::query(
        "explain select deposit.dossier_id from deposit where call_id = 'hyper-open-x' and round_id = 'demonstration' and standing
         and (deposit.dossier_id, deposit.version) in (select t.dossier_id, t.version from search_text t
                                                       where match (t.stems) against ('+xabc' in boolean mode))",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let keys: Vec<Option<String>> = plan.iter().map(|row| row.get("key")).collect();
    assert_eq!(keys[0].as_deref(), Some("search_text_stems"), "the words come first: {keys:?}");
    assert_eq!(keys[1].as_deref(), Some("PRIMARY"), "then each deposit by its key: {keys:?}");
}

//! What is known of a file holds for every dossier that it comes to, and in every process.

use super::{SCAN_TIMEOUT, as_program, attach, count, infected, piece, sha256, until_all};
use crate::harness::{Actor, Installation, clamd::FAKE_VIRUS_NAME, installation::wait_within, sample};
use guichet::testing::store::Freshness;
use reqwest::Method;

/// State and text of a file in the search, if it has a row there.
async fn text_of(at: &Installation, sha256: &str) -> Option<(String, Option<String>)> {
    let store = at.store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    sqlx::query_as("select state, body from piece_text where sha256 = ?")
        .bind(sha256)
        .fetch_optional(&mut *db)
        .await
        .unwrap()
}

/// Waits until the search has read a file, and has a text of it.
pub async fn until_text_is_known(at: &Installation, sha256: &str) {
    wait_within(SCAN_TIMEOUT, "the text of a clean file", async || {
        text_of(at, sha256).await.is_some_and(|(state, text)| state == "indexed" && text.is_some())
    })
    .await;
}

/// Waits until the search knows that a file is infected, and has no text of it.
pub async fn until_text_is_removed(at: &Installation, sha256: &str) {
    wait_within(SCAN_TIMEOUT, "no text of an infected file", async || {
        text_of(at, sha256).await == Some(("infected".into(), None))
    })
    .await;
}

/// A draft that goes on in another round brings its files: what is known of them is told, and what was never scanned is
/// queued.
pub async fn carried_over_files_are_scanned(at: &'static Installation) {
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let mut then = Actor::at(at);
    then.when("2024-07-31T22:30:00+02:00");
    then.sign_in(&email).await;
    let id = sample::draft(&mut then, "2024", &serde_json::json!({})).await;
    attach(&mut then, &id, "P7", &infected()).await;
    let forgotten = sample::varied(&sample::piece("P7-kbis.pdf"));
    attach(&mut then, &id, "P8", &forgotten).await;
    until_all(at, &id, "clean", Some(("P7", "infected"))).await;
    // As if it had been attached before there was a scanner.
    let store = at.store();
    let mut db = store.write().await.unwrap();
    sqlx::query("delete from scan where sha256 = ?").bind(sha256(&forgotten)).execute(&mut *db).await.unwrap();

    let mut ada = Actor::at(at);
    ada.sign_in(&email).await;
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let fields = [("attempt", page.hidden("attempt")), ("round", page.hidden("round"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let place = ada.post(&format!("/dossiers/{id}/carry-over"), &fields).await.expect(303).location().to_owned();
    let fresh = place.split(['/', '?']).nth(2).unwrap();
    assert_eq!(count(at, fresh, "piece_infected").await, 1);
    until_all(at, fresh, "clean", Some(("P7", "infected"))).await;
}

#[tokio::test]
async fn what_was_found_infected_stays_closed_in_a_process_without_a_scanner() {
    let mut ada = Actor::applicant().await;
    let at = ada.at;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let found = sample::varied(&sample::piece("P7-kbis.pdf"));
    attach(&mut ada, &id, "P7", &found).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::officer().await;
    officer.get(&piece(&number, "P7")).await.expect(200);

    // Another process has a scanner, or this one had it yesterday.
    let store = at.store();
    let mut db = store.write().await.unwrap();
    sqlx::query(
        "insert into scan (sha256, state, signature, scanner, scanned_at, queued_at, attempts)
         values (?, 'infected', ?, 'ClamAV', utc_timestamp(6), utc_timestamp(6), 0)",
    )
    .bind(sha256(&found))
    .bind(FAKE_VIRUS_NAME)
    .execute(&mut *db)
    .await
    .unwrap();
    let refused = as_program(&mut officer, &piece(&number, "P7")).await.expect(403).json();
    assert_eq!(refused["code"], "piece_infected");
    let dossier = format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}");
    let page = officer.get(&dossier).await.expect(200).body;
    assert!(!page.contains("/pieces/P7\"") && page.contains("/pieces/P8\""), "{page}");
    officer.post(&format!("{}/open", piece(&number, "P7")), &[]).await.expect(403);
    officer.get(&piece(&number, "P8")).await.expect(200);
    for path in [format!("/dossiers/{id}"), format!("/receipts/{number}")] {
        let page = ada.get(&path).await.expect(200).body;
        assert!(page.contains("virus détecté") && page.contains(FAKE_VIRUS_NAME), "{page}");
        let others = ["aucun virus trouvé", "analyse antivirus en attente"];
        assert!(others.iter().all(|words| !page.contains(words)), "nothing is said of the others: {page}");
    }
    for path in [format!("/dossiers/{id}/pieces/P7"), piece(&number, "P7")] {
        let sent = ada.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(sent.bytes().await.unwrap(), found, "{path}");
    }
    assert_eq!(count(at, &id, "piece_infected").await, 0);
    attach(&mut ada, &id, "P9", &found).await;
    assert_eq!(count(at, &id, "piece_infected").await, 1, "attached again, it is told");
}

//! Attached files and the virus scanner: nobody waits for it, and what it withholds is opened by nobody else.

mod known;

use super::{delegation::in_days, experts};
use crate::browser::{
    accessibility::{axe, violations},
    window::{Script, Window},
};
use crate::harness::{
    Actor, Answer, Installation,
    clamd::{Clamd, FAKE_VIRUS, FAKE_VIRUS_NAME, ScanAnswer, ScannerStandIn},
    installation::{wait_for_async, wait_within},
    sample,
};
use guichet::testing::{domain::ids::DossierId, store::Freshness};
use reqwest::Method;
use std::{collections::BTreeMap, path::Path, time::Duration};

/// Time for a scanner that came back to be noticed, and its files to be scanned.
const SCAN_TIMEOUT: Duration = Duration::from_secs(60);

/// An installation of one test, with this `[scan]` section.
fn portal(section: &Path) -> &'static Installation {
    Installation::start_with(None, &["--scan", section.to_str().unwrap()]).for_this_test()
}

async fn somebody(at: &'static Installation, role: Option<&str>) -> Actor {
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    if let Some(role) = role {
        at.command(&["access", "give", &email, "--role", role, "--until", &in_days(7)]).await;
    }
    let mut actor = Actor::at(at);
    actor.sign_in(&email).await;
    actor
}

/// A piece of the sample with the string that the test's base of signatures has.
fn infected() -> Vec<u8> {
    [sample::piece("P7-kbis.pdf"), format!("\n%{FAKE_VIRUS}\n").into_bytes()].concat()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

async fn attach(actor: &mut Actor, id: &str, code: &str, bytes: &[u8]) {
    let path = format!("/dossiers/{id}/pieces/{code}");
    actor.upload(&path, &format!("{code}.pdf"), &sample::today().to_string(), bytes).await.expect(303);
}

/// The states of the files of a draft, by the code of their piece.
async fn states(at: &Installation, id: &str) -> BTreeMap<String, String> {
    let store = at.store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(
        "select p.code, s.state from piece p left join scan s on s.sha256 = p.sha256 where p.dossier_id = ?",
    )
    .bind(id.parse::<DossierId>().unwrap())
    .fetch_all(&mut *db)
    .await
    .unwrap();
    rows.into_iter().map(|(code, state)| (code, state.unwrap_or_else(|| "unknown".into()))).collect()
}

/// Waits until every file of a draft has a state; `other` names a piece that has another one.
async fn until_all(at: &Installation, id: &str, state: &str, other: Option<(&str, &str)>) {
    let mut last = BTreeMap::new();
    wait_within(SCAN_TIMEOUT, &format!("every file to be {state}"), async || {
        last = states(at, id).await;
        let wanted = |code: &str| other.filter(|(named, _)| *named == code).map_or(state, |(_, state)| state);
        !last.is_empty() && last.iter().all(|(code, state)| state == wanted(code))
    })
    .await;
}

/// Kind and data of the events of a dossier.
async fn events(at: &Installation, id: &str) -> Vec<(String, serde_json::Value)> {
    let store = at.store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let rows: Vec<(String, String)> =
        sqlx::query_as("select kind, data from event where dossier_id = ? order by sequence")
            .bind(id.parse::<DossierId>().unwrap())
            .fetch_all(&mut *db)
            .await
            .unwrap();
    rows.into_iter().map(|(kind, data)| (kind, serde_json::from_str(&data).unwrap())).collect()
}

async fn count(at: &Installation, id: &str, kind: &str) -> usize {
    events(at, id).await.iter().filter(|(found, _)| found == kind).count()
}

/// What a program gets, which reads problems.
async fn as_program(actor: &mut Actor, path: &str) -> Answer {
    let request = actor.request(Method::GET, path).header("accept", "application/json");
    actor.send(request).await.unwrap()
}

fn piece(number: &str, code: &str) -> String {
    format!("/receipts/{number}/pieces/{code}")
}

async fn ops(at: &Installation, path: &str) -> String {
    let ops = at.access()["instance_ops"][0].as_str().unwrap().to_owned();
    reqwest::get(format!("{ops}{path}")).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_infected_file_is_deposited_with_a_receipt_and_opened_by_its_owner_alone() {
    let clamd = Clamd::start().await;
    let at = portal(&clamd.section());
    let mut ada = somebody(at, None).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    attach(&mut ada, &id, "P7", &infected()).await;
    let number = sample::deposit(&mut ada, &id).await;
    until_all(at, &id, "clean", Some(("P7", "infected"))).await;
    wait_for_async("the event", async || count(at, &id, "piece_infected").await == 1).await;
    let told = events(at, &id).await;
    let (_, data) = told.iter().find(|(kind, _)| kind == "piece_infected").unwrap();
    assert_eq!((&data["code"], &data["signature"]), (&"P7".into(), &FAKE_VIRUS_NAME.into()), "{data}");
    assert!(data["scanner"].as_str().unwrap().starts_with("ClamAV "), "{data}");

    // The text of the others is read, and not that one's.
    known::until_text_is_removed(at, &sha256(&infected())).await;
    known::until_text_is_known(at, &sha256(&sample::piece("P8-urssaf.pdf"))).await;

    // The owner sees which one, why, and what to do; and may open it.
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("virus détecté") && page.contains(FAKE_VIRUS_NAME), "{page}");
    assert!(page.contains("aucun virus trouvé") && page.contains("Remplacez-le"), "{page}");
    let english = ada.get(&format!("/en/dossiers/{id}")).await.expect(200).body;
    assert!(english.contains("virus found") && english.contains("Replace it"), "{english}");
    for path in [format!("/dossiers/{id}/pieces/P7"), piece(&number, "P7")] {
        let sent = ada.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(sent.status(), 200, "{path}");
        assert_eq!(sent.bytes().await.unwrap(), infected());
    }
    ada.get(&format!("/receipts/{number}")).await.expect(200);
    assert_eq!(ada.get(&format!("/receipts/{number}.json")).await.expect(200).json()["statement"]["version"], 1);

    // Officers are told, and refused; no warning opens it.
    let mut officer = somebody(at, Some("officer")).await;
    let dossier = format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}");
    let page = officer.get(&dossier).await.expect(200).body;
    assert!(page.contains("virus détecté") && page.contains("aucun virus trouvé"), "{page}");
    assert!(!page.contains("/pieces/P7\"") && page.contains("/pieces/P8\""), "{page}");
    let refused = officer.get(&piece(&number, "P7")).await.expect(403).body;
    assert!(refused.contains("virus détecté") && !refused.contains("Ouvrir quand même"), "{refused}");
    officer.post(&format!("{}/open", piece(&number, "P7")), &[]).await.expect(403);
    assert_eq!(as_program(&mut officer, &piece(&number, "P7")).await.expect(403).json()["code"], "piece_infected");
    officer.get(&piece(&number, "P8")).await.expect(200);

    // Those who read by need to know have marked copies of the others.
    let mut auditor = somebody(at, Some("auditor")).await;
    let mut expert = experts::of_demonstration_at(at, &id).await;
    experts::declare_none(&mut expert, &id).await;
    for reader in [&mut auditor, &mut expert] {
        reader.get(&piece(&number, "P7")).await.expect(403);
        let copy = reader.get(&piece(&number, "P8")).await.expect(200);
        assert_eq!(copy.headers["x-guichet-copy"], "marked");
        let page = reader.get(&format!("/receipts/{number}")).await.expect(200).body;
        assert!(page.contains("Ce fichier est retenu") && !page.contains("/pieces/P7\""), "{page}");
    }

    // A program of the owner sees the states.
    let mut program = Actor::at(at);
    program.bear(&at.token("applicant_token"));
    let own = sample::complete_by_api(&mut program, &sample::sample(sample::today())).await;
    until_all(at, &own, "clean", None).await;
    let path = format!("/api/v1/dossiers/{own}/document");
    let document = program.get(&path).await.expect(200).json();
    let request = program.request(Method::PUT, &path).header("if-match", "*").json(&document);
    let replaced = program.send(request).await.unwrap().expect(200).json();
    assert!(replaced["pieces"].as_array().unwrap().iter().all(|piece| piece["scan"] == "clean"), "{replaced}");

    // A clean file in its place is given out.
    attach(&mut ada, &id, "P7", &sample::varied(&sample::piece("P7-kbis.pdf"))).await;
    until_all(at, &id, "clean", None).await;
    let second = sample::deposit(&mut ada, &id).await;
    officer.get(&piece(&second, "P7")).await.expect(200);
    // The same infected file again is known already, and told.
    attach(&mut ada, &id, "P9", &infected()).await;
    assert_eq!(states(at, &id).await["P9"], "infected");
    assert_eq!(count(at, &id, "piece_infected").await, 2);

    known::carried_over_files_are_scanned(at).await;

    let page = ops(at, "/en").await;
    assert!(page.contains("ClamAV 1.") && page.contains("Infected, withheld"), "{page}");
    assert!(ops(at, "/metrics").await.contains("guichet_scan_files{state=\"infected\"} 1"));
    at.command(&["promise", "scan"]).await;
    let told = at.try_command(&["doctor"]).await.unwrap_err();
    assert!(told.contains("The virus scanner on unix:"), "{told}");
    assert!(told.contains("takes files of 26214400 bytes"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_scanner_the_portal_takes_deposits_and_warns_officers() {
    let mut clamd = Clamd::start().await;
    // Before the portal starts: the demonstration has the same files, and they would be scanned at once.
    clamd.kill();
    let at = portal(&clamd.section());
    let mut ada = somebody(at, None).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("analyse antivirus en attente"), "{page}");
    ada.get(&format!("/dossiers/{id}/pieces/P7")).await.expect(200);

    // An officer opens after the warning, and the journal has it.
    let mut officer = somebody(at, Some("officer")).await;
    let dossier = format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}");
    let page = officer.get(&dossier).await.expect(200).body;
    assert!(page.contains("analyse antivirus en attente") && page.contains("/pieces/P7\""), "{page}");
    let warning = officer.get(&piece(&number, "P7")).await.expect(403).body;
    assert!(warning.contains("Ouvrir quand même") && warning.contains("/pieces/P7/open"), "{warning}");
    let english = officer.get(&format!("/en{}", piece(&number, "P7"))).await.expect(403).body;
    assert!(english.contains("Open it nevertheless"), "{english}");
    assert_eq!(as_program(&mut officer, &piece(&number, "P7")).await.expect(403).json()["code"], "piece_not_scanned");
    let (axe, window) = (axe(), Window::open_at(Script::On, at).await);
    window.become_actor(&officer).await;
    for width in [1280, 320] {
        window.client.set_window_size(width, 800).await.unwrap();
        for path in [piece(&number, "P7"), format!("/en{}", piece(&number, "P7"))] {
            let found = violations(&window, &axe, &path).await;
            window.find(&format!("form[action$=\"{}/open\"]", piece(&number, "P7"))).await;
            assert!(found.is_empty(), "{width}: {}", found.join("\n"));
        }
    }
    window.close().await;
    assert_eq!(count(at, &id, "piece_read").await, 0, "a warning is no reading");
    officer.get(&piece(&number, "P7")).await.expect(403);
    let opened = officer.form(&format!("{}/open", piece(&number, "P7")), &[]).send().await.unwrap();
    assert_eq!(opened.status(), 200);
    assert_eq!(opened.bytes().await.unwrap(), sample::piece("P7-kbis.pdf"));
    wait_for_async("the reading to be in the journal", async || {
        let told = events(at, &id).await;
        told.iter().any(|(kind, data)| kind == "piece_read" && data["scan"] == "waiting" && data["code"] == "P7")
    })
    .await;

    // So does a guest.
    let email = format!("{}@cabinet.fr", uuid::Uuid::now_v7().simple());
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let until = in_days(7);
    let gift = [("email", email.as_str()), ("until", until.as_str()), ("part.piece:P9", "read")];
    ada.post(&format!("/dossiers/{id}/guests"), &gift).await.expect(303);
    let mut guest = Actor::at(at);
    guest.sign_in(&email).await;
    let draft = format!("/dossiers/{id}/pieces/P9");
    assert!(guest.get(&draft).await.expect(403).body.contains("Ouvrir quand même"));
    guest.post(&format!("{draft}/open"), &[]).await.expect(200);
    guest.post(&format!("/dossiers/{id}/pieces/P8/open"), &[]).await.expect(404);

    // Who reads by need to know waits.
    let mut auditor = somebody(at, Some("auditor")).await;
    let mut expert = experts::of_demonstration_at(at, &id).await;
    experts::declare_none(&mut expert, &id).await;
    for reader in [&mut auditor, &mut expert] {
        let refused = reader.get(&piece(&number, "P7")).await.expect(403).body;
        assert!(refused.contains("pas encore analysé") && !refused.contains("Ouvrir quand même"), "{refused}");
        reader.post(&format!("{}/open", piece(&number, "P7")), &[]).await.expect(403);
    }
    let told = at.try_command(&["promise", "scan"]).await.unwrap_err();
    assert!(told.contains("The virus scanner does not answer"), "{told}");
    let told = at.try_command(&["doctor"]).await.unwrap_err();
    assert!(told.contains("does not answer") && told.contains("scan.clamd"), "{told}");
    assert!(ops(at, "/metrics").await.contains("guichet_scan_up 0"));
    assert_eq!(states(at, &id).await.values().collect::<std::collections::BTreeSet<_>>().len(), 1, "all still wait");

    // Back again, it scans what has waited.
    clamd.run().await;
    until_all(at, &id, "clean", None).await;
    officer.get(&piece(&number, "P7")).await.expect(200);
    for reader in [&mut auditor, &mut expert] {
        assert_eq!(reader.get(&piece(&number, "P7")).await.expect(200).headers["x-guichet-copy"], "marked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_of_a_hostile_scanner_makes_a_file_clean() {
    let scanner = ScannerStandIn::start(ScanAnswer::Garbage, "ClamAV 1.4.6/1/Sun Nov 29 09:24:00 2026").await;
    let at = portal(&scanner.section());
    let mut ada = somebody(at, None).await;
    let id = sample::draft(&mut ada, "demonstration", &serde_json::json!({})).await;
    let sql = async |sql: &'static str| {
        let store = at.store();
        let mut db = store.write().await.unwrap();
        sqlx::query(sql).execute(&mut *db).await.unwrap();
    };
    let plain = sample::piece("P7-kbis.pdf");
    for answer in [
        ScanAnswer::Garbage,
        ScanAnswer::Endless,
        ScanAnswer::Unfinished,
        ScanAnswer::OtherQuestion,
        ScanAnswer::Silence,
        ScanAnswer::TooLong,
    ] {
        scanner.answer(answer);
        attach(&mut ada, &id, "P7", &sample::varied(&plain)).await;
        println!("{answer:?}");
        until_all(at, &id, "unscannable", None).await;
    }
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("analyse antivirus impossible") && !page.contains("aucun virus trouvé"), "{page}");
    let told = at.try_command(&["promise", "scan"]).await.unwrap_err();
    assert!(told.contains("could not scan"), "{told}");

    // Two processes, and no file twice.
    scanner.answer(ScanAnswer::Clean);
    sql("update scan set due_at = utc_timestamp(6)").await;
    let fresh: Vec<Vec<u8>> = ["P7", "P8", "P9", "P10"].map(|_| sample::varied(&plain)).to_vec();
    for (code, bytes) in ["P7", "P8", "P9", "P10"].iter().zip(&fresh) {
        attach(&mut ada, &id, code, bytes).await;
    }
    until_all(at, &id, "clean", None).await;
    let scans = scanner.scans();
    assert!(fresh.iter().all(|bytes| scans[&sha256(bytes)] == 1), "{scans:?}");

    // As if it had been deposited.
    let read = sha256(&fresh[0]);
    sql("insert ignore into piece_text (sha256, state, queued_at, attempts, due_at)
         select sha256, 'waiting', utc_timestamp(6), 0, utc_timestamp(6) from piece where code = 'P7'")
    .await;
    known::until_text_is_known(at, &read).await;

    // Another base finds what the first did not, and the third that there was nothing; the search follows.
    let gone = sha256(&fresh[3]);
    sample::remove_piece(&mut ada, &id, "P10").await.expect(303);
    for (version, answer, state, kind) in [
        ("ClamAV 1.4.6/2/Mon Nov 30 09:24:00 2026", ScanAnswer::Infected, "infected", "piece_infected"),
        ("ClamAV 1.4.6/3/Tue Dec  1 09:24:00 2026", ScanAnswer::Clean, "clean", "piece_cleared"),
    ] {
        scanner.answer(answer);
        sql("update scan set scanned_at = scanned_at - interval 2 hour").await;
        scanner.version(version);
        until_all(at, &id, state, None).await;
        assert_eq!(count(at, &id, kind).await, 3, "{kind}");
        match answer {
            ScanAnswer::Infected => known::until_text_is_removed(at, &read).await,
            _ => known::until_text_is_known(at, &read).await,
        }
    }
    assert_eq!(scanner.scans()[&gone], 1, "a file of no dossier is not scanned again");
    assert!(ops(at, "/").await.contains("ClamAV 1.4.6/3/"), "the operator sees which base");
}

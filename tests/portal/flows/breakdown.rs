//! Things break: each test has an installation of its own.

use crate::harness::{Actor, Answer, Installation, installation::wait_for_async, sample};
use std::process::Command;

pub fn kill(signal: &str, pid: u32) {
    let done = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

/// An installation that lives until the end of the test.
pub fn own() -> &'static Installation {
    Installation::start(None).for_this_test()
}

#[tokio::test]
async fn without_its_database_the_portal_says_so_and_recovers_with_everything() {
    let at = own();
    let mut ada = Actor::at(at);
    ada.sign_in("panne@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let attempt = ada.get(&format!("/dossiers/{id}")).await.expect(200).hidden("attempt");
    let pid = at.pids("mariadbd")[0];
    kill("-STOP", pid);
    let public = ada.get("/assets/style.css").await;
    assert_eq!(public.status, 200, "what needs no database is served");
    let began = std::time::Instant::now();
    let frozen = ada.get(&format!("/dossiers/{id}")).await;
    assert_eq!(frozen.status, 503, "{}", frozen.body);
    assert!(frozen.headers.contains_key("retry-after"));
    assert!(began.elapsed() < std::time::Duration::from_secs(40), "nobody waits for ever: {:?}", began.elapsed());
    kill("-CONT", pid);
    kill("-KILL", pid);
    let refused = ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await;
    assert!(matches!(refused.status.as_u16(), 303 | 502 | 503), "{}: {}", refused.status, refused.body);
    wait_for_async("the database to be started again", async || {
        ada.get(&format!("/dossiers/{id}")).await.status == 200
    })
    .await;
    let done = ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(303);
    let receipt = ada.get(&format!("{}.json", done.location())).await.expect(200).json();
    assert_eq!(receipt["statement"]["version"], 1, "never a double deposit");
}

#[tokio::test]
async fn a_killed_process_a_killed_proxy_and_a_second_start_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = Installation::start(Some(folder.path())).for_this_test();
    let mut ada = Actor::at(at);
    ada.sign_in("reprise@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    for name in ["serve", "edge", "sozu"] {
        kill("-KILL", at.pids(name)[0]);
        wait_for_async(name, async || {
            let request = ada.request(reqwest::Method::GET, &format!("/receipts/{number}"));
            matches!(ada.send(request).await, Ok(answer) if answer.status == 200)
        })
        .await;
    }
}

#[tokio::test]
async fn a_process_killed_between_commit_and_answer_loses_nothing() {
    let mut ada = Actor::at(own());
    ada.sign_in("reponse@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let attempt = ada.get(&format!("/dossiers/{id}")).await.hidden("attempt");
    let path = format!("/dossiers/{id}/deposits");
    ada.faulty(Some("die-after-commit"));
    let request = ada.form(&path, &[("attempt", &attempt)]);
    if let Ok(lost) = request.send().await {
        assert!(lost.status().is_server_error(), "the process died before it could answer: {}", lost.status());
    }
    ada.faulty(None);
    // Until Sōzu knows that the process is gone a retry may fall on it, too. Then the other process answers, with the
    // receipt of the deposit that was committed.
    let mut location = None;
    wait_for_async("the retry to be answered", async || {
        let retried = ada.post(&path, &[("attempt", &attempt)]).await;
        location = (!retried.status.is_server_error()).then(|| retried.expect(303).location().to_owned());
        location.is_some()
    })
    .await;
    let receipt = ada.get(&format!("{}.json", location.unwrap())).await.expect(200).json();
    assert_eq!(receipt["statement"]["version"], 1);
}

#[test]
fn a_second_start_finds_the_data_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = Installation::start(Some(folder.path()));
    let (ca, url) = (first.ca.clone(), first.url.clone());
    first.stop();
    let second = Installation::start(Some(folder.path()));
    assert_eq!(second.ca, ca, "the same certification authority");
    assert_eq!(second.url, url, "the same address");
    second.stop();
}

/// A disk of its own, so small that it can be filled: seen by the installation's processes alone.
fn small_disk(folder: &std::path::Path) -> &'static Installation {
    std::fs::create_dir_all(folder.join("mariadb")).unwrap();
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let mut program = Command::new("unshare");
    // Whoever is not root becomes it in a world of its own.
    if !nix::unistd::geteuid().is_root() {
        program.args(["--user", "--map-root-user"]);
    }
    let mount =
        "mount -t tmpfs -o size=160m,mode=700 tmpfs \"$1/mariadb\" && mkdir -p \"$1/data\" && shift && exec \"$@\"";
    program.args(["--mount", "sh", "-c", mount, "sh"]).arg(folder).arg(crate::harness::installation::guichet());
    Installation::start_by(&mut program, Some(folder), &[]).for_this_test()
}

/// Asks until the database is there.
async fn asked_again(actor: &mut Actor, path: &str) -> Answer {
    let mut found = None;
    wait_for_async(path, async || {
        let request = actor.request(reqwest::Method::GET, path);
        found = actor.send(request).await.ok().filter(|answer| answer.status == 200);
        found.is_some()
    })
    .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = small_disk(folder.path());
    let mut ada = Actor::at(at);
    ada.sign_in("pleine@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    // Through the eyes of a process that sees the small disk, and lives on when the database does not.
    let disk = format!("/proc/{}/root{}/mariadb", at.pids("supervisor")[0], folder.path().display());
    let filler = format!("{disk}/filler");
    let filled =
        Command::new("sh").arg("-c").arg(format!("cat /dev/zero > {filler} 2>/dev/null; sync -f {filler}")).status();
    assert!(filled.is_ok());
    let mut program = Actor::at(at);
    program.bear(&at.token("applicant_token"));
    let answers = sample::sample(sample::today()).answers;
    let body = serde_json::json!({ "call": sample::CALL, "round": "demonstration", "document": answers });
    let (mut told, mut created, mut cut, began) = (None, 0, 0, std::time::Instant::now());
    while told.is_none() && began.elapsed().as_secs() < 120 {
        match program.try_json(reqwest::Method::POST, "/api/v1/dossiers", &body).await {
            Ok(answer) if answer.status.is_server_error() => told = Some(answer),
            Ok(_) => created += 1,
            // A connection that is cut while the database goes down is no answer: the program asks again.
            Err(_) => cut += 1,
        }
    }
    eprintln!("{created} dossiers more, {cut} connections cut");
    let answer = told.expect("there is an end to the disk");
    eprintln!("a full disk: {} {}", answer.status, answer.body);
    assert!(matches!(answer.status.as_u16(), 503 | 507), "{}: {}", answer.status, answer.body);
    std::fs::remove_file(&filler).unwrap();
    // What the server could not write before may end it once more now that there is room: whoever is told so, or is cut off,
    // asks again, a depositor with the same attempt.
    wait_for_async("room to be made", async || {
        let was = &answers["project"]["title"];
        let changes = serde_json::json!({ "changes": [{ "path": "project.title", "was": was, "value": "Encore là" }] });
        let answer = ada.try_json(reqwest::Method::POST, &format!("/dossiers/{id}/fields"), &changes).await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    let receipt = asked_again(&mut ada, &format!("/receipts/{number}.json")).await.json();
    assert!(guichet::testing::domain::receipt::verify(&receipt, &[]).is_valid());
    let attempt = asked_again(&mut ada, &format!("/dossiers/{id}")).await.hidden("attempt");
    let mut next = String::new();
    wait_for_async("the next deposit", async || {
        let form = ada.form(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]);
        let Ok(answer) = ada.send(form).await else { return false };
        assert!(answer.status == 303 || answer.status.is_server_error(), "{}: {}", answer.status, answer.body);
        if answer.status == 303 {
            answer.location().rsplit('/').next().unwrap().clone_into(&mut next);
        }
        answer.status == 303
    })
    .await;
    let next = asked_again(&mut ada, &format!("/receipts/{next}.json")).await.json();
    assert_eq!(next["statement"]["sequence"].as_u64(), receipt["statement"]["sequence"].as_u64().map(|n| n + 1));
}

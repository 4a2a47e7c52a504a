//! Things break: each test has an installation of its own.

use crate::harness::{Actor, Installation, installation::wait_for_async, sample};
use std::process::Command;

pub fn kill(signal: &str, pid: u32) {
    let done = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

/// An installation that lives until the end of the run, so that actors may borrow it.
pub fn own() -> &'static Installation {
    Box::leak(Box::new(Installation::start(None)))
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
    let at: &'static Installation = Box::leak(Box::new(Installation::start(Some(folder.path()))));
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
    let lost = request.send().await.unwrap();
    assert!(lost.status().is_server_error(), "the process died before it could answer: {}", lost.status());
    ada.faulty(None);
    // The other process answers the retry, with the receipt of the deposit that was committed.
    let retried = ada.post(&path, &[("attempt", &attempt)]).await.expect(303);
    let receipt = ada.get(&format!("{}.json", retried.location())).await.expect(200).json();
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

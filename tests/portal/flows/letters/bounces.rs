//! Reports on the delivery, as the mail server passes them to `guichet admin bounce`.

use super::{BOUNCES, Post};
use crate::harness::{
    Actor, Installation, in_process,
    installation::{guichet, wait_for_async},
    sample,
};
use std::{path::Path, process::Stdio};
use tokio::io::AsyncWriteExt;

/// A report as Postfix writes it, to an address, on a mail with this Message-ID.
fn report(to: &str, message_id: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.exemple.fr\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"F00\"\r\n\r\n\
         --F00\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n\r\n\
         --F00\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.exemple.fr\r\n\r\n\
         Final-Recipient: rfc822; quelquun@exemple.fr\r\nAction: {action}\r\nStatus: {status}\r\n\r\n\
         --F00\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\n--F00--\r\n"
    )
}

/// Passes bytes to the command, as a mail server would, and returns its exit code and what it printed.
async fn pass(config: &Path, bytes: &[u8]) -> (i32, String) {
    let mut command = tokio::process::Command::new(guichet());
    command.args(["admin", "bounce", "--config"]).arg(config).env_remove("ORIGINAL_RECIPIENT");
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    // A report that is too long is not read to its end.
    input.write_all(bytes).await.ok();
    drop(input);
    let done = running.wait_with_output().await.unwrap();
    let printed = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap(), String::from_utf8(printed).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_report_on_a_letter_of_ours_marks_an_address_and_a_later_success_clears_it() {
    let post = Post::start(&[BOUNCES]).await;
    let config = in_process::config_file(post.folder.path());
    let ada = "ada@exemple.fr";
    post.send(ada).await;
    let mail = post.server.mail_for(ada).await;
    let (verp, id) = (mail.sender.as_str(), "<inconnu@exemple.fr>");
    let tag = verp.strip_prefix("b+").unwrap().split('@').next().unwrap();
    let ignored = async |bytes: &[u8], why: &str| {
        let (code, told) = pass(&config, bytes).await;
        assert!(code == 0 && told.contains("ignored") && told.contains(why), "{code}: {told}");
        assert_eq!((post.failing(ada).await, post.journal().await.len()), (None, 0));
    };

    // Strangers know the address of somebody, and how such an address is made.
    let (job, mac) = tag.split_once('.').unwrap();
    let other = if mac.starts_with('0') { '1' } else { '0' };
    for forged in [
        "b@rebonds.exemple.fr".to_owned(),
        ada.to_owned(),
        format!("b+{job}@rebonds.exemple.fr"),
        format!("b+{job}.{other}{}@rebonds.exemple.fr", &mac[1..]),
        format!("b+{}.{mac}@rebonds.exemple.fr", uuid::Uuid::now_v7().simple()),
    ] {
        ignored(report(&forged, id, "failed", "5.1.1").as_bytes(), "no mail of this portal").await;
    }
    ignored(report(verp, id, "failed", "inconnu").as_bytes(), "no status").await;
    ignored(report(verp, id, "relayed", "2.0.0").as_bytes(), "no status").await;
    ignored(b"Subject: Absence\r\n\r\nJe suis en conge.\r\n", "no report").await;
    ignored(b"", "no report").await;
    ignored("x".repeat(1_100_000).as_bytes(), "longer").await;

    // By the address of the report, and by the Message-ID of what it returns.
    let marked = |kind: &str, status: &str| Some((kind.to_owned(), status.to_owned()));
    let (code, told) = pass(&config, report(verp, id, "delayed", "4.4.1").as_bytes()).await;
    assert!(code == 0 && told.contains("temporary (4.4.1)"), "{code}: {told}");
    assert_eq!(post.failing(ada).await, marked("temporary", "4.4.1"));
    let by_id = report("postmaster@exemple.fr", &format!("<{tag}@localhost>"), "failed", "5.1.1");
    for _ in 0..2 {
        assert_eq!(pass(&config, by_id.as_bytes()).await.0, 0);
        assert_eq!(post.failing(ada).await, marked("permanent", "5.1.1"));
    }
    assert_eq!(post.failing("quelquun@exemple.fr").await, None, "whatever the report names");
    assert_eq!(post.journal().await, ["address_failed", "address_failed"]);
    // A delay that is reported late does not make it better.
    pass(&config, report(verp, id, "delayed", "4.4.1").as_bytes()).await;
    assert_eq!(post.failing(ada).await, marked("permanent", "5.1.1"));

    post.send(ada).await;
    assert_eq!(post.failing(ada).await, None);
    assert_eq!(post.journal().await, ["address_failed", "address_failed", "address_recovered"]);
    post.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_keeps_a_report_that_the_database_cannot_take() {
    let post = Post::start(&[BOUNCES]).await;
    let config = in_process::config_file(post.folder.path());
    post.send("ada@exemple.fr").await;
    let mail = post.server.mail_for("ada@exemple.fr").await;
    let Post { app, folder: _folder, server: _server, database } = post;
    app.store.close().await;
    database.stop().await.unwrap();
    let (code, told) = pass(&config, report(&mail.sender, "<x@y.fr>", "failed", "5.1.1").as_bytes()).await;
    assert_eq!(code, 75, "EX_TEMPFAIL: {told}");
}

/// The Message-ID of the latest mail to an address, in the mailbox of a demonstration.
fn latest_id(at: &Installation, email: &str) -> Option<String> {
    let entries = std::fs::read_dir(at.folder.join("mail")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    names.sort();
    let mails = names.iter().rev().filter_map(|path| std::fs::read(path).ok());
    let mails = mails.filter_map(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    mails.into_iter().find(|mail| mail["to"] == email).map(|mail| mail["message_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_failing_address_is_shown_to_the_operator_the_officer_and_the_person() {
    let at = Installation::shared();
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let mut ada = Actor::at(at);
    ada.sign_in(&email).await;
    assert!(!ada.get("/dossiers").await.expect(200).body.contains("Nos courriels ne vous parviennent pas"));
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let first = latest_id(at, &email).unwrap();
    sample::deposit(&mut ada, &id).await;
    wait_for_async("the letter on the deposit", async || latest_id(at, &email).unwrap() != first).await;
    // The job ends a moment after its mail is written, and would count as a success after the failure.
    let config = at.folder.join("guichet-1.toml");
    let bounced = report("b@exemple.fr", &latest_id(at, &email).unwrap(), "failed", "5.1.1");
    wait_for_async("the address to be failing", async || {
        assert_eq!(pass(&config, bounced.as_bytes()).await.0, 0);
        ada.get("/dossiers").await.expect(200).body.contains("Nos courriels ne vous parviennent pas")
    })
    .await;
    assert!(ada.get("/en/account").await.expect(200).body.contains("Our mails do not reach you"));

    let path = format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}");
    let mut officer = Actor::officer().await;
    let page = officer.get(&path).await.expect(200).body;
    assert!(page.contains("Adresse en échec") && page.contains("5.1.1"), "{page}");
    let (mut operator, own) = (Actor::at(at), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
    at.command(&["access", "give", &own, "--role", "operator"]).await;
    operator.sign_in(&own).await;
    let page = operator.get("/mails").await.expect(200).body;
    assert!(page.contains(&email) && page.contains("définitif"), "{page}");
    ada.get("/mails").await.expect(403);

    // The link of the next sign-in arrives, which ends the failure; the person is still told once.
    let mut again = Actor::at(at);
    again.sign_in(&email).await;
    wait_for_async("the end of the failure", async || {
        again.get("/dossiers").await.expect(200).body.contains("Un de nos courriels ne vous est pas parvenu")
    })
    .await;
    assert!(!officer.get(&path).await.expect(200).body.contains("Adresse en échec"));
    let mut third = Actor::at(at);
    third.sign_in(&email).await;
    let page = third.get("/dossiers").await.expect(200).body;
    assert!(!page.contains("ne vous est pas parvenu") && !page.contains("ne vous parviennent pas"), "{page}");
}

//! Deposits that are ready at the same moment are sealed in one transaction, and none harms another one (decision 26).

use super::breakdown::kill;
use crate::harness::{Actor, Installation, installation::wait_for_async, sample};
use guichet::testing::{
    domain::folder::FolderDossier,
    store::{Freshness, Store},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};
use sqlx::MySqlConnection;
use std::ops::DerefMut;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A request that is under way.
type Sent = JoinHandle<reqwest::Result<Response>>;

/// An installation with the program of an applicant.
async fn own(processes: &str) -> (&'static Installation, Store, Actor, FolderDossier) {
    let at = Installation::start_with(None, &["--processes", processes]).for_this_test();
    let mut program = Actor::at(at);
    program.bear(&at.token("applicant_token"));
    (at, at.store(), program, sample::sample(sample::today()))
}

/// A request to deposit, with its attempt.
struct Deposit {
    path: String,
    body: Json,
}

impl Deposit {
    fn of(dossier: &str) -> Self {
        Self { path: format!("/api/v1/dossiers/{dossier}/deposits"), body: json!({ "attempt": Uuid::now_v7() }) }
    }

    /// The same with the revision that its sender has seen.
    fn having_seen(dossier: &str, revision: u64) -> Self {
        let mut this = Self::of(dossier);
        this.body["revision"] = json!(revision);
        this
    }

    fn request(&self, program: &Actor) -> RequestBuilder {
        program.request(Method::POST, &self.path).json(&self.body)
    }
}

/// What the processes of an installation have counted.
async fn counted(at: &Installation, name: &str) -> usize {
    let mut sum = 0;
    for ops in at.access()["instance_ops"].as_array().unwrap() {
        let page = reqwest::get(format!("{}/metrics", ops.as_str().unwrap())).await.unwrap().text().await.unwrap();
        let values = page.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        sum += values.map(|value| value.parse::<usize>().unwrap()).sum::<usize>();
    }
    sum
}

/// Waits until a statement of the portal waits for a row.
async fn until_blocked(db: &mut MySqlConnection, statement: &str) {
    wait_for_async("a deposit to wait for a row", async || {
        let blocked: i64 = sqlx::query_scalar(
            "select count(*) from information_schema.processlist where info like ? and id <> connection_id()",
        )
        .bind(statement)
        .fetch_one(&mut *db)
        .await
        .unwrap();
        blocked > 0
    })
    .await;
}

/// Sends deposits while the head of the chain is locked, until `waiting` of them are in the queue. Returns them with the
/// lock.
async fn hold(
    at: &Installation,
    store: &Store,
    first: RequestBuilder,
    rest: Vec<RequestBuilder>,
    waiting: usize,
) -> (Vec<Sent>, impl DerefMut<Target = MySqlConnection>) {
    let (mut heads, mut look) = (store.begin().await.unwrap(), store.read(Freshness::OwnWrites).await.unwrap());
    sqlx::query("select 1 from chain for update").execute(&mut *heads).await.unwrap();
    let mut sent = vec![tokio::spawn(first.send())];
    until_blocked(&mut look, "%from chain%for update%").await;
    sent.extend(rest.into_iter().map(|request| tokio::spawn(request.send())));
    wait_for_async("deposits to wait", async || counted(at, "guichet_deposits_waiting").await >= waiting).await;
    (sent, heads)
}

async fn release(db: &mut MySqlConnection) {
    sqlx::query("rollback").execute(db).await.unwrap();
}

/// Holds deposits and lets them go.
async fn send(
    at: &Installation,
    store: &Store,
    first: RequestBuilder,
    rest: Vec<RequestBuilder>,
    waiting: usize,
) -> Vec<Sent> {
    let (sent, mut heads) = hold(at, store, first, rest, waiting).await;
    release(&mut heads).await;
    sent
}

async fn answer(sent: Sent) -> (u16, Json) {
    let response = sent.await.unwrap().unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

fn number(answer: &Json) -> &str {
    answer["receipt"].as_str().unwrap()
}

async fn drafts(program: &mut Actor, dossier: &FolderDossier, count: usize) -> Vec<String> {
    let mut drafts = Vec::new();
    for _ in 0..count {
        drafts.push(sample::complete_by_api(program, dossier).await);
    }
    drafts
}

#[tokio::test]
async fn deposits_that_wait_are_sealed_in_one_transaction_in_the_order_of_their_instants() {
    let (at, store, mut program, dossier) = own("1").await;
    let drafts = drafts(&mut program, &dossier, 16).await;
    let before = (counted(at, "guichet_deposits_total").await, counted(at, "guichet_deposit_transactions_total").await);
    // The last to be sent is the first to be received.
    let now = Timestamp::now();
    let requests = drafts.iter().enumerate().map(|(place, draft)| {
        let mut sender = program.another_window();
        let ahead = SignedDuration::from_secs(60 - i64::try_from(place).unwrap());
        sender.when(&(now + ahead).to_string());
        Deposit::of(draft).request(&sender)
    });
    let mut requests: Vec<RequestBuilder> = requests.collect();
    let first = requests.remove(0);
    let mut receipts = Vec::new();
    for sent in send(at, &store, first, requests, 15).await {
        let (status, body) = answer(sent).await;
        assert_eq!(status, 201, "{body}");
        receipts.push(number(&body).to_owned());
    }
    let mut chain = Vec::new();
    for receipt in &receipts {
        let file = program.get(&format!("/api/v1/receipts/{receipt}")).await.expect(200).json();
        let statement = &file["statement"];
        let instant = |name: &str| statement[name].as_str().unwrap().parse::<Timestamp>().unwrap();
        chain.push((statement["sequence"].as_u64().unwrap(), instant("received_at"), instant("sealed_at")));
    }
    let begin = chain[0].0;
    chain.sort();
    let sequences: Vec<u64> = chain.iter().map(|(sequence, ..)| *sequence).collect();
    assert_eq!(sequences, (begin..begin + 16).collect::<Vec<_>>(), "nothing is left out");
    assert!(chain[1..].is_sorted_by_key(|(_, received, _)| *received), "{chain:?}");
    assert!(chain.is_sorted_by_key(|(.., sealed)| *sealed), "{chain:?}");
    let after = (counted(at, "guichet_deposits_total").await, counted(at, "guichet_deposit_transactions_total").await);
    assert_eq!((after.0 - before.0, after.1 - before.1), (16, 2), "one that came first, and one for all that waited");
    at.command(&["admin", "chain"]).await;
}

#[tokio::test]
async fn what_fails_in_a_batch_harms_no_other_deposit() {
    let (at, store, mut program, dossier) = own("1").await;
    let drafts = drafts(&mut program, &dossier, 10).await;
    let body = json!({ "call": dossier.call, "round": dossier.round, "document": {}, "attempt": Uuid::now_v7() });
    let begun = program.json(Method::POST, "/api/v1/dossiers", &body).await.expect(201).json();
    let incomplete = begun["id"].as_str().unwrap();

    // A page of before, a draft with nothing in it, and one attempt sent twice.
    let twice = Deposit::of(&drafts[2]);
    let requests = vec![
        Deposit::having_seen(&drafts[1], 1).request(&program),
        Deposit::of(incomplete).request(&program),
        twice.request(&program),
        twice.request(&program.another_window()),
        Deposit::of(&drafts[3]).request(&program),
    ];
    let mut answers = Vec::new();
    for sent in send(at, &store, Deposit::of(&drafts[0]).request(&program), requests, 5).await {
        answers.push(answer(sent).await);
    }
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!([&statuses[..3], &statuses[5..]].concat(), [201, 409, 422, 201], "{answers:?}");
    let mut same = [statuses[3], statuses[4]];
    same.sort_unstable();
    assert_eq!(same, [200, 201], "{answers:?}");
    assert_eq!(number(&answers[3].1), number(&answers[4].1));

    // Somebody holds a dossier: only its own deposit waits.
    let mut holding = store.begin().await.unwrap();
    sqlx::query("select 1 from dossier where dossier_id = ? for update")
        .bind(drafts[4].parse::<Uuid>().unwrap())
        .execute(&mut *holding)
        .await
        .unwrap();
    let requests = vec![Deposit::of(&drafts[4]).request(&program), Deposit::of(&drafts[6]).request(&program)];
    let mut sent = send(at, &store, Deposit::of(&drafts[5]).request(&program), requests, 2).await.into_iter();
    let (first, held, other) = (sent.next().unwrap(), sent.next().unwrap(), sent.next().unwrap());
    assert_eq!((answer(first).await.0, answer(other).await.0), (201, 201));
    assert!(!held.is_finished(), "its dossier is still held");
    release(&mut holding).await;
    assert_eq!(answer(held).await.0, 201);

    // A fault of the program.
    let faulty = Deposit::of(&drafts[7]);
    let mut breaking = program.another_window();
    breaking.faulty(Some("panic-while-sealing"));
    let requests = vec![faulty.request(&breaking), Deposit::of(&drafts[8]).request(&program)];
    let mut sent = send(at, &store, Deposit::of(&drafts[9]).request(&program), requests, 2).await.into_iter();
    let (first, broken, other) = (sent.next().unwrap(), sent.next().unwrap(), sent.next().unwrap());
    assert_eq!((answer(first).await.0, answer(broken).await.0, answer(other).await.0), (201, 500, 201));
    assert_eq!(answer(tokio::spawn(faulty.request(&program).send())).await.0, 201, "nothing of it is left");
    at.command(&["admin", "chain"]).await;
}

/// Sends each attempt again until it is answered. Returns the receipts, and how many had been deposited before.
async fn retry(program: &mut Actor, deposits: &[Deposit], sent: Vec<Sent>) -> (Vec<String>, usize) {
    let (mut receipts, mut known) = (Vec::new(), 0);
    for (deposit, sent) in deposits.iter().zip(sent) {
        if let Some(done) = sent.await.unwrap().ok().filter(|response| response.status().is_success()) {
            receipts.push(number(&done.json().await.unwrap()).to_owned());
            continue;
        }
        wait_for_async("the attempt to be answered", async || {
            let request = deposit.request(program);
            let Ok(answer) = program.send(request).await else { return false };
            if !answer.status.is_success() {
                return false;
            }
            known += usize::from(answer.status == 200);
            receipts.push(number(&answer.json()).to_owned());
            true
        })
        .await;
    }
    (receipts, known)
}

/// The receipts that the database has are those that were answered: one for each attempt.
async fn expect_each_once(store: &Store, drafts: &[String], deposits: &[Deposit], receipts: &[String]) {
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let rows: Vec<(Uuid, Uuid, u32, String)> =
        sqlx::query_as("select dossier_id, attempt_id, version, receipt_number from deposit")
            .fetch_all(&mut *db)
            .await
            .unwrap();
    for ((draft, deposit), receipt) in drafts.iter().zip(deposits).zip(receipts) {
        let of_draft = rows.iter().filter(|row| row.0.to_string() == *draft);
        let of_draft: Vec<(Json, u32, &String)> =
            of_draft.map(|(_, attempt, version, receipt)| (json!(attempt), *version, receipt)).collect();
        assert_eq!(of_draft, [(deposit.body["attempt"].clone(), 1, receipt)]);
    }
}

#[tokio::test]
async fn a_process_that_is_killed_in_mid_batch_or_after_its_commit_loses_and_doubles_nothing() {
    let (at, store, mut program, dossier) = own("2").await;
    let drafts = drafts(&mut program, &dossier, 12).await;
    let deposits: Vec<Deposit> = drafts.iter().map(|draft| Deposit::of(draft)).collect();
    let request = |deposit: &Deposit| deposit.request(&program);

    // After the commit, before its answers. Each process seals one deposit, and the others wait.
    let mut dying = program.another_window();
    dying.faulty(Some("die-after-commit"));
    let mut requests: Vec<RequestBuilder> = deposits[1..6].iter().map(request).collect();
    requests[4] = deposits[5].request(&dying);
    let sent = send(at, &store, request(&deposits[0]), requests, 4).await;
    let (mut receipts, known) = retry(&mut program, &deposits[..6], sent).await;
    assert!(known > 0, "the deposit of the process that died was committed and not answered");
    wait_for_async("the process to be started again", async || {
        let mut ready = 0;
        for ops in at.access()["instance_ops"].as_array().unwrap() {
            let answer = reqwest::get(format!("{}/ready", ops.as_str().unwrap())).await;
            ready += usize::from(answer.is_ok_and(|answer| answer.status() == 200));
        }
        ready == 2
    })
    .await;

    // While its batch waits for the head of the chain.
    let requests: Vec<RequestBuilder> = deposits[7..].iter().map(|deposit| deposit.request(&program)).collect();
    let first = deposits[6].request(&program);
    let (sent, mut heads) = hold(at, &store, first, requests, 4).await;
    kill("-KILL", at.pids("serve")[0]);
    release(&mut heads).await;
    receipts.extend(retry(&mut program, &deposits[6..], sent).await.0);
    assert_eq!(receipts.len(), deposits.len());
    expect_each_once(&store, &drafts, &deposits, &receipts).await;
    at.command(&["admin", "chain"]).await;
}

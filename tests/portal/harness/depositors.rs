//! Many programs that repeatedly change their dossiers and deposit them through Sōzu, and record every acknowledged
//! receipt.

use super::{Actor, Installation, sample};
use guichet::testing::config::Host;
use reqwest::{Method, header};
use serde_json::{Value as Json, json};
use sqlx::{ConnectOptions, Connection, mysql::MySqlConnectOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Timeout of one request before the same attempt is sent again.
const PATIENCE: Duration = Duration::from_secs(20);

/// An acknowledged receipt, with its time.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub attempt: Uuid,
    pub receipt: String,
    pub at: Instant,
}

/// The results.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub acknowledged: Vec<Acknowledged>,
    /// Responses other than success, by status and code.
    pub refusals: BTreeMap<String, usize>,
}

/// The running programs.
pub struct Depositors {
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    clients: JoinSet<()>,
}

impl Depositors {
    /// Starts `count` of them.
    pub async fn start(at: &'static Installation, count: usize) -> Self {
        let (stop, ledger) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Ledger::default())));
        let mut clients = JoinSet::new();
        let dossier = sample::sample(sample::today());
        for _ in 0..count {
            let mut program = Actor::at(at);
            program.bear(&at.token("applicant_token"));
            let id = sample::complete_by_api(&mut program, &dossier).await;
            clients.spawn(work(program, id, dossier.answers.clone(), stop.clone(), ledger.clone()));
        }
        let this = Self { stop, ledger, clients };
        this.until_more(2 * count).await;
        this
    }

    /// Waits until `count` more receipts have been acknowledged.
    pub async fn until_more(&self, count: usize) {
        let goal = self.so_far() + count;
        let end = Instant::now() + Duration::from_secs(60);
        while self.so_far() < goal {
            let refusals = self.ledger.lock().unwrap().refusals.clone();
            assert!(Instant::now() < end, "no more deposits are acknowledged: {refusals:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn so_far(&self) -> usize {
        self.ledger.lock().unwrap().acknowledged.len()
    }

    /// Time of the first receipt acknowledged after a given time.
    pub fn first_after(&self, instant: Instant) -> Option<Instant> {
        let ledger = self.ledger.lock().unwrap();
        ledger.acknowledged.iter().map(|one| one.at).filter(|at| *at > instant).min()
    }

    /// Aborts the work.
    pub async fn abandon(mut self) -> Ledger {
        self.clients.shutdown().await;
        self.ledger.lock().unwrap().clone()
    }

    /// Ends the work: every attempt in progress is repeated until it is answered.
    pub async fn stop(mut self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        self.ledger.lock().unwrap().clone()
    }
}

async fn work(mut program: Actor, id: String, mut answers: Json, stop: Arc<AtomicBool>, ledger: Arc<Mutex<Ledger>>) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        sample::set(&mut answers, "project.title", json!(format!("Version {number}")));
        let (document, body) = (answers.clone(), json!({ "attempt": Uuid::now_v7() }));
        let path = format!("/api/v1/dossiers/{id}/document");
        until_done(&mut program, &ledger, |program| {
            program.request(Method::PUT, &path).header(header::IF_MATCH, "*").json(&document)
        })
        .await;
        let path = format!("/api/v1/dossiers/{id}/deposits");
        let done = until_done(&mut program, &ledger, |program| program.request(Method::POST, &path).json(&body)).await;
        let acknowledged = Acknowledged {
            attempt: body["attempt"].as_str().unwrap().parse().unwrap(),
            receipt: done["receipt"].as_str().unwrap().to_owned(),
            at: Instant::now(),
        };
        ledger.lock().unwrap().acknowledged.push(acknowledged);
    }
}

/// Sends the same request until it succeeds.
async fn until_done(
    program: &mut Actor,
    ledger: &Mutex<Ledger>,
    request: impl Fn(&Actor) -> reqwest::RequestBuilder,
) -> Json {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let wish = request(program).timeout(PATIENCE);
        let outcome = match program.send(wish).await {
            Ok(answer) if answer.status.is_success() => return answer.json(),
            Ok(answer) => {
                let code = serde_json::from_str(&answer.body).ok();
                let code = code.and_then(|body: Json| body["type"].as_str().map(str::to_owned)).unwrap_or_default();
                assert!(answer.status.is_server_error(), "{}: {}", answer.status, answer.body);
                format!("{} {code}", answer.status.as_u16())
            }
            Err(error) if error.is_timeout() => "timeout".into(),
            Err(error) => format!("{:?}", error.to_string().chars().take(40).collect::<String>()),
        };
        *ledger.lock().unwrap().refusals.entry(outcome).or_default() += 1;
        assert!(Instant::now() < end, "an attempt is not answered: {:?}", ledger.lock().unwrap().refusals);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the leader's database contains of what was acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub acknowledged: usize,
    pub missing: usize,
    pub duplicates: usize,
    /// The faults of the chain of receipts.
    pub chain: Vec<String>,
}

impl Ledger {
    /// Compares with what the leader contains now.
    pub async fn account(&self, at: &Installation, leader: &Host) -> Account {
        let options = MySqlConnectOptions::new()
            .host(&leader.name)
            .port(leader.port)
            .username("guichet")
            .password("secret")
            .database("guichet")
            .disable_statement_logging();
        let mut db = options.connect().await.unwrap();
        let rows: Vec<(Uuid, String)> =
            sqlx::query_as("select attempt_id, receipt_number from deposit").fetch_all(&mut db).await.unwrap();
        db.close().await.unwrap();
        let held: BTreeSet<(Uuid, &str)> = rows.iter().map(|(attempt, number)| (*attempt, number.as_str())).collect();
        let missing = self.acknowledged.iter().filter(|one| !held.contains(&(one.attempt, one.receipt.as_str())));
        let attempts: BTreeSet<Uuid> = rows.iter().map(|(attempt, _)| *attempt).collect();
        let numbers: BTreeSet<&str> = rows.iter().map(|(_, number)| number.as_str()).collect();
        let chain = at.try_command(&["admin", "chain"]).await;
        Account {
            acknowledged: self.acknowledged.len(),
            missing: missing.count(),
            duplicates: 2 * rows.len() - attempts.len() - numbers.len(),
            chain: chain.err().into_iter().collect(),
        }
    }
}

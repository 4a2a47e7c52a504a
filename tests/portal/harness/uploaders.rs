//! Programs that attach files and deposit, one dossier after the other, and remember what was acknowledged.

use super::{Actor, Installation, actor::encode, sample};
use guichet::testing::domain::folder::FolderDossier;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Timeout of one request before it is sent again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(55);
/// Longest time until a request has to be answered with success, all repetitions included.
const SUCCESS_TIMEOUT: Duration = Duration::from_secs(150);
/// Address of the account whose token the programs have.
pub const OWNER: &str = "ada@exemple.fr";

/// A file that was acknowledged.
#[derive(Clone, Debug)]
pub struct Attached {
    pub dossier: String,
    pub code: String,
    pub file: String,
    pub sha256: String,
}

/// The results.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub attached: Vec<Attached>,
    /// Receipts by their dossiers.
    pub receipts: BTreeMap<String, String>,
    /// Answers other than success, by status and code.
    pub refusals: BTreeMap<String, usize>,
    /// Longest time of an upload until its success, repetitions included.
    pub longest: Duration,
}

impl Ledger {
    /// Refusals that say that an attachment could not be stored now.
    pub fn refused(&self) -> usize {
        self.refusals.values().sum()
    }
}

/// The running programs.
pub struct Uploaders {
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    clients: JoinSet<()>,
}

/// The files of the sample, one of them longer than a block of Garage, one so short that it lies in the index.
pub struct Files(Vec<(String, String, String, Vec<u8>)>);

impl Files {
    pub fn of(dossier: &FolderDossier) -> Self {
        let long = |wanted: &str| match wanted {
            "P7" => 1_300_000,
            "P8" => 60_000,
            "P10" => 200_000,
            _ => 0,
        };
        let file = |wanted: &guichet::testing::domain::folder::FolderPiece| {
            let bytes = match long(&wanted.code) {
                0 => sample::piece(&wanted.file),
                bytes => sample::long_pdf(bytes),
            };
            let issued = wanted.issued.map(|day| day.to_string()).unwrap_or_default();
            (wanted.code.clone(), issued, wanted.file.clone(), bytes)
        };
        Self(dossier.pieces.iter().map(file).collect())
    }
}

impl Uploaders {
    /// Starts `count` of them.
    pub async fn start(at: &'static Installation, count: usize) -> Self {
        let (stop, ledger) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Ledger::default())));
        let mut clients = JoinSet::new();
        let dossier = Arc::new(sample::sample(sample::today()));
        let files = Arc::new(Files::of(&dossier));
        for _ in 0..count {
            let mut program = Actor::at(at);
            program.bear(&at.token("applicant_token"));
            clients.spawn(work(program, dossier.clone(), files.clone(), stop.clone(), ledger.clone()));
        }
        let mut this = Self { stop, ledger, clients };
        this.until_more(count).await;
        this
    }

    /// Waits until `count` more receipts have been acknowledged.
    pub async fn until_more(&mut self, count: usize) {
        let goal = self.so_far().receipts.len() + count;
        self.until("receipts", |ledger| ledger.receipts.len() >= goal).await;
    }

    /// Waits until `count` more attachments have been acknowledged.
    pub async fn until_attached(&mut self, count: usize) {
        let goal = self.so_far().attached.len() + count;
        self.until("attachments", |ledger| ledger.attached.len() >= goal).await;
    }

    /// Waits until the results are as told.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Ledger) -> bool) {
        let end = Instant::now() + SUCCESS_TIMEOUT;
        loop {
            let so_far = self.so_far();
            if condition(&so_far) {
                return;
            }
            if let Some(ended) = self.clients.try_join_next() {
                ended.unwrap();
            }
            assert!(Instant::now() < end, "no more {what}: refusals {:?}", so_far.refusals);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn so_far(&self) -> Ledger {
        self.ledger.lock().unwrap().clone()
    }

    /// Aborts the work.
    pub async fn abandon(mut self) -> Ledger {
        self.clients.shutdown().await;
        self.so_far()
    }

    /// Ends the work: what is under way is repeated until it is acknowledged.
    pub async fn stop(mut self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        self.so_far()
    }
}

async fn work(
    mut program: Actor,
    dossier: Arc<FolderDossier>,
    files: Arc<Files>,
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
) {
    while !stop.load(Ordering::Relaxed) {
        let body = json!({
            "call": dossier.call, "round": dossier.round, "document": dossier.answers, "attempt": Uuid::now_v7(),
        });
        let begun =
            until_done(&mut program, &ledger, |program| program.request(Method::POST, "/api/v1/dossiers").json(&body));
        let id = begun.await.0["id"].as_str().unwrap().to_owned();
        for (code, issued, file, bytes) in &files.0 {
            let bytes = sample::varied(bytes);
            let path = format!("/api/v1/dossiers/{id}/pieces/{code}?issued={issued}&name={}", encode(file));
            let sent = |program: &Actor| program.request(Method::PUT, &path).body(bytes.clone());
            let (_, took) = until_done(&mut program, &ledger, sent).await;
            let attached =
                Attached { dossier: id.clone(), code: code.clone(), file: file.clone(), sha256: sha256(&bytes) };
            let mut ledger = ledger.lock().unwrap();
            ledger.attached.push(attached);
            ledger.longest = ledger.longest.max(took);
        }
        let (path, body) = (format!("/api/v1/dossiers/{id}/deposits"), json!({ "attempt": Uuid::now_v7() }));
        let done = until_done(&mut program, &ledger, |program| program.request(Method::POST, &path).json(&body)).await;
        let receipt = done.0["receipt"].as_str().unwrap().to_owned();
        ledger.lock().unwrap().receipts.insert(id, receipt);
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// Sends the same request until it succeeds, and tells how long that took.
async fn until_done(
    program: &mut Actor,
    ledger: &Mutex<Ledger>,
    request: impl Fn(&Actor) -> reqwest::RequestBuilder,
) -> (Json, Duration) {
    let began = Instant::now();
    loop {
        let outcome = match program.send(request(program).timeout(REQUEST_TIMEOUT)).await {
            Ok(answer) if answer.status.is_success() => return (answer.json(), began.elapsed()),
            Ok(answer) => {
                let code = serde_json::from_str(&answer.body).ok();
                let code = code.and_then(|body: Json| body["code"].as_str().map(str::to_owned)).unwrap_or_default();
                assert!(answer.status.is_server_error(), "{}: {}", answer.status, answer.body);
                format!("{} {code}", answer.status.as_u16())
            }
            Err(error) if error.is_timeout() => "timeout".into(),
            Err(error) => error.to_string().chars().take(40).collect(),
        };
        *ledger.lock().unwrap().refusals.entry(outcome).or_default() += 1;
        let refusals = ledger.lock().unwrap().refusals.clone();
        assert!(began.elapsed() < SUCCESS_TIMEOUT, "a request does not succeed: {refusals:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

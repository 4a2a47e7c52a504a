//! What is measured.

use crate::{
    harness::{Actor, sample},
    measure::{Aims, Figures, Meter},
};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// The people and dossiers of the scenes.
pub struct World {
    officer: Actor,
    owner: Actor,
    program: Actor,
    nobody: Actor,
    drafts: Vec<String>,
    /// Dossiers read by the officer, drafts deposited, and files attached so far.
    read: AtomicUsize,
    sent: AtomicUsize,
    attached: AtomicUsize,
    one: String,
    deposited: Vec<String>,
}

const LIST: &str = "/calls/hyper-open-x/rounds/demonstration/dossiers";
/// Drafts made for the scenes of deposit: one request each.
const DRAFTS: usize = 400;
/// Every scene is run with each of these numbers of connections.
pub const RUNS: [usize; 2] = [1, 16];

impl World {
    /// Makes deposited dossiers, and drafts that only wait for their deposit.
    pub async fn build(deposited: usize) -> Self {
        let mut program = Actor::program("applicant_token");
        let dossier = sample::sample(sample::today());
        let mut deposits = Vec::new();
        for index in 0..deposited.saturating_sub(1) {
            let mut varied = dossier.clone();
            sample::set(&mut varied.answers, "applicant.name", json!(format!("Entreprise {index:03}")));
            let last = sample::complete_by_api(&mut program, &varied).await;
            let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
            program.json(Method::POST, &format!("/api/v1/dossiers/{last}/deposits"), &attempt).await.expect(201);
            deposits.push(last);
        }
        let mut drafts = Vec::new();
        for _ in 0..DRAFTS {
            drafts.push(sample::complete_by_api(&mut program, &dossier).await);
        }
        let mut owner = Actor::applicant().await;
        let one = sample::complete(&mut owner, "demonstration", sample::today()).await;
        let mut officer = Actor::officer().await;
        wait_for_index(&mut officer, &format!("Entreprise {:03}", deposited.saturating_sub(2))).await;
        Self {
            officer,
            owner,
            program,
            nobody: Actor::anon(),
            drafts,
            read: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            attached: AtomicUsize::new(0),
            one,
            deposited: deposits,
        }
    }
}

/// Waits until the search finds a company: a deposit is indexed a moment after it.
async fn wait_for_index(officer: &mut Actor, company: &str) {
    let begun = Instant::now();
    let found = format!("{LIST}?q=entreprise&sort=company");
    while !officer.get(&found).await.expect(200).body.contains(company) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{company} is not indexed");
    }
}

/// One thing that is asked again and again.
pub struct Scene {
    name: &'static str,
    aims: Aims,
    requests: usize,
    request: fn(&World) -> RequestBuilder,
}

/// Every scene with its aims.
pub fn all() -> Vec<Scene> {
    let scene = |name, aim, requests, request| Scene { name, aims: Aims::cpu(aim), requests, request };
    vec![
        scene("officer: list of 200", 1.3, 600, |world| world.officer.request(Method::GET, LIST)).with_tenfold(1.8),
        scene("officer: search, 200 hits", 1.5, 600, |world| {
            world.officer.request(Method::GET, &format!("{LIST}?q=entreprise&sort=company"))
        })
        .with_tenfold(2.1),
        scene("officer: dossier page", 0.6, 1000, |world| {
            let one = &world.deposited[world.read.fetch_add(1, Ordering::Relaxed) % world.deposited.len()];
            world.officer.request(Method::GET, &format!("{LIST}/{one}"))
        })
        .with_tenfold(0.8),
        scene("applicant: dossier page", 0.6, 1000, |world| {
            world.owner.request(Method::GET, &format!("/dossiers/{}", world.one))
        }),
        scene("applicant: editor page", 0.6, 1000, |world| {
            world.owner.request(Method::GET, &format!("/dossiers/{}/edit/budget", world.one))
        })
        .with_tenfold(1.0),
        scene("deposit, pieces already up", 1.5, DRAFTS / RUNS.len(), |world| {
            let draft = &world.drafts[world.sent.fetch_add(1, Ordering::Relaxed)];
            let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
            world.program.request(Method::POST, &format!("/api/v1/dossiers/{draft}/deposits")).json(&attempt)
        })
        .with_p99(50.0),
        scene("upload of 60 kB", 1.0, 400, |world| {
            let mut file = sample::piece("P7-kbis.pdf");
            file.extend_from_slice(b"%");
            file.extend_from_slice(uuid::Uuid::now_v7().to_string().as_bytes());
            file.resize(60_000, b' ');
            let draft = &world.drafts[world.attached.fetch_add(1, Ordering::Relaxed) % DRAFTS];
            world
                .program
                .request(
                    Method::PUT,
                    &format!("/api/v1/dossiers/{draft}/pieces/P7?issued={}&name=a.pdf", sample::today()),
                )
                .body(file)
        }),
        scene("public: home", 0.1, 3000, |world| world.nobody.request(Method::GET, "/")),
    ]
}

impl Scene {
    /// A tenth of the CPU that the best known peer spends, milliseconds.
    fn with_tenfold(mut self, line: f64) -> Self {
        self.aims.tenfold_milliseconds = Some(line);
        self
    }

    /// The latency that all but one request in a hundred keep when most connections ask, milliseconds.
    fn with_p99(mut self, aim: f64) -> Self {
        self.aims.aim_p99_milliseconds = Some(aim);
        self
    }

    pub async fn run(&self, world: &World, connections: usize, meter: Meter) -> Figures {
        for _ in 0..10.min(self.requests) {
            // Deposits cannot be rehearsed without being made.
            if !self.name.starts_with("deposit") {
                (self.request)(world).send().await.unwrap().bytes().await.unwrap();
            }
        }
        let left = Arc::new(AtomicUsize::new(self.requests));
        let (before, begun) = (meter.read(), Instant::now());
        let workers = (0..connections).map(|_| {
            let left = left.clone();
            async move {
                let mut latencies = Vec::new();
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let request = (self.request)(world);
                    let sent = Instant::now();
                    let response = request.send().await.unwrap();
                    assert!(response.status().is_success(), "{}: {}", self.name, response.status());
                    response.bytes().await.unwrap();
                    latencies.push(sent.elapsed());
                }
                latencies
            }
        });
        let latencies: Vec<_> = futures_util::future::join_all(workers).await.concat();
        let (wall, after) = (begun.elapsed(), meter.read());
        let crowded = RUNS.iter().all(|other| *other <= connections);
        let aims = Aims { aim_p99_milliseconds: self.aims.aim_p99_milliseconds.filter(|_| crowded), ..self.aims };
        Figures::new(self.name, connections, aims, (before, after), wall, latencies)
    }
}

/// Sizes of pages as a browser that takes gzip would get them at best.
pub async fn page_sizes(world: &World) -> Vec<(String, usize)> {
    let pages = [
        ("list of 200", world.officer.request(Method::GET, LIST)),
        ("officer's dossier", world.officer.request(Method::GET, &format!("{LIST}/{}", world.deposited[0]))),
        ("applicant's dossier", world.owner.request(Method::GET, &format!("/dossiers/{}", world.one))),
        ("editor, budget", world.owner.request(Method::GET, &format!("/dossiers/{}/edit/budget", world.one))),
        ("home", world.nobody.request(Method::GET, "/")),
        ("style.css", world.nobody.request(Method::GET, "/assets/style.css")),
        ("main.js", world.nobody.request(Method::GET, "/assets/app/main.js")),
    ];
    let mut sizes = Vec::new();
    for (name, request) in pages {
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, &body).unwrap();
        sizes.push((name.to_owned(), encoder.finish().unwrap().len()));
    }
    sizes
}

//! Part of `make bench-all`: what it costs to keep attachments in a folder, and on one and three Garage nodes, all on this
//! machine's disk, in the release build. The table is printed and written to `var/bench/`.

#![expect(clippy::disallowed_methods, reason = "benchmarks live in real time")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::float_arithmetic,
    dead_code,
    reason = "a program for developers, which shares the harness of the tests"
)]

#[path = "../tests/portal/harness"]
mod harness {
    pub mod actor;
    pub mod garage;
    pub mod installation;
    pub mod relay;
    pub mod sample;

    pub use actor::Actor;
    pub use installation::Installation;
}
#[path = "portal/measure.rs"]
mod measure;

use harness::{
    Actor, Installation,
    garage::{Garage, Node},
    sample,
};
use measure::{Aims, Figures, Meter};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::{path::Path, time::Instant};

/// Sizes of files, with the number of requests and how the table names them.
const SIZES: [(usize, usize, &str); 2] = [(58_000, 200, "60 kB"), (24_500_000, 12, "25 MB")];
/// CPU milliseconds that a store may add to what a folder costs, for a file of 60 kB.
const AIM_ADDED: f64 = 1.0;
/// The same for each megabyte of a longer file.
const AIM_ADDED_EACH_MEGABYTE: f64 = 10.0;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let rows = run().await;
    println!("\n{}", Figures::head());
    for row in &rows {
        println!("{}", row.line());
    }
    let folder = harness::installation::source("var/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("storage-{}.json", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::write(&file, serde_json::to_string_pretty(&json!({ "scenes": rows })).unwrap()).unwrap();
    println!("\nwritten to {}", file.display());
}

/// Measures every kind of store.
async fn run() -> Vec<Figures> {
    let folder = scenes("folder", Installation::start(None).for_this_test(), &[], &[]).await;
    let mut rows = Vec::new();
    if std::env::var_os("GUICHET_GARAGE").is_some_and(|program| Path::new(&program).is_file()) {
        for (name, nodes) in [("1 node", 1), ("3 nodes", 3)] {
            let store = Garage::start(nodes).await;
            let section = store.section();
            let at = Installation::start_with(None, &["--attachments", section.to_str().unwrap()]).for_this_test();
            let pids: Vec<u32> = store.nodes.iter().map(Node::pid).collect();
            rows.extend(scenes(name, at, &pids, &folder).await);
        }
    } else {
        eprintln!("without GUICHET_GARAGE, attachments are measured in a folder only");
    }
    folder.into_iter().chain(rows).collect()
}

async fn scenes(name: &str, at: &'static Installation, nodes: &[u32], folder: &[Figures]) -> Vec<Figures> {
    let mut program = Actor::at(at);
    program.bear(&at.token("applicant_token"));
    let mut owner = Actor::at(at);
    owner.sign_in("ada@exemple.fr").await;
    let draft = sample::complete_by_api(&mut program, &sample::sample(sample::today())).await;
    let mut rows = Vec::new();
    for (bytes, requests, size) in SIZES {
        let file = sample::long_pdf(bytes);
        let path = format!("/api/v1/dossiers/{draft}/pieces/P7?issued={}&name=a.pdf", sample::today());
        let upload = || program.request(Method::PUT, &path).body(sample::varied(&file));
        let download = || owner.request(Method::GET, &format!("/dossiers/{draft}/pieces/P7"));
        for (verb, request) in [("upload", &upload as &dyn Fn() -> RequestBuilder), ("download", &download)] {
            let aim = folder.get(rows.len()).map_or(f64::INFINITY, |folder| {
                folder.cpu_milliseconds + f64::max(AIM_ADDED, AIM_ADDED_EACH_MEGABYTE * bytes as f64 / 1e6)
            });
            let before = measure::cpu_nanoseconds(nodes);
            let row = measured(format!("{name}: {verb} {size}"), at, requests, aim, request).await;
            let spent = (measure::cpu_nanoseconds(nodes) - before) as f64 / 1e6 / requests as f64;
            eprintln!(
                "{} nodes' CPU {spent:.2} ms, the largest {:.0} MB; the portal {:.0} MB",
                row.line(),
                measure::rss_megabytes(nodes),
                measure::rss_megabytes(&at.pids("serve"))
            );
            rows.push(row);
        }
    }
    rows
}

async fn measured(
    scene: String,
    at: &'static Installation,
    requests: usize,
    aim: f64,
    request: &dyn Fn() -> RequestBuilder,
) -> Figures {
    let meter = Meter::new(at);
    let mut latencies = Vec::new();
    let (before, begun) = (meter.read(), Instant::now());
    for _ in 0..requests {
        let (request, sent) = (request(), Instant::now());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{scene}: {}", answer.status());
        answer.bytes().await.unwrap();
        latencies.push(sent.elapsed());
    }
    Figures::new(scene, 1, Aims::cpu(aim), (before, meter.read()), begun.elapsed(), latencies)
}

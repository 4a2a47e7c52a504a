//! Part of `make bench-all`: how many deposits are sealed in a second, by how many processes, what confirmation by a second
//! server costs, and how soon a change of leader is seen. Client, Sōzu, the portal and all servers share the cores: three servers on one disk pay three times what three
//! machines would.

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
    pub mod certificate;
    pub mod cluster;
    pub mod installation;
    pub mod sample;
    pub mod sozu;

    pub use actor::Actor;
    pub use installation::Installation;
}
#[path = "portal/measure.rs"]
mod measure;

use guichet::testing::{
    config::{Database, Durability},
    store::Store,
};
use harness::{
    Actor, Installation,
    cluster::{Cluster, Replication},
    sample,
};
use measure::cpu_nanoseconds;
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

/// Deposits in each scene.
const DEPOSITS: usize = 120;
/// Connections that deposit at the same time.
const CONNECTIONS: [usize; 2] = [1, 16];
/// Numbers of portal processes.
const PROCESSES: [u16; 3] = [1, 2, 4];
/// Changes of leader that are timed.
const CHANGES: usize = 10;
/// A change of leader is to be seen within, milliseconds.
const SEEN: f64 = 200.0;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    println!(
        "{:<28} {:>5} {:>5} {:>9} {:>8} {:>8} {:>9}",
        "deposit", "procs", "conns", "CPU ms", "p50 ms", "p99 ms", "a second"
    );
    let mut rows = Vec::new();
    for processes in PROCESSES {
        let single = Installation::start_with(None, &["--processes", &processes.to_string()]).for_this_test();
        rows.extend(deposits("one server", processes, single, &single.pids("mariadbd")).await);
    }
    for (name, replication, durability, numbers) in [
        ("three, without confirmation", Replication::Asynchronous, "available", &PROCESSES[1..2]),
        ("three, AFTER_SYNC, strict", Replication::Recommended, "strict", &PROCESSES[..]),
    ] {
        for processes in numbers {
            let cluster = Cluster::start(replication).await;
            let servers: Vec<u32> = cluster.nodes.iter().map(harness::cluster::Node::pid).collect();
            let at = cluster.installation_of(durability, *processes);
            rows.extend(deposits(name, *processes, at, &servers).await);
        }
    }
    let seen = changes().await;
    let report = json!({ "deposits": rows, "leader_change_milliseconds": seen });
    let folder = harness::installation::source("var/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("database-{}.json", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("\nwritten to {}", file.display());
}

async fn deposits(name: &'static str, processes: u16, at: &'static Installation, servers: &[u32]) -> Vec<Json> {
    let mut program = Actor::at(at);
    program.bear(&at.token("applicant_token"));
    let dossier = sample::sample(sample::today());
    let mut rows = Vec::new();
    for connections in CONNECTIONS {
        let mut drafts = Vec::new();
        for _ in 0..DEPOSITS {
            drafts.push(sample::complete_by_api(&mut program, &dossier).await);
        }
        let spent = || (cpu_nanoseconds(&at.pids("serve")) + cpu_nanoseconds(servers)) as f64 / 1e6;
        let (before, share) = (spent(), DEPOSITS.div_ceil(connections));
        let workers = drafts.chunks(share).map(|drafts| {
            let program = &program;
            async move {
                let mut latencies = Vec::new();
                for draft in drafts {
                    let attempt = json!({ "attempt": uuid::Uuid::now_v7() });
                    let path = format!("/api/v1/dossiers/{draft}/deposits");
                    let request = program.request(reqwest::Method::POST, &path).json(&attempt);
                    let sent = Instant::now();
                    let response = request.send().await.unwrap();
                    assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
                    latencies.push(sent.elapsed());
                }
                latencies
            }
        });
        let began = Instant::now();
        let mut latencies: Vec<Duration> = futures_util::future::join_all(workers).await.concat();
        let rate = latencies.len() as f64 / began.elapsed().as_secs_f64();
        let cpu = (spent() - before) / latencies.len() as f64;
        latencies.sort();
        let at = |share: usize| latencies[(latencies.len() * share / 100).min(latencies.len() - 1)].as_secs_f64() * 1e3;
        let (p50, p99) = (at(50), at(99));
        println!("{name:<28} {processes:>5} {connections:>5} {cpu:>9.2} {p50:>8.2} {p99:>8.2} {rate:>9.1}");
        rows.push(
            json!({ "servers": name, "processes": processes, "connections": connections, "cpu_milliseconds": cpu,
                          "p50_milliseconds": p50, "p99_milliseconds": p99, "deposits_per_second": rate }),
        );
    }
    rows
}

/// From the moment a server takes writes and its predecessor does not, until the pool is its.
async fn changes() -> Vec<f64> {
    let cluster = Cluster::start(Replication::Recommended).await;
    let text = std::fs::read_to_string(cluster.section("available")).unwrap();
    let section: toml::Table = text.parse().unwrap();
    let config: Database = section["database"].clone().try_into().unwrap();
    let store = Store::open(&Database { durability: Some(Durability::Available), ..config }).unwrap();
    store.ping().await.unwrap();
    let mut times = Vec::new();
    for number in 0..CHANGES {
        let (from, to) = (number % 2, (number + 1) % 2);
        cluster.nodes[from].order("set global read_only = 1").await.unwrap();
        cluster.nodes[to].order("set global read_only = 0").await.unwrap();
        let began = Instant::now();
        while store.servers().1.is_none_or(|leading| leading.node != to) {
            assert!(began.elapsed() < Duration::from_secs(20), "the change is not seen");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let slowest = times[CHANGES - 1];
    let mark = if slowest <= SEEN { "" } else { "MISSED" };
    println!(
        "\nchange of leader seen: median {:.0} ms, slowest {slowest:.0} ms, aim {SEEN} ms {mark}",
        times[CHANGES / 2]
    );
    store.close().await;
    times
}

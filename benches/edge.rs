//! Part of `make bench-all`: what the edge costs and how Sōzu compares, on real parts, in the release build.
//!
//! Control: one change applied and verified, the first convergence of many sites, the size of the edge then. Throughput:
//! the same small answers, direct and through Sōzu, Debian's haproxy and nginx, plain and over TLS, in rounds that take
//! turns, as ratios. Figures that miss their aim are marked, never left out.

#![expect(clippy::disallowed_methods, reason = "benchmarks live in real time")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a program for developers"
)]

#[path = "edge/client.rs"]
mod client;
#[path = "edge/control.rs"]
mod control;
#[path = "edge/proxies.rs"]
mod proxies;

use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    rustls::crypto::ring::default_provider().install_default().unwrap();
    // An edge of its own, so that its size is its own.
    if let Some(at) = arguments.iter().position(|argument| argument == "--many-sites") {
        control::many_sites(arguments[at + 1].parse().unwrap());
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let control = runtime.block_on(control::changes());
    let sites = [1_000, 10_000].map(control::in_a_process_of_its_own);
    let throughput = runtime.block_on(proxies::compare());
    let report = json!({ "changes": control, "sites": sites, "throughput": throughput });
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("var/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("edge-{}.json", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("\nwritten to {}", file.display());
}

/// A line of the table, marked when it misses its aim.
pub fn line(what: &str, value: f64, unit: &str, aim: f64) {
    let mark = if value <= aim { "" } else { "MISSED" };
    println!("{what:<52} {value:>9.2} {unit:<3} aim {aim:>8.1} {mark}");
}

//! `make bench`: what a request costs, on real parts, in the release build.
//!
//! One installation with 200 deposited dossiers. CPU is the time that the portal's processes and MariaDB spent by their
//! own clocks, over the number of requests; the proxy's is shown apart. Figures that miss their aim are marked, never
//! left out. Attachments are measured in a folder, and on one and three Garage nodes. The table is printed and written to `var/bench/`.

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
#[path = "portal/scenes.rs"]
mod scenes;
#[path = "portal/storage.rs"]
mod storage;

use harness::Installation;
use measure::{Figures, Meter};
use serde_json::{Value as Json, json};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let at = Installation::shared();
    let idle = measure::rss_megabytes(&at.pids("serve"));
    eprintln!("200 deposited dossiers …");
    let world = scenes::World::build(200).await;
    let mut rows: Vec<Figures> = Vec::new();
    for connections in [1, 16] {
        for scene in scenes::all() {
            let meter = Meter::new(at);
            rows.push(scene.run(&world, connections, meter).await);
            eprintln!("{}", rows.last().unwrap().line());
        }
    }
    rows.extend(storage::run().await);
    let loaded = measure::rss_megabytes(&at.pids("serve"));
    let sizes = scenes::page_sizes(&world).await;
    let start = measure::start_milliseconds(at);
    let report = report(&rows, idle, loaded, start, &sizes);
    print_table(&rows, &report);
    let folder = harness::installation::source("var/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.json", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("\nwritten to {}", file.display());
}

fn report(rows: &[Figures], idle: f64, loaded: f64, start: f64, sizes: &[(String, usize)]) -> Json {
    json!({
        "scenes": rows,
        "rss_idle_megabytes": { "value": idle, "aim": 30.0 },
        "rss_loaded_megabytes": { "value": loaded, "aim": 64.0 },
        "start_to_ready_milliseconds": { "value": start, "aim": 200.0 },
        "page_gzip_bytes": sizes.iter().map(|(page, bytes)| json!({ "page": page, "value": bytes, "aim": 51_200 })).collect::<Vec<_>>(),
    })
}

fn print_table(rows: &[Figures], report: &Json) {
    println!("\n{}", Figures::head());
    for row in rows {
        println!("{}", row.line());
    }
    println!();
    for name in ["rss_idle_megabytes", "rss_loaded_megabytes", "start_to_ready_milliseconds"] {
        let (value, aim) = (report[name]["value"].as_f64().unwrap(), report[name]["aim"].as_f64().unwrap());
        println!("{name:<30} {value:>8.1}  aim {aim:>6.1} {}", if value <= aim { "" } else { "MISSED" });
    }
    for page in report["page_gzip_bytes"].as_array().unwrap() {
        let bytes = page["value"].as_u64().unwrap();
        println!(
            "{:<30} {bytes:>8} bytes gzip {}",
            page["page"].as_str().unwrap(),
            if bytes <= 51_200 { "" } else { "MISSED" }
        );
    }
}

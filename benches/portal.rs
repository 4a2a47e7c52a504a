//! `make bench`: what a request costs, on real parts, in the release build.
//!
//! One installation with 200 deposited dossiers. CPU is the time that the portal's processes and MariaDB spent by their
//! own clocks, over the number of requests; the proxy's is shown apart. Figures that miss their aim are marked, never
//! left out: `tenfold` is between the aim and a tenth of what the best known peer spends. The table is printed with the
//! differences from `benches/recorded.json` and written to `var/bench/`; `GUICHET_RECORD_BENCH=1` records it.

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
    pub mod installation;
    pub mod sample;

    pub use actor::Actor;
    pub use installation::Installation;
}
#[path = "portal/measure.rs"]
mod measure;
#[path = "portal/recorded.rs"]
mod recorded;
#[path = "portal/scenes.rs"]
mod scenes;

use harness::Installation;
use measure::{Figures, Meter, rounded};
use recorded::Recorded;
use serde_json::{Value as Json, json};

/// Figures of the whole run, with how the report names them and what they are to stay below.
const SIZES: [(&str, f64); 4] = [
    ("rss_idle_megabytes", 25.0),
    ("rss_loaded_megabytes", 64.0),
    ("start_to_ready_milliseconds", 50.0),
    ("binary_megabytes", 50.0),
];
/// What a page is to stay below with gzip, bytes.
const AIM_PAGE_BYTES: usize = 51_200;

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
    for connections in scenes::RUNS {
        for scene in scenes::all() {
            let meter = Meter::new(at);
            rows.push(scene.run(&world, connections, meter).await);
            eprintln!("{}", rows.last().unwrap().line());
        }
    }
    let loaded = measure::rss_megabytes(&at.pids("serve"));
    let pages = scenes::page_sizes(&world).await;
    let start = measure::start_milliseconds(at);
    let mut report = report(&rows, [idle, loaded, start, measure::binary_megabytes()], &pages);
    recorded::sign(&mut report);
    print_table(&rows, &report, Recorded::read().as_ref());
    let folder = harness::installation::source("var/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.json", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S")));
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("\nwritten to {}", file.display());
    recorded::replace_if_asked(&report);
}

fn report(rows: &[Figures], sizes: [f64; SIZES.len()], pages: &[(String, usize)]) -> Json {
    let page = |(page, bytes): &(String, usize)| json!({ "page": page, "value": bytes, "aim": AIM_PAGE_BYTES });
    let mut report = json!({ "scenes": rows, "page_gzip_bytes": pages.iter().map(page).collect::<Vec<_>>() });
    for ((name, aim), value) in SIZES.into_iter().zip(sizes) {
        report[name] = json!({ "value": rounded(value), "aim": aim });
    }
    report
}

fn print_table(rows: &[Figures], report: &Json, recorded: Option<&Recorded>) {
    match recorded {
        Some(recorded) => println!("\nThe last column compares with what was {}.", recorded.origin()),
        None => println!("\nNothing was recorded yet: there is nothing to compare with."),
    }
    println!("\n{}", Figures::head());
    for row in rows {
        println!("{:<120} {}", row.line(), recorded.map(|recorded| recorded.difference(row)).unwrap_or_default());
    }
    for name in recorded.map(|recorded| recorded.missing(rows)).unwrap_or_default() {
        println!("{name}: recorded, and not measured any more");
    }
    println!();
    for (name, aim) in SIZES {
        let value = report[name]["value"].as_f64().unwrap();
        let verdict = if value <= aim { "" } else { "MISSED" };
        let difference = recorded.map(|recorded| recorded.difference_of(name, value)).unwrap_or_default();
        println!("{name:<30} {value:>8.1}  aim {aim:>6.1} {verdict:<6} {difference}");
    }
    for page in report["page_gzip_bytes"].as_array().unwrap() {
        let bytes = page["value"].as_u64().unwrap();
        let verdict = if bytes <= AIM_PAGE_BYTES as u64 { "" } else { "MISSED" };
        println!("{:<30} {bytes:>8} bytes gzip {verdict}", page["page"].as_str().unwrap());
    }
}

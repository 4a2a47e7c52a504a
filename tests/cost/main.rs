//! What a scene costs: the statements that it sends, exactly, and the bytes that it allocates, within some percent, as
//! `tests/cost/recorded.txt` has them. A change of a figure is a change of that file:
//! `GUICHET_WRITE_DOCS=1 cargo test --test cost` writes it.
//!
//! The portal runs in this process on a database of its own, on one thread and with one connection, at an instant that
//! stands still, so that the figures are the same at every run. It has no harness: the allocator counts for the whole
//! process, and the portal starts this program again to judge an attached file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod portal;
mod scenes;
mod statements;

use portal::Portal;
use scenes::{Scene, World};
use statements::Recorder;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::{alloc::System, fmt::Write, path::Path, process::ExitCode};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The name of the only test.
const TEST: &str = "every_scene_costs_what_is_recorded";
/// Requests of a scene whose allocations are counted. The least counts: the liveness check of the database, which runs
/// beside the requests once a second, also allocates.
const COUNTED_REQUESTS: usize = 20;
/// Allocated bytes are rounded up to this many.
const UNIT_BYTES: usize = 1024;
/// How far allocations may be from what is recorded. The order within hash maps, and the pieces in which an answer of the
/// database arrives, are others at every run, and buffers grow accordingly.
const TOLERANCE_PERCENT: usize = 3;
/// The same for small figures, in units.
const TOLERANCE_UNITS: usize = 2;

fn main() -> ExitCode {
    if let Some(code) = guichet::run_limited_command() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{TEST}: test");
        return ExitCode::SUCCESS;
    }
    let names = arguments.iter().filter(|argument| !argument.starts_with('-')).collect::<Vec<_>>();
    if !names.is_empty() && !names.iter().any(|name| TEST.contains(name.as_str())) {
        return ExitCode::SUCCESS;
    }
    let recorder = Recorder::install();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let table = runtime.block_on(measure_all(recorder));
    let file = source("tests/cost/recorded.txt");
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    let mut right = agree(&recorded, &table);
    // A table that agrees is not written anew: small changes would add up unseen.
    if !right && std::env::var_os("GUICHET_WRITE_DOCS").is_some() {
        std::fs::write(&file, &table).unwrap();
        right = true;
    }
    if right {
        println!("test {TEST} ... ok");
        return ExitCode::SUCCESS;
    }
    println!("test {TEST} ... FAILED\n");
    println!("tests/cost/recorded.txt has:\n\n{recorded}\nand now it is:\n\n{table}");
    println!("If the change is meant, GUICHET_WRITE_DOCS=1 cargo test --test cost writes it; say why in the commit.");
    ExitCode::FAILURE
}

/// Whether two tables have the same statements, and allocations that are as good as the same.
fn agree(recorded: &str, table: &str) -> bool {
    let ((texts, before), (texts_now, now)) = (split(recorded), split(table));
    let close = |(before, now): (&usize, &usize)| {
        before.abs_diff(*now) <= TOLERANCE_UNITS.max(before * TOLERANCE_PERCENT / 100)
    };
    texts == texts_now && before.iter().zip(&now).all(close)
}

/// The lines of a table without the allocations, and the allocations.
fn split(table: &str) -> (Vec<&str>, Vec<usize>) {
    let mut kilobytes = Vec::new();
    let texts = table.lines().map(|line| {
        let scene = line.strip_suffix(" kB").and_then(|line| line.rsplit_once(' '));
        match scene.and_then(|(scene, figure)| Some((scene.trim_end(), figure.parse().ok()?))) {
            Some((scene, figure)) => {
                kilobytes.push(figure);
                scene
            }
            None => line,
        }
    });
    let texts = texts.collect();
    (texts, kilobytes)
}

/// A file of the source tree.
fn source(path: &str) -> std::path::PathBuf {
    // Read at run time, because a build of another working copy in the same cache contains the path of that copy.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&root).join(path)
}

async fn measure_all(recorder: &'static Recorder) -> String {
    let portal = Portal::start().await;
    let world = World::build(&portal).await;
    let mut table = String::from(
        "What a request costs: statements without BEGIN, COMMIT and the cached session, kB allocated (1024 bytes), and the\n\
         statements in their order, each with its verb, its tables and the rows that it returned.\n\
         Written by a test: GUICHET_WRITE_DOCS=1 cargo test --test cost. docs/performance.md says how to read it.\n",
    );
    for scene in scenes::all() {
        let statements = statements_of(&portal, &world, &scene, recorder).await;
        let kilobytes = bytes_of(&portal, &world, &scene).await.div_ceil(UNIT_BYTES);
        let count = format!("{} statements", statements.len());
        writeln!(table, "\n{:<32} {count:>14} {kilobytes:>6} kB", scene.name).unwrap();
        for statement in statements {
            writeln!(table, "    {statement}").unwrap();
        }
    }
    portal.stop().await;
    table
}

/// The statements of one request.
async fn statements_of(portal: &Portal, world: &World, scene: &Scene, recorder: &Recorder) -> Vec<String> {
    prepare(portal, world, scene, 0).await;
    let request = scene.request(world, 0);
    recorder.begin();
    portal.ask(request, scene.name).await;
    recorder.end()
}

/// The bytes that a request allocates, at least.
async fn bytes_of(portal: &Portal, world: &World, scene: &Scene) -> usize {
    let mut least = usize::MAX;
    for number in 1..=COUNTED_REQUESTS {
        prepare(portal, world, scene, number).await;
        let request = scene.request(world, number);
        let before = ALLOCATOR.stats().bytes_allocated;
        portal.ask(request, scene.name).await;
        least = least.min(ALLOCATOR.stats().bytes_allocated - before);
    }
    least
}

/// Fills what is kept in memory: the session is known for two seconds.
async fn prepare(portal: &Portal, world: &World, scene: &Scene, number: usize) {
    portal.ask(scene.preparation(world, number), scene.name).await;
}

//! The control plane: a bare Sōzu of our own, and rounds as the edge holds them.

use crate::line;
use guichet::testing::{
    config::{Limits, Listen},
    edge::{
        answers::pages,
        certificate::SiteCertificate,
        plan::SafetyLimits,
        reconciler::Reconciler,
        sozu::Sozu,
        spec::{EdgeSpec, Listeners, Marker},
    },
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use uuid::Uuid;

const CHANGES: usize = 200;

/// A Sōzu with nothing in it.
pub struct Bare {
    pub socket: PathBuf,
    folder: tempfile::TempDir,
    process: Child,
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Bare {
    pub fn start(more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-bench-").tempdir().unwrap();
        let socket = folder.path().join("s.sock");
        let file = folder.path().join("sozu.toml");
        let text = format!(
            "command_socket = {socket:?}\ncommand_buffer_size = 1000000\nmax_command_buffer_size = 268435456\n\
             worker_count = 2\nworker_automatic_restart = true\nhandle_process_affinity = false\nbuffer_size = 16393\n\
             max_connections = 1000\nlog_level = \"error\"\naccess_logs_target = \"file:///dev/null\"\n\
             log_target = \"stdout\"\n{more}"
        );
        std::fs::write(&file, text).unwrap();
        let program = std::env::var("GUICHET_SOZU").expect("GUICHET_SOZU names Sōzu's program");
        let process =
            Command::new(program).args(["start", "--config"]).arg(&file).stdout(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < end, "Sōzu does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { socket, folder, process }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn spec(hosts: BTreeSet<String>, processes: &[SocketAddr]) -> EdgeSpec {
    let issued = rcgen::generate_simple_self_signed(["*.sites.test".to_owned()]).unwrap();
    EdgeSpec {
        epoch: 1,
        listeners: Listeners {
            http: free(),
            https: free(),
            public_port: 443,
            hsts_seconds: 60,
            limits: Limits::default(),
            workers: 2,
            answers: pages(),
        },
        certificates: vec![SiteCertificate::parse(issued.cert.pem(), issued.signing_key.serialize_pem()).unwrap()],
        sites: [("portal".to_owned(), hosts)].into(),
        processes: processes.iter().enumerate().map(|(n, at)| (Uuid::from_u128(n as u128), Listen::Tcp(*at))).collect(),
        challenges: None,
        marker: Marker("bench".into()),
    }
}

fn hosts(count: usize) -> BTreeSet<String> {
    (0..count).map(|number| format!("s{number}.sites.test")).collect()
}

fn reconciler(bare: &Bare) -> Reconciler {
    let sozu = Sozu::start(&bare.socket, &bare.path().join("state")).unwrap();
    Reconciler::new(sozu, SafetyLimits { max_removal_percent: 100 })
}

/// One change at a time: a process comes, another goes.
pub async fn changes() -> Json {
    let bare = Bare::start("");
    let (one, _server) = crate::client::server().await;
    let mut reconciler = reconciler(&bare);
    let mut spec = spec(hosts(2), &[one]);
    assert!(reconciler.reconcile(&spec).await.unwrap().verified());
    let mut times = Vec::new();
    for number in 0..CHANGES {
        // Nobody listens there: Sōzu goes on to the other one.
        let other = Listen::Unix(bare.path().join(format!("{number}.sock")));
        if number % 2 == 0 {
            spec.processes.insert(Uuid::max(), other);
        } else {
            spec.processes.remove(&Uuid::max());
        }
        let outcome = reconciler.reconcile(&spec).await.unwrap();
        assert!(outcome.verified() && outcome.steps.len() == 1, "{:?} {:?}", outcome.steps, outcome.issues);
        times.push(outcome.took.as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let (p50, p99) = (times[CHANGES / 2], times[CHANGES * 99 / 100]);
    line("one change applied and verified, p50", p50, "ms", 5.0);
    line("one change applied and verified, p99", p99, "ms", 30.0);
    json!({ "p50_milliseconds": p50, "p99_milliseconds": p99 })
}

/// The first convergence of many sites, by a process of its own.
pub fn in_a_process_of_its_own(count: usize) -> Json {
    let program = std::env::current_exe().unwrap();
    let done = Command::new(program).args(["--many-sites", &count.to_string()]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let seen: Json = serde_json::from_slice(&done.stdout).unwrap();
    let seconds = seen["seconds"].as_f64().unwrap();
    line(&format!("first convergence of {count} sites, verified"), seconds, "s", count as f64 / 1000.0);
    let all = seen["every_host_seen_seconds"].as_f64().unwrap();
    println!("{:<52} {all:>9.2} s", "until each host has answered over TLS");
    if count == 10_000 {
        line("size of the edge then (most it ever had)", seen["peak_megabytes"].as_f64().unwrap(), "MB", 64.0);
        line("size of the edge afterwards", seen["megabytes"].as_f64().unwrap(), "MB", 64.0);
    }
    seen
}

/// Prints what came of it, as JSON.
pub fn many_sites(count: usize) {
    let bare = Bare::start("");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = runtime.block_on(async {
        let mut reconciler = reconciler(&bare);
        let ((one, _a), (two, _b)) = (crate::client::server().await, crate::client::server().await);
        let spec = spec(hosts(count), &[one, two]);
        let began = Instant::now();
        let mut outcome = reconciler.reconcile(&spec).await.unwrap();
        while !outcome.verified() {
            assert!(began.elapsed() < Duration::from_secs(120), "{:?}", outcome.issues.first());
            outcome = reconciler.reconcile(&spec).await.unwrap();
        }
        let seconds = began.elapsed().as_secs_f64();
        while reconciler.has_pending_probes() {
            assert!(began.elapsed() < Duration::from_secs(600), "{:?}", outcome.issues.first());
            outcome = reconciler.reconcile(&spec).await.unwrap();
        }
        let every_host_seen = began.elapsed().as_secs_f64();
        let again = Instant::now();
        assert!(reconciler.reconcile(&spec).await.unwrap().steps.is_empty());
        json!({ "sites": count, "seconds": seconds, "every_host_seen_seconds": every_host_seen, "whole_round_without_change_seconds": again.elapsed().as_secs_f64(),
                "megabytes": status("VmRSS"), "peak_megabytes": status("VmHWM") })
    });
    println!("{seen}");
}

fn status(field: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

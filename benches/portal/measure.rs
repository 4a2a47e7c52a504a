//! Clocks and sizes of processes.

use crate::harness::{Installation, installation::guichet};
use guichet::testing::store::embedded::Stat;
use serde::Serialize;
use std::time::{Duration, Instant};

/// CPU nanoseconds that processes have spent, threads that ended included, in ticks of ten milliseconds.
pub fn cpu_nanoseconds(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|pid| Stat::of(*pid)).map(|stat| stat.cpu).sum::<u64>() * 10_000_000
}

/// Largest resident size among processes.
pub fn rss_megabytes(pids: &[u32]) -> f64 {
    pids.iter()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .filter_map(|text| {
            text.lines().find(|line| line.starts_with("VmRSS"))?.split_whitespace().nth(1)?.parse::<f64>().ok()
        })
        .fold(0.0, |most, kilobytes| f64::max(most, kilobytes / 1024.0))
}

/// Milliseconds from the start of a further `guichet serve` to its first `ready`.
pub fn start_milliseconds(at: &Installation) -> f64 {
    let text = std::fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, ops) = (free(), free());
    config["portal"]["listen"] = toml::Value::String(listen.to_string());
    config["portal"]["ops_listen"] = toml::Value::String(ops.to_string());
    let file = at.folder.join("bench.toml");
    std::fs::write(&file, config.to_string()).unwrap();
    let log = at.folder.join("bench.log");
    let begun = Instant::now();
    let mut serve = std::process::Command::new(guichet())
        .args(["serve", "--config"])
        .arg(&file)
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    while !ready(ops) {
        let ended = serve.try_wait().unwrap();
        assert!(
            ended.is_none() && begun.elapsed() < Duration::from_secs(20),
            "the process did not get ready ({ended:?}):\n{}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
        // Without a pause, one of thousands of connections to the free port would be answered by itself, and hold the port.
        std::thread::sleep(Duration::from_micros(500));
    }
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    serve.kill().unwrap();
    serve.wait().unwrap();
    took
}

fn ready(ops: std::net::SocketAddr) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(ops) else { return false };
    let mut answer = [0; 12];
    stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.ends_with(b"200")
}

/// Reads the clocks around a scene.
pub struct Meter {
    portal: Vec<u32>,
    database: Vec<u32>,
    proxy: Vec<u32>,
}

/// CPU nanoseconds by who spent them.
#[derive(Clone, Copy)]
pub struct Spent {
    pub portal: u64,
    pub database: u64,
    pub proxy: u64,
}

impl Meter {
    pub fn new(at: &Installation) -> Self {
        let main = at.pids("sozu");
        let workers = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", main[0])).unwrap_or_default();
        let proxy = main.into_iter().chain(workers.split_whitespace().filter_map(|pid| pid.parse().ok())).collect();
        Self { portal: at.pids("serve"), database: at.pids("mariadbd"), proxy }
    }

    pub fn read(&self) -> Spent {
        Spent {
            portal: cpu_nanoseconds(&self.portal),
            database: cpu_nanoseconds(&self.database),
            proxy: cpu_nanoseconds(&self.proxy),
        }
    }
}

/// What a scene measured.
#[derive(Serialize)]
pub struct Figures {
    pub scene: String,
    pub connections: usize,
    pub requests: usize,
    pub cpu_milliseconds: f64,
    pub aim_milliseconds: f64,
    pub database_cpu_milliseconds: f64,
    pub proxy_cpu_milliseconds: f64,
    pub requests_per_second: f64,
    pub p50_milliseconds: f64,
    pub p99_milliseconds: f64,
}

impl Figures {
    pub fn new(
        scene: impl Into<String>,
        connections: usize,
        aim: f64,
        (before, after): (Spent, Spent),
        wall: Duration,
        mut latencies: Vec<Duration>,
    ) -> Self {
        latencies.sort();
        let requests = latencies.len();
        let at = |share: f64| latencies[((requests as f64 * share) as usize).min(requests - 1)].as_secs_f64() * 1000.0;
        let per_request = |nanoseconds: u64| nanoseconds as f64 / 1e6 / requests as f64;
        Self {
            scene: scene.into(),
            connections,
            requests,
            cpu_milliseconds: per_request(after.portal + after.database - before.portal - before.database),
            database_cpu_milliseconds: per_request(after.database - before.database),
            aim_milliseconds: aim,
            proxy_cpu_milliseconds: per_request(after.proxy - before.proxy),
            requests_per_second: requests as f64 / wall.as_secs_f64(),
            p50_milliseconds: at(0.5),
            p99_milliseconds: at(0.99),
        }
    }

    pub fn head() -> String {
        format!(
            "{:<28} {:>5} {:>8} {:>8} {:>7} {:>8} {:>9} {:>9} {:>8} {:>8}",
            "scene", "conns", "requests", "CPU ms", "aim", "of it db", "proxy ms", "req/s", "p50 ms", "p99 ms"
        )
    }

    pub fn line(&self) -> String {
        format!(
            "{:<28} {:>5} {:>8} {:>8.3} {:>7.2} {:>8.3} {:>9.3} {:>9.0} {:>8.2} {:>8.2} {}",
            self.scene,
            self.connections,
            self.requests,
            self.cpu_milliseconds,
            self.aim_milliseconds,
            self.database_cpu_milliseconds,
            self.proxy_cpu_milliseconds,
            self.requests_per_second,
            self.p50_milliseconds,
            self.p99_milliseconds,
            if self.cpu_milliseconds <= self.aim_milliseconds { "" } else { "MISSED" }
        )
    }
}

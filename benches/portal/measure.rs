//! Clocks and sizes of processes.

use crate::harness::{Installation, installation::guichet};
use guichet::testing::store::embedded::Stat;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Starts of a process that are timed.
const STARTS: usize = 5;

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

/// Megabytes of the program's file.
pub fn binary_megabytes() -> f64 {
    std::fs::metadata(guichet()).unwrap().len() as f64 / 1e6
}

/// Milliseconds from the start of a further `guichet serve` to its first `ready`: the median of some starts.
pub fn start_milliseconds(at: &Installation) -> f64 {
    let mut times = [0; STARTS].map(|_| one_start_milliseconds(at));
    times.sort_by(f64::total_cmp);
    times[STARTS / 2]
}

fn one_start_milliseconds(at: &Installation) -> f64 {
    let text = std::fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, ops) = (free(), free());
    // A name of its own, or it would pass for the successor of a process that is serving.
    config["portal"]["name"] = toml::Value::String("bench".into());
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
    stream.write_all(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
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

/// What a scene is to stay below, in milliseconds.
#[derive(Clone, Copy, Serialize)]
pub struct Aims {
    /// CPU of a request.
    pub aim_milliseconds: f64,
    /// A tenth of the CPU that the best known peer spends, where that is more than the aim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenfold_milliseconds: Option<f64>,
    /// Latency that all but one request in a hundred keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aim_p99_milliseconds: Option<f64>,
}

impl Aims {
    /// An aim of the CPU alone.
    pub fn cpu(aim_milliseconds: f64) -> Self {
        Self { aim_milliseconds, tenfold_milliseconds: None, aim_p99_milliseconds: None }
    }
}

/// What a scene measured.
#[derive(Serialize)]
pub struct Figures {
    pub scene: String,
    pub connections: usize,
    pub requests: usize,
    pub cpu_milliseconds: f64,
    #[serde(flatten)]
    pub aims: Aims,
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
        aims: Aims,
        (before, after): (Spent, Spent),
        wall: Duration,
        mut latencies: Vec<Duration>,
    ) -> Self {
        latencies.sort();
        let requests = latencies.len();
        let at = |share: f64| {
            rounded(latencies[((requests as f64 * share) as usize).min(requests - 1)].as_secs_f64() * 1000.0)
        };
        let per_request = |nanoseconds: u64| rounded(nanoseconds as f64 / 1e6 / requests as f64);
        Self {
            scene: scene.into(),
            connections,
            requests,
            cpu_milliseconds: per_request(after.portal + after.database - before.portal - before.database),
            database_cpu_milliseconds: per_request(after.database - before.database),
            aims,
            proxy_cpu_milliseconds: per_request(after.proxy - before.proxy),
            requests_per_second: rounded(requests as f64 / wall.as_secs_f64()),
            p50_milliseconds: at(0.5),
            p99_milliseconds: at(0.99),
        }
    }

    /// What was missed, or reached without the aim; empty if everything is as it is to be.
    pub fn verdict(&self) -> String {
        let Aims { aim_milliseconds, tenfold_milliseconds, aim_p99_milliseconds } = self.aims;
        let cpu = if self.cpu_milliseconds <= aim_milliseconds {
            None
        } else if tenfold_milliseconds.is_some_and(|line| self.cpu_milliseconds <= line) {
            Some("tenfold".to_owned())
        } else {
            Some("MISSED".to_owned())
        };
        let late = aim_p99_milliseconds.filter(|aim| self.p99_milliseconds > *aim);
        let words = cpu.into_iter().chain(late.map(|aim| format!("p99 MISSED, aim {aim:.0}")));
        words.collect::<Vec<_>>().join(", ")
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
            self.aims.aim_milliseconds,
            self.database_cpu_milliseconds,
            self.proxy_cpu_milliseconds,
            self.requests_per_second,
            self.p50_milliseconds,
            self.p99_milliseconds,
            self.verdict()
        )
    }
}

/// A figure with as many digits as it deserves.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

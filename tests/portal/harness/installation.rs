//! A running installation, started and stopped by the product's own supervisor.

use guichet::testing::edge::{report::Report, sozu::Sozu};
use serde_json::Value as Json;
use std::{
    cell::RefCell,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    time::{Duration, Instant},
};

/// Timeout for an installation to become ready, on a loaded machine.
const READY: Duration = Duration::from_secs(90);
/// Interval between two polls of a condition: polling without a pause would take a core from what is waited for.
const LOOK: Duration = Duration::from_millis(5);

thread_local! {
    /// Installations that end with the test running on this thread.
    static OWN: RefCell<Vec<Own>> = const { RefCell::new(Vec::new()) };
}

/// An installation of one test.
struct Own(&'static Installation);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A running installation.
pub struct Installation {
    pub url: String,
    pub ca: Vec<u8>,
    pub ca_file: PathBuf,
    pub folder: PathBuf,
    supervisor: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    _keep: Option<tempfile::TempDir>,
}

/// The binary under test.
pub fn guichet() -> &'static str {
    env!("CARGO_BIN_EXE_guichet")
}

/// A file of the source tree.
pub fn source(path: &str) -> PathBuf {
    // Read at run time, because a build of another working copy in the same cache contains the path of that copy.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&root).join(path)
}

impl Installation {
    /// The installation that all tests share, unless they break it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Installation> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(None))
    }

    /// The installation of tests that deposit in another year: a chain of receipts cannot go back, so they have their
    /// own.
    pub fn of_another_year() -> &'static Self {
        static OTHER: OnceLock<Installation> = OnceLock::new();
        OTHER.get_or_init(|| Self::start(None))
    }

    /// A separate installation; with a folder, one that has been started before.
    pub fn start(folder: Option<&Path>) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same, with additional options.
    pub fn start_with(folder: Option<&Path>, more: &[&str]) -> Self {
        Self::start_by(&mut Command::new(guichet()), folder, more)
    }

    /// The same with another program, which must finally run `guichet demo`.
    pub fn start_by(program: &mut Command, folder: Option<&Path>, more: &[&str]) -> Self {
        let keep = folder.is_none().then(|| tempfile::Builder::new().prefix("guichet-").tempdir().unwrap());
        let folder = folder.map_or_else(|| keep.as_ref().unwrap().path().to_owned(), Path::to_owned);
        let mut supervisor = program
            .args(["demo", "--test-hooks", "--until-stdin-closes", "--dir"])
            .arg(&folder)
            .args(more)
            .arg("--calls")
            .arg(source("calls/hyper-open-x.toml"))
            .arg("--calls")
            .arg(source("tests/fixtures/calls/petit-pas.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("guichet demo starts");
        // Clients in this process need a crypto provider; the first installation wins.
        rustls::crypto::ring::default_provider().install_default().ok();
        let stdin = supervisor.stdin.take();
        let url = wait_ready(&mut supervisor);
        let access = access(&folder);
        let ca_file = PathBuf::from(access["ca_cert"].as_str().unwrap());
        Self {
            url,
            ca: std::fs::read(&ca_file).unwrap(),
            ca_file,
            folder,
            supervisor: Mutex::new(supervisor),
            stdin: Mutex::new(stdin),
            _keep: keep,
        }
    }

    /// The current contents of `access.json`.
    pub fn access(&self) -> Json {
        access(&self.folder)
    }

    /// A token of `access.json`.
    pub fn token(&self, name: &str) -> String {
        self.access()[name].as_str().unwrap().to_owned()
    }

    /// Process ids by the names in `access.json`.
    pub fn pids(&self, name: &str) -> Vec<u32> {
        match &self.access()["pids"][name] {
            Json::Array(pids) => pids.iter().map(|pid| u32::try_from(pid.as_u64().unwrap()).unwrap()).collect(),
            pid => vec![u32::try_from(pid.as_u64().unwrap()).unwrap()],
        }
    }

    /// The edge's status report.
    pub async fn edge(&self) -> Report {
        let url = format!("{}/status.json", self.access()["edge_ops"].as_str().unwrap());
        let answer = reqwest::get(url).await.unwrap();
        answer.json().await.unwrap()
    }

    /// Waits until the edge reports that a condition holds.
    pub async fn edge_until(&self, what: &str, condition: impl Fn(&Report) -> bool) -> Report {
        let end = Instant::now() + Duration::from_secs(40);
        loop {
            // The edge itself may be restarting.
            let url = format!("{}/status.json", self.access()["edge_ops"].as_str().unwrap());
            if let Ok(answer) = reqwest::get(url).await
                && let Ok(report) = answer.json::<Report>().await
            {
                if condition(&report) {
                    return report;
                }
                assert!(Instant::now() < end, "waited in vain for {what}: {report:#?}");
            }
            assert!(Instant::now() < end, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Changes the edge's configuration, which it reloads by itself.
    pub fn change_edge(&self, change: impl FnOnce(&mut toml::Table)) {
        let file = self.folder.join("edge.toml");
        let mut config: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        change(config.get_mut("edge").unwrap().as_table_mut().unwrap());
        let fresh = self.folder.join("edge.toml.new");
        std::fs::write(&fresh, config.to_string()).unwrap();
        std::fs::rename(&fresh, &file).unwrap();
    }

    /// Runs a command of the program against this installation, and returns its output.
    pub async fn command(&self, arguments: &[&str]) -> String {
        self.try_command(arguments).await.unwrap_or_else(|printed| panic!("{arguments:?}: {printed}"))
    }

    /// The same; on failure, the output is the error.
    pub async fn try_command(&self, arguments: &[&str]) -> Result<String, String> {
        let config = self.folder.join("guichet-1.toml");
        let done = tokio::process::Command::new(guichet()).args(arguments).arg("--config").arg(config).output();
        let done = done.await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() {
            Ok(text(&done.stdout))
        } else {
            Err(format!("{}{}", text(&done.stdout), text(&done.stderr)))
        }
    }

    /// A client of Sōzu's command socket other than the edge, for fault injection and inspection.
    pub fn sozu(&self) -> Sozu {
        let config: toml::Table = std::fs::read_to_string(self.folder.join("edge.toml")).unwrap().parse().unwrap();
        let socket = PathBuf::from(config["edge"]["sozu_socket"].as_str().unwrap());
        Sozu::start(&socket, &self.folder.join("run/mischief")).unwrap()
    }

    /// Its database, opened as by one of its processes.
    pub fn store(&self) -> guichet::testing::store::Store {
        let config = guichet::testing::config::Config::read(&self.folder.join("guichet-1.toml")).unwrap();
        guichet::testing::store::Store::open(&config.database).unwrap()
    }

    /// Lends it to actors until the test ends, and then stops it.
    pub fn for_this_test(self) -> &'static Self {
        let this: &'static Self = Box::leak(Box::new(self));
        OWN.with_borrow_mut(|own| own.push(Own(this)));
        this
    }

    /// Stops it as Ctrl-C would, and waits for the end.
    pub fn stop(self) {
        self.end();
        wait_for("the supervisor to end", || self.ended());
    }

    /// Asks it to stop.
    fn end(&self) {
        drop(self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn ended(&self) -> bool {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(supervisor.try_wait(), Ok(None))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.end();
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end && !self.ended() {
            std::thread::sleep(LOOK);
        }
    }
}

fn access(folder: &Path) -> Json {
    let text = std::fs::read_to_string(folder.join("access.json")).expect("access.json is written");
    serde_json::from_str(&text).expect("access.json is JSON")
}

/// Waits for the one line on standard output; shows standard error if it does not come.
fn wait_ready(supervisor: &mut Child) -> String {
    let (send, receive) = mpsc::channel();
    let stdout = supervisor.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _gone = send.send(line);
        }
    });
    let (tell, told) = mpsc::channel();
    let stderr = supervisor.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _gone = tell.send(line);
        }
    });
    match receive.recv_timeout(READY) {
        Ok(line) => line.strip_prefix("ready ").expect("the line says ready").to_owned(),
        Err(_) => {
            let _killed = supervisor.kill();
            reader.join().unwrap();
            panic!("the installation did not get ready:\n{}", told.try_iter().collect::<Vec<_>>().join("\n"))
        }
    }
}

/// Waits until a condition holds, at most half a minute.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// Waits until an asynchronous condition holds, at most half a minute.
pub async fn wait_for_async(what: &str, condition: impl AsyncFnMut() -> bool) {
    wait_within(Duration::from_secs(30), what, condition).await;
}

/// The same, with another timeout.
pub async fn wait_within(longest: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + longest;
    while !condition().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(LOOK).await;
    }
}

//! clamd with a base of two signatures, which are made here: no other scanner takes this repository for infected. And one
//! that answers what a test tells it to.

use super::installation::wait_within;
use ring::digest::{SHA256, digest};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the second signature finds.
pub const FAKE_VIRUS: &str = "GUICHET-FAUX-VIRUS-9f1c";
/// Its name, as clamd tells it.
pub const FAKE_VIRUS_NAME: &str = "Test.Guichet.UNOFFICIAL";
/// The first forty bytes of the EICAR test file, hexadecimal.
const EICAR_HEX: &str = "58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e4441";
/// Timeout for clamd to answer, on a loaded machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A scanner of one test.
pub struct Clamd {
    folder: tempfile::TempDir,
    child: Option<Child>,
}

/// The program; nothing is tested without it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join("clamd")).find(|program| program.is_file());
    found.expect(
        "clamd is installed: `make setup` or scripts/setup --with-clamav does it (Debian package clamav-daemon)",
    )
}

impl Clamd {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-clamd-").tempdir().unwrap();
        let base = folder.path().join("base");
        fs::create_dir(&base).unwrap();
        let virus = hex::encode(FAKE_VIRUS);
        fs::write(base.join("test.ndb"), format!("Test.EICAR:0:0:{EICAR_HEX}\nTest.Guichet:0:*:{virus}\n")).unwrap();
        let mut this = Self { folder, child: None };
        let user = if nix::unistd::geteuid().is_root() { "User root\n" } else { "" };
        let text = format!(
            "LocalSocket {}\nForeground yes\nDatabaseDirectory {}\nTemporaryDirectory {}\nStreamMaxLength 30M\n{user}",
            this.socket().display(),
            base.display(),
            this.folder.path().display(),
        );
        fs::write(this.file("clamd.conf"), text).unwrap();
        this.run().await;
        this
    }

    /// Starts it, and waits until it takes connections.
    pub async fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.file("log")).unwrap();
        let mut command = Command::new(program());
        command.arg("--config-file").arg(self.file("clamd.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().expect("clamd starts"));
        wait_within(START_TIMEOUT, "clamd to answer", async || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("clamd ended ({status}):\n{}", fs::read_to_string(self.file("log")).unwrap_or_default());
            }
            UnixStream::connect(self.socket()).is_ok()
        })
        .await;
    }

    /// Kills it immediately.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn socket(&self) -> PathBuf {
        self.file("clamd.sock")
    }

    /// File with the `[scan]` section of a portal.
    pub fn section(&self) -> PathBuf {
        section(self.folder.path(), &format!("unix:{}", self.socket().display()), 60)
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn section(folder: &Path, clamd: &str, timeout_seconds: u32) -> PathBuf {
    let file = folder.join("scan.toml");
    fs::write(&file, format!("[scan]\nclamd = {clamd:?}\ntimeout_seconds = {timeout_seconds}\n")).unwrap();
    file
}

/// What a stand-in answers to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanAnswer {
    Clean,
    Infected,
    /// Bytes without meaning.
    Garbage,
    /// Bytes without end.
    Endless,
    /// The answer of a clean file, without its end.
    Unfinished,
    /// The answer of a clean file, to another question.
    OtherQuestion,
    /// Nothing, while the connection stays open.
    Silence,
    /// What clamd says of a file above its limit: in the middle of it.
    TooLong,
}

struct StandInState {
    answer: ScanAnswer,
    version: String,
    /// How often each file was sent to its end, by its digest.
    scans: BTreeMap<String, usize>,
}

/// A stand-in for clamd, on a TCP port.
pub struct ScannerStandIn {
    folder: tempfile::TempDir,
    port: u16,
    state: Arc<Mutex<StandInState>>,
    task: tokio::task::JoinHandle<()>,
}

impl ScannerStandIn {
    pub async fn start(answer: ScanAnswer, version: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(StandInState { answer, version: version.to_owned(), scans: BTreeMap::new() }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { folder: tempfile::tempdir().unwrap(), port, state, task }
    }

    fn state(&self) -> MutexGuard<'_, StandInState> {
        self.state.lock().unwrap()
    }

    pub fn answer(&self, answer: ScanAnswer) {
        self.state().answer = answer;
    }

    pub fn version(&self, version: &str) {
        self.state().version = version.to_owned();
    }

    /// How often each file was sent to its end, by its digest.
    pub fn scans(&self) -> BTreeMap<String, usize> {
        self.state().scans.clone()
    }

    /// File with the `[scan]` section of a portal, which waits for two seconds.
    pub fn section(&self) -> PathBuf {
        section(self.folder.path(), &format!("127.0.0.1:{}", self.port), 2)
    }
}

impl Drop for ScannerStandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection. Whoever is on the other side may end it at any point.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<StandInState>>) -> std::io::Result<()> {
    let mut command = Vec::new();
    loop {
        match stream.read_u8().await? {
            0 => break,
            byte => command.push(byte),
        }
    }
    if command == b"zVERSION" {
        let version = state.lock().unwrap().version.clone();
        return stream.write_all(format!("{version}\0").as_bytes()).await;
    }
    assert_eq!(command, b"zINSTREAM");
    let answer = state.lock().unwrap().answer;
    if answer == ScanAnswer::TooLong {
        let length = stream.read_u32().await?;
        stream.read_exact(&mut vec![0; length as usize]).await?;
        return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0").await;
    }
    let mut file = Vec::new();
    loop {
        let length = stream.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        let from = file.len();
        file.resize(from + length, 0);
        stream.read_exact(&mut file[from..]).await?;
    }
    *state.lock().unwrap().scans.entry(hex::encode(digest(&SHA256, &file))).or_default() += 1;
    let answer: &[u8] = match answer {
        ScanAnswer::Clean => b"stream: OK\0",
        ScanAnswer::Infected => b"stream: Test.StandIn FOUND\0",
        ScanAnswer::Garbage => b"\xff\xfe\x00OK OK stream: OK\0\0",
        ScanAnswer::Unfinished => b"stream: OK",
        ScanAnswer::OtherQuestion => b"PONG\0stream: OK\0",
        ScanAnswer::Endless => loop {
            stream.write_all(b"stream: OK stream: OK stream: OK ").await?;
        },
        ScanAnswer::Silence | ScanAnswer::TooLong => return std::future::pending().await,
    };
    stream.write_all(answer).await
}

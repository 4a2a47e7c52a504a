//! A separate, empty Sōzu for one test, and what a test configures in it.

use super::installation::wait_for_async;
use axum::{Router, http::StatusCode};
use guichet::testing::{
    config::{Limits, Listen},
    edge::{
        answers,
        certificate::SiteCertificate,
        sozu::Sozu,
        spec::{EdgeSpec, Listeners, Marker},
    },
};
use sozu_command_lib::proto::command::RunState;
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};
use uuid::Uuid;

/// Number of workers.
pub const WORKERS: usize = 2;

/// A running Sōzu; it ends when this value is dropped.
pub struct Rig {
    pub socket: PathBuf,
    folder: tempfile::TempDir,
    main: Child,
}

impl Drop for Rig {
    fn drop(&mut self) {
        // The workers end with the main process.
        self.main.kill().ok();
        self.main.wait().ok();
    }
}

impl Rig {
    /// Starts an empty one.
    pub async fn start() -> Self {
        Self::beginning_with(b"").await
    }

    /// Starts one that loads a saved state first.
    pub async fn beginning_with(saved: &[u8]) -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-rig-").tempdir().unwrap();
        let (socket, config, state) =
            (folder.path().join("s.sock"), folder.path().join("sozu.toml"), folder.path().join("saved.state"));
        std::fs::write(&state, saved).unwrap();
        let text = format!(
            "command_socket = {socket:?}\nsaved_state = {state:?}\ncommand_buffer_size = 1000000\n\
             max_command_buffer_size = 16777216\nworker_count = {WORKERS}\nworker_automatic_restart = true\n\
             handle_process_affinity = false\nbuffer_size = 16393\nmax_connections = 200\nlog_level = \"error\"\n\
             access_logs_target = \"file:///dev/null\"\nlog_target = \"stdout\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let program = std::env::var("GUICHET_SOZU").expect("GUICHET_SOZU names Sōzu's program");
        let mut command = Command::new(program);
        command.args(["start", "--config"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
        let rig = Self { socket, main: command.spawn().unwrap(), folder };
        let sozu = rig.sozu();
        wait_for_async("Sōzu's workers", async || {
            tokio::task::yield_now().await;
            let workers = sozu.workers().await.unwrap_or_default();
            workers.iter().filter(|worker| worker.run_state() == RunState::Running).count() == WORKERS
        })
        .await;
        rig
    }

    /// The main process.
    pub fn pid(&self) -> u32 {
        self.main.id()
    }

    /// A client, with the rig's folder for saved states.
    pub fn sozu(&self) -> Sozu {
        Sozu::start(&self.socket, &self.state_dir()).unwrap()
    }

    /// The folder in which saved states are exchanged.
    pub fn state_dir(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The rig's own folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// An address on which nothing listens.
pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An id derived from a name of at most 16 letters.
pub fn id(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Uuid::from_bytes(bytes)
}

/// The desired state of an edge: these hosts below `sites.test` with a certificate, and these processes.
pub fn spec(hosts: &[&str], processes: &[(&str, SocketAddr)]) -> EdgeSpec {
    let issued = rcgen::generate_simple_self_signed(["*.sites.test".to_owned()]).unwrap();
    let certificate = SiteCertificate::parse(issued.cert.pem(), issued.signing_key.serialize_pem()).unwrap();
    EdgeSpec {
        epoch: 1,
        listeners: Listeners {
            http: free(),
            https: free(),
            public_port: 443,
            hsts_seconds: 60,
            limits: Limits::default(),
            workers: 2,
            answers: answers::pages(),
        },
        certificates: vec![certificate],
        sites: [("portal".to_owned(), hosts.iter().map(|host| (*host).to_owned()).collect())].into(),
        processes: processes.iter().map(|(name, at)| (id(name), Listen::Tcp(*at))).collect(),
        challenges: None,
        marker: Marker("rig".into()),
    }
}

/// A process that answers every request with the status in the cell.
pub async fn process() -> (SocketAddr, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    let told = status.clone();
    let router = Router::new().fallback(async move || StatusCode::from_u16(told.load(Ordering::Relaxed)).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, status)
}

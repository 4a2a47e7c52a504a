//! A closed loop of requests over TLS that counts every result by kind, as strict as the most impatient browser.

use super::{Actor, Installation, sample};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Timeout for a response.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one client does repeatedly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A page, on a persistent connection.
    Kept,
    /// A page, each time on a new connection.
    Fresh,
    /// A page that takes 300 ms.
    Slow,
    /// An evaluation.
    Post,
    /// A piece of a dossier, uploaded in parts.
    Upload,
}

/// Results by kind.
#[derive(Debug, Default)]
pub struct Tally {
    pub outcomes: BTreeMap<String, usize>,
    /// Fingerprints of the certificates seen.
    pub certificates: BTreeSet<String>,
    /// Longest time between two successful responses of one client, and its offset from the start.
    pub longest_gap: Duration,
}

impl Tally {
    /// Everything except 2xx and 3xx.
    pub fn failures(&self) -> Vec<(&String, &usize)> {
        let good = |kind: &str| {
            kind.rsplit(' ').next().and_then(|status| status.parse().ok()).is_some_and(|s: u16| (200..400).contains(&s))
        };
        self.outcomes.iter().filter(|(kind, _)| !good(kind)).collect()
    }

    pub fn good(&self) -> usize {
        self.outcomes.values().sum::<usize>() - self.failures().iter().map(|(_, count)| **count).sum::<usize>()
    }

    #[track_caller]
    pub fn expect_no_failure(&self, what: &str) {
        eprintln!("{what}: {} good answers, {:?}", self.good(), self.outcomes);
        assert!(self.failures().is_empty(), "{what}: {:?}", self.failures());
        assert!(self.good() > 50, "{what}: hardly any request was made: {:?}", self.outcomes);
    }
}

/// A load in progress.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
    tally: Arc<Mutex<Tally>>,
}

/// What the clients share.
struct World {
    address: SocketAddr,
    tls: TlsConnector,
    token: String,
    evaluation: String,
    upload: (String, Vec<u8>),
}

impl Load {
    /// Starts clients against an installation; they trust only its authority.
    pub async fn start(at: &'static Installation, manners: &[(Manner, usize)]) -> Self {
        let port = at.url.rsplit(':').next().unwrap().parse().unwrap();
        Self::start_on(at, port, manners).await
    }

    /// The same through another HTTPS port.
    pub async fn start_on(at: &'static Installation, port: u16, manners: &[(Manner, usize)]) -> Self {
        let uploads = manners.iter().any(|(manner, _)| *manner == Manner::Upload);
        let world = Arc::new(World::of(at, port, uploads).await);
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Tally::default())));
        let mut clients = JoinSet::new();
        for (manner, count) in manners {
            for _ in 0..*count {
                clients.spawn(client(world.clone(), *manner, stop.clone(), tally.clone()));
            }
        }
        let load = Self { stop, clients, tally };
        super::installation::wait_for_async("the load to flow", async || {
            tokio::task::yield_now().await;
            load.good() > 20
        })
        .await;
        load
    }

    /// Successful responses so far.
    pub fn good(&self) -> usize {
        self.tally.lock().unwrap().good()
    }

    /// Waits for the requests in progress, and returns all results.
    pub async fn stop(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.tally.lock().unwrap())
    }
}

impl World {
    async fn of(at: &'static Installation, port: u16, uploads: bool) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(&at.ca) {
            roots.add(authority.unwrap()).unwrap();
        }
        let _first = rustls::crypto::ring::default_provider().install_default();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        let token = at.token("applicant_token");
        let mut program = Actor::at(at);
        program.bear(&token);
        let dossier = sample::sample(sample::today());
        let upload = if uploads {
            let id = sample::complete_by_api(&mut program, &dossier).await;
            let piece = &dossier.pieces[0];
            let issued = piece.issued.map(|day| day.to_string()).unwrap_or_default();
            let path = format!("/api/v1/dossiers/{id}/pieces/{}?issued={issued}&name=load.pdf", piece.code);
            (path, sample::piece(&piece.file))
        } else {
            (String::new(), Vec::new())
        };
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            tls: TlsConnector::from(Arc::new(config)),
            token,
            evaluation: serde_json::json!({ "round": dossier.round, "document": dossier.answers, "pieces": [] })
                .to_string(),
            upload,
        }
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, String> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| format!("connect: {:?}", error.kind()))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let name = ServerName::try_from("localhost").unwrap();
        self.tls.connect(name, stream).await.map_err(|error| format!("tls: {error}"))
    }

    /// Head and parts of the body.
    fn request(&self, manner: Manner) -> (String, Vec<&[u8]>) {
        let port = self.address.port();
        let head = |verb: &str, path: &str, more: &str| {
            format!("{verb} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{more}\r\n")
        };
        match manner {
            Manner::Kept | Manner::Fresh => (head("GET", "/legal", ""), Vec::new()),
            Manner::Slow => (head("GET", "/legal", "x-test-slow: 300\r\n"), Vec::new()),
            Manner::Post => {
                let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", self.evaluation.len());
                let path = "/api/v1/calls/hyper-open-x/evaluation";
                (head("POST", path, &more), vec![self.evaluation.as_bytes()])
            }
            Manner::Upload => {
                let (path, bytes) = &self.upload;
                let more = format!("Authorization: Bearer {}\r\nContent-Length: {}\r\n", self.token, bytes.len());
                (head("PUT", path, &more), bytes.chunks(bytes.len() / 4 + 1).collect())
            }
        }
    }
}

async fn client(world: Arc<World>, manner: Manner, stop: Arc<AtomicBool>, tally: Arc<Mutex<Tally>>) {
    let mut kept: Option<TlsStream<TcpStream>> = None;
    let mut last_good = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let reused = kept.is_some();
        let outcome = timeout(PATIENCE, once(&world, manner, &mut kept, &tally)).await;
        let good = matches!(&outcome, Ok(Ok(200..300)));
        let kind = match outcome {
            Ok(Ok(status)) => format!("{manner:?} {status}"),
            Ok(Err(error)) if reused => format!("{manner:?} on a keep-alive connection, {error}"),
            Ok(Err(error)) => format!("{manner:?} {error}"),
            Err(_) => format!("{manner:?} timeout"),
        };
        if !good || manner == Manner::Fresh {
            kept = None;
        }
        note(&tally, kind, good.then(|| last_good.elapsed()));
        if good {
            last_good = Instant::now();
        }
        // A refused connection fails immediately, and the machine needs time for other work.
        tokio::time::sleep(Duration::from_millis(if good { 1 } else { 5 })).await;
    }
}

fn note(tally: &Mutex<Tally>, kind: String, gap: Option<Duration>) {
    let mut tally = tally.lock().unwrap();
    *tally.outcomes.entry(kind).or_default() += 1;
    tally.longest_gap = tally.longest_gap.max(gap.unwrap_or_default());
}

async fn once(
    world: &World,
    manner: Manner,
    kept: &mut Option<TlsStream<TcpStream>>,
    tally: &Mutex<Tally>,
) -> Result<u16, String> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => {
            let stream = world.connect().await?;
            let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).unwrap();
            let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, leaf));
            tally.lock().unwrap().certificates.insert(digest);
            stream
        }
    };
    let (head, parts) = world.request(manner);
    stream.write_all(head.as_bytes()).await.map_err(|error| format!("write: {:?}", error.kind()))?;
    for (number, part) in parts.into_iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        stream.write_all(part).await.map_err(|error| format!("write body: {:?}", error.kind()))?;
    }
    let (status, close) = answer(&mut stream).await?;
    if !close {
        *kept = Some(stream);
    }
    Ok(status)
}

async fn answer(stream: &mut TlsStream<TcpStream>) -> Result<(u16, bool), String> {
    let mut seen = Vec::new();
    let mut part = [0; 16384];
    loop {
        let read = stream.read(&mut part).await.map_err(|error| format!("read: {:?}", error.kind()))?;
        if read == 0 {
            return Err(if seen.is_empty() { "end before the answer" } else { "end within the answer" }.into());
        }
        seen.extend_from_slice(&part[..read]);
        let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| format!("no status in {head:?}"))?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let chunked = head.contains("transfer-encoding: chunked");
        let whole = match length {
            Some(length) => seen.len() >= end + 4 + length,
            None if chunked => seen.ends_with(b"0\r\n\r\n"),
            None => true,
        };
        if whole {
            return Ok((status, head.contains("connection: close")));
        }
    }
}

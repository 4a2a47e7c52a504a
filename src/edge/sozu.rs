//! The one conversation with Sōzu: a thread that owns the command socket and has one request in flight at a time.
//!
//! Sōzu drops all but the last of several requests that it reads at once, and answers carry no id. So there is no
//! pipelining, and after a timeout the connection is dropped: a late answer must not be taken for the next one.

use sozu_command_lib::{
    channel::{Channel, ChannelError},
    parser::parse_several_requests,
    proto::command::{
        QueryCertificatesFilters, QueryClustersHashes, Request, Response, ResponseStatus, WorkerRequest,
        request::RequestType, response_content::ContentType,
    },
    state::ConfigState,
};
use std::{
    collections::BTreeMap,
    fs, io,
    os::{
        fd::OwnedFd,
        unix::{fs::DirBuilderExt, fs::PermissionsExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Sōzu itself waits 10 s for its workers; giving up before that would leave every slow order in doubt.
const TIMEOUT: Duration = Duration::from_secs(20);
/// First size of the buffers of a connection, bytes.
const BUFFER: u64 = 16 << 10;
/// Largest message, bytes: lists of certificates and of hashes grow with the sites.
const LARGEST: u64 = 256 << 20;

/// Why Sōzu did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SozuError {
    /// Nobody listens on the command socket.
    #[error("cannot reach Sōzu on {socket}")]
    Unreachable {
        /// The command socket.
        socket: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The exchange broke off; whether the order was carried out is unknown.
    #[error("the exchange with Sōzu broke off")]
    Channel(#[from] ChannelError),
    /// Sōzu said no.
    #[error("Sōzu refused {verb}: {message}")]
    Refused {
        /// The order.
        verb: String,
        /// Sōzu's words.
        message: String,
    },
    /// Sōzu said yes, and something that does not fit.
    #[error("Sōzu's answer to {verb} cannot be understood")]
    Misunderstood {
        /// The order.
        verb: String,
    },
    /// The state that Sōzu saved cannot be read back.
    #[error("cannot read back Sōzu's state: {0}")]
    State(String),
    /// A folder or file of the edge's own.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The thread has ended.
    #[error("the thread that speaks with Sōzu has ended")]
    Gone,
}

impl SozuError {
    /// Whether Sōzu itself judged the order, so that the connection and the other orders are not in doubt.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

struct Job {
    request: RequestType,
    answer: oneshot::Sender<Result<Response, SozuError>>,
}

/// A handle on the conversation.
#[derive(Debug)]
pub struct Sozu {
    jobs: mpsc::Sender<Job>,
    state_dir: PathBuf,
}

impl Sozu {
    /// Starts the thread; it connects when first asked for something, and again after each failure.
    ///
    /// # Errors
    /// When the folder for saved states cannot be made private to us, or no thread can be started.
    pub fn start(socket: &Path, state_dir: &Path) -> Result<Self, SozuError> {
        let state_dir = private_folder(state_dir)?;
        let socket = socket.to_path_buf();
        let (jobs, inbox) = mpsc::channel();
        thread::Builder::new()
            .name("sozu".into())
            .spawn(move || converse(&socket, &inbox))
            .map_err(|source| SozuError::File { path: "thread".into(), source })?;
        Ok(Self { jobs, state_dir })
    }

    /// Gives one order, or asks one question, and waits for the final answer.
    ///
    /// # Errors
    /// See [`SozuError`].
    pub async fn call(&self, request: RequestType) -> Result<Response, SozuError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { request, answer }).map_err(|_| SozuError::Gone)?;
        answered.await.map_err(|_| SozuError::Gone)?
    }

    /// Reads the state that Sōzu is in.
    ///
    /// # Errors
    /// See [`SozuError`].
    pub async fn observe(&self) -> Result<ConfigState, SozuError> {
        let path = self.state_dir.join("observed.state");
        let saved = self.call(RequestType::SaveState(path.to_string_lossy().into_owned())).await;
        let text = saved.and_then(|_| fs::read(&path).map_err(|source| SozuError::File { path: path.clone(), source }));
        // The file holds private keys: it goes, whatever became of the reading.
        if let Err(source) = fs::remove_file(&path)
            && source.kind() != io::ErrorKind::NotFound
        {
            return Err(SozuError::File { path, source });
        }
        read_state(&text?)
    }

    /// Hashes of all clusters as the main process (`main`) and each worker (its number) see them.
    ///
    /// # Errors
    /// See [`SozuError`].
    pub async fn hashes(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, SozuError> {
        self.by_process(RequestType::QueryClustersHashes(QueryClustersHashes {}), |content| match content {
            ContentType::ClusterHashes(hashes) => Some(hashes.map),
            _ => None,
        })
        .await
    }

    /// Fingerprints of the certificates that each worker serves for a host.
    ///
    /// # Errors
    /// See [`SozuError`].
    pub async fn fingerprints(&self, host: &str) -> Result<BTreeMap<String, Vec<String>>, SozuError> {
        let filters = QueryCertificatesFilters { domain: Some(host.into()), fingerprint: None };
        self.by_process(RequestType::QueryCertificatesFromWorkers(filters), |content| match content {
            ContentType::CertificatesByAddress(list) => {
                let summaries = list.certificates.into_iter().flat_map(|one| one.certificate_summaries);
                Some(summaries.map(|summary| summary.fingerprint).collect())
            }
            _ => None,
        })
        .await
    }

    async fn by_process<T>(
        &self,
        question: RequestType,
        read: fn(ContentType) -> Option<T>,
    ) -> Result<BTreeMap<String, T>, SozuError> {
        let verb = verb(&question);
        let misunderstood = || SozuError::Misunderstood { verb: verb.clone() };
        let response = self.call(question).await?;
        let Some(ContentType::WorkerResponses(responses)) = response.content.and_then(|content| content.content_type)
        else {
            return Err(misunderstood());
        };
        let read = |(process, content): (String, _)| {
            let content: sozu_command_lib::proto::command::ResponseContent = content;
            Ok((process, content.content_type.and_then(read).ok_or_else(misunderstood)?))
        };
        responses.map.into_iter().map(read).collect()
    }
}

fn private_folder(path: &Path) -> Result<PathBuf, SozuError> {
    let failed = |source| SozuError::File { path: path.into(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    // Sōzu writes there from a working folder of its own.
    path.canonicalize().map_err(failed)
}

fn read_state(text: &[u8]) -> Result<ConfigState, SozuError> {
    // The parser's own message quotes the text, keys included.
    let (rest, requests) = parse_several_requests::<WorkerRequest>(text)
        .map_err(|_| SozuError::State("it is not a list of orders".into()))?;
    if !rest.is_empty() {
        return Err(SozuError::State(format!("{} bytes are left over", rest.len())));
    }
    let mut state = ConfigState::new();
    for request in requests {
        state.dispatch(&request.content).map_err(|error| SozuError::State(error.to_string()))?;
    }
    Ok(state)
}

fn verb(request: &RequestType) -> String {
    Request::from(request.clone()).short_name().to_owned()
}

fn converse(socket: &Path, inbox: &mpsc::Receiver<Job>) {
    let mut connection = None;
    while let Ok(Job { request, answer }) = inbox.recv() {
        let outcome = exchange(socket, &mut connection, request);
        if outcome.as_ref().is_err_and(|error| !error.is_refusal()) {
            connection = None;
        }
        // Whoever asked may have stopped waiting; the order was given all the same.
        drop(answer.send(outcome));
    }
}

type Connection = Channel<Request, Response>;

fn exchange(socket: &Path, connection: &mut Option<Connection>, request: RequestType) -> Result<Response, SozuError> {
    let channel = match connection {
        Some(channel) => channel,
        None => connection.insert(connect(socket)?),
    };
    let verb = verb(&request);
    channel.write_message(&request.into())?;
    loop {
        let response = channel.read_message_blocking_timeout(Some(TIMEOUT))?;
        match response.status() {
            ResponseStatus::Processing => {}
            ResponseStatus::Ok => return Ok(response),
            ResponseStatus::Failure => return Err(SozuError::Refused { verb, message: response.message }),
        }
    }
}

fn connect(socket: &Path) -> Result<Connection, SozuError> {
    let stream = UnixStream::connect(socket)
        .and_then(|stream| stream.set_write_timeout(Some(TIMEOUT)).map(|()| stream))
        .map_err(|source| SozuError::Unreachable { socket: socket.into(), source })?;
    let mut channel = Channel::new(OwnedFd::from(stream).into(), BUFFER, LARGEST);
    channel.blocking()?;
    Ok(channel)
}

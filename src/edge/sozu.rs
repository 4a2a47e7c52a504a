//! The connection to Sōzu: the queries and commands of the edge.

mod connection;
mod events;
mod state;
mod traffic;
mod version;

pub use connection::CommandGuard;
pub use events::{Events, SozuEvent};
pub use state::LoadResult;
pub use traffic::Traffic;
pub use version::{SUPPORTED_SOZU_VERSION, main_pid, version_of};

use connection::{CommandConnection, PendingRequest, Reply, request_name};
use sozu_command_lib::{
    channel::ChannelError,
    proto::command::{
        CloseSessions, ListWorkers, QueryCertificatesFilters, QueryClustersHashes, Response, ResponseContent,
        WorkerInfo, request::RequestType, response_content::ContentType,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Sōzu itself waits 10 s for its workers. A shorter time-out would leave the result of every slow command unknown.
const REPLY_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a request to Sōzu failed.
#[derive(Debug, thiserror::Error)]
pub enum SozuError {
    /// Nothing listens on the command socket.
    #[error("cannot reach Sōzu on {socket}")]
    Unreachable {
        /// The command socket.
        socket: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The exchange broke off; whether the command was carried out is unknown.
    #[error("the exchange with Sōzu broke off")]
    Channel(#[from] ChannelError),
    /// Sōzu refused the request.
    #[error("Sōzu refused {request}: {message}")]
    Refused {
        /// Name of the request.
        request: String,
        /// Sōzu's message.
        message: String,
    },
    /// Sōzu's answer has an unexpected content.
    #[error("Sōzu's answer to {request} cannot be understood")]
    Misunderstood {
        /// Name of the request.
        request: String,
    },
    /// The state that Sōzu saved cannot be read back.
    #[error("cannot read back Sōzu's state: {0}")]
    State(String),
    /// A folder or file of the edge cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// This edge does not hold the lease.
    #[error("{request} was not sent: this edge does not hold the lease")]
    NotLeader {
        /// Name of the request.
        request: String,
    },
    /// The process that answers cannot be determined.
    #[error("cannot tell which program answers on {socket}")]
    Peer {
        /// The command socket.
        socket: PathBuf,
        /// The reason.
        source: io::Error,
    },
    #[error("the thread that speaks with Sōzu has ended")]
    ThreadEnded,
}

impl SozuError {
    /// Whether only this request failed, so that the connection and the other requests are not in doubt.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotLeader { .. })
    }
}

/// A handle of the connection.
pub struct Sozu {
    requests: mpsc::Sender<PendingRequest>,
    guard: Arc<Mutex<Option<CommandGuard>>>,
    state_dir: PathBuf,
}

impl std::fmt::Debug for Sozu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sozu").field("state_dir", &self.state_dir).finish_non_exhaustive()
    }
}

/// Listener, name and fingerprint of each certificate that one worker serves.
pub type ServedCertificates = BTreeSet<(SocketAddr, String, String)>;

impl Sozu {
    /// Starts the thread. It connects at the first request, and again after each failure.
    pub fn start(socket: &Path, state_dir: &Path) -> Result<Self, SozuError> {
        Self::with_timeout(socket, state_dir, REPLY_TIMEOUT)
    }

    /// Starts the thread with another time-out for answers.
    pub fn with_timeout(socket: &Path, state_dir: &Path, timeout: Duration) -> Result<Self, SozuError> {
        let state_dir = state::private_folder(state_dir)?;
        state::remove_leftovers(&state_dir);
        let guard: Arc<Mutex<Option<CommandGuard>>> = Arc::default();
        let connection = CommandConnection { socket: socket.to_path_buf(), timeout, guard: guard.clone() };
        let (requests, inbox) = mpsc::channel();
        thread::Builder::new()
            .name("sozu".into())
            .spawn(move || connection.run(&inbox))
            .map_err(|source| SozuError::File { path: "thread".into(), source })?;
        Ok(Self { requests, guard, state_dir })
    }

    /// Sets the guard that is asked before every command.
    pub fn set_command_guard(&self, guard: CommandGuard) {
        *self.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }

    /// Sends one command or query, and waits for the final answer.
    pub async fn call(&self, request: RequestType) -> Result<Response, SozuError> {
        self.exchange(request).await?.outcome
    }

    async fn exchange(&self, request: RequestType) -> Result<Reply, SozuError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(PendingRequest { request, answer }).map_err(|_| SozuError::ThreadEnded)?;
        answered.await.map_err(|_| SozuError::ThreadEnded)
    }

    /// Sōzu's workers, stopped ones included.
    pub async fn workers(&self) -> Result<Vec<WorkerInfo>, SozuError> {
        let query = RequestType::ListWorkers(ListWorkers {});
        let name = request_name(&query);
        match self.call(query).await?.content.and_then(|content| content.content_type) {
            Some(ContentType::Workers(workers)) => Ok(workers.vec),
            _ => Err(SozuError::Misunderstood { request: name }),
        }
    }

    /// Hashes of all clusters as the main process (`main`) and each worker (its number) see them.
    pub async fn hashes(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, SozuError> {
        self.by_process(RequestType::QueryClustersHashes(QueryClustersHashes {}), |content| match content {
            ContentType::ClusterHashes(hashes) => Some(hashes.map),
            _ => None,
        })
        .await
    }

    /// The certificates that each worker serves.
    pub async fn served_certificates(&self) -> Result<BTreeMap<String, ServedCertificates>, SozuError> {
        let all = QueryCertificatesFilters { domain: None, fingerprint: None };
        self.by_process(RequestType::QueryCertificatesFromWorkers(all), |content| match content {
            ContentType::CertificatesByAddress(list) => {
                let summaries = list.certificates.into_iter().flat_map(|one| {
                    let address = SocketAddr::from(one.address);
                    one.certificate_summaries.into_iter().map(move |seen| (address, seen.domain, seen.fingerprint))
                });
                Some(summaries.collect())
            }
            _ => None,
        })
        .await
    }

    /// Closes the idle sessions that hold a connection to a process, and the others once their request is answered.
    /// Returns their number over all workers: at 0, no worker has a connection to the process any more.
    pub async fn close_sessions(&self, cluster: &str, backend: &str) -> Result<u64, SozuError> {
        let request = CloseSessions { cluster_id: cluster.into(), backend_id: Some(backend.into()), address: None };
        let found = self.by_process(RequestType::CloseSessions(request), |content| match content {
            ContentType::ClosedSessions(sessions) => Some(sessions.closed + sessions.draining),
            _ => None,
        });
        Ok(found.await?.values().sum())
    }

    /// Replaces a worker by a new one with the main process' state.
    pub async fn upgrade_worker(&self, id: u32) -> Result<(), SozuError> {
        self.call(RequestType::UpgradeWorker(id)).await.map(drop)
    }

    async fn by_process<T>(
        &self,
        request: RequestType,
        read: fn(ContentType) -> Option<T>,
    ) -> Result<BTreeMap<String, T>, SozuError> {
        let name = request_name(&request);
        let misunderstood = || SozuError::Misunderstood { request: name.clone() };
        let response = self.call(request).await?;
        let Some(ContentType::WorkerResponses(responses)) = response.content.and_then(|content| content.content_type)
        else {
            return Err(misunderstood());
        };
        let read = |(process, content): (String, ResponseContent)| {
            Ok((process, content.content_type.and_then(read).ok_or_else(misunderstood)?))
        };
        responses.map.into_iter().map(read).collect()
    }
}

//! The thread that owns the command socket and has one request in flight at a time.
//!
//! Sōzu drops all but the last of several requests that it reads at once, and answers carry no id. So there is no
//! pipelining, and after a time-out the connection is dropped: a late answer must not be taken for the next one.

use super::SozuError;
use sozu_command_lib::{
    channel::Channel,
    proto::command::{Request, Response, ResponseStatus, request::RequestType},
};
use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};
use tokio::sync::oneshot;

/// Enough for most answers; the buffer grows up to the limit.
const INITIAL_BUFFER_BYTES: u64 = 16 << 10;
/// Lists of certificates and of hashes grow with the number of sites.
const MAX_MESSAGE_BYTES: u64 = 256 << 20;

/// Whether a command may be sent now; asked right before each one.
pub type CommandGuard = Arc<dyn Fn() -> bool + Send + Sync>;

pub(super) struct PendingRequest {
    pub request: RequestType,
    pub answer: oneshot::Sender<Reply>,
}

/// All messages that answer one request.
pub(super) struct Reply {
    /// Messages before the final one. Only these report that some of many commands were skipped.
    pub progress_messages: Vec<String>,
    pub outcome: Result<Response, SozuError>,
}

pub(super) struct CommandConnection {
    pub socket: PathBuf,
    pub timeout: Duration,
    pub guard: Arc<Mutex<Option<CommandGuard>>>,
}

pub(super) type CommandChannel = Channel<Request, Response>;

impl CommandConnection {
    pub fn run(&self, inbox: &mpsc::Receiver<PendingRequest>) {
        let mut connection = None;
        while let Ok(PendingRequest { request, answer }) = inbox.recv() {
            let mut progress_messages = Vec::new();
            let outcome = self.exchange(&mut connection, request, &mut progress_messages);
            if outcome.as_ref().is_err_and(|error| !error.is_refusal()) {
                connection = None;
            }
            // The caller may have stopped waiting; the command was sent nevertheless.
            drop(answer.send(Reply { progress_messages, outcome }));
        }
    }

    fn exchange(
        &self,
        connection: &mut Option<CommandChannel>,
        request: RequestType,
        progress_messages: &mut Vec<String>,
    ) -> Result<Response, SozuError> {
        let channel = match connection {
            Some(channel) => channel,
            None => connection.insert(connect(&self.socket, self.timeout)?),
        };
        let name = request_name(&request);
        if changes(&request) && !self.may_command() {
            return Err(SozuError::NotLeader { request: name });
        }
        channel.write_message(&request.into())?;
        loop {
            let response = channel.read_message_blocking_timeout(Some(self.timeout))?;
            match response.status() {
                ResponseStatus::Processing => progress_messages.push(response.message),
                ResponseStatus::Ok => return Ok(response),
                ResponseStatus::Failure => return Err(SozuError::Refused { request: name, message: response.message }),
            }
        }
    }

    fn may_command(&self) -> bool {
        let guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        guard.is_none_or(|guard| guard())
    }
}

/// Whether a request changes what Sōzu serves. Queries need no lease.
fn changes(request: &RequestType) -> bool {
    !matches!(
        request,
        RequestType::SaveState(_)
            | RequestType::ListWorkers(_)
            | RequestType::ListListeners(_)
            | RequestType::ListFrontends(_)
            | RequestType::Status(_)
            | RequestType::QueryClusterById(_)
            | RequestType::QueryClustersHashes(_)
            | RequestType::QueryMetrics(_)
            | RequestType::QueryCertificatesFromWorkers(_)
            | RequestType::SetMetricDetail(_)
            | RequestType::SubscribeEvents(_)
    )
}

/// Name of a request, for messages.
pub(super) fn request_name(request: &RequestType) -> String {
    Request::from(request.clone()).short_name().to_owned()
}

pub(super) fn connect(socket: &Path, timeout: Duration) -> Result<CommandChannel, SozuError> {
    let stream = UnixStream::connect(socket)
        .and_then(|stream| stream.set_write_timeout(Some(timeout)).map(|()| stream))
        .map_err(|source| SozuError::Unreachable { socket: socket.into(), source })?;
    let mut channel = Channel::new(OwnedFd::from(stream).into(), INITIAL_BUFFER_BYTES, MAX_MESSAGE_BYTES);
    channel.blocking()?;
    Ok(channel)
}

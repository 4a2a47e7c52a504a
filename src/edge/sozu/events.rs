//! Sōzu's events, on a separate connection. They are only hints: some never come, and they do not replace observation.

use super::connection::connect;
use sozu_command_lib::proto::command::{
    Event, EventKind, SubscribeEvents, request::RequestType, response_content::ContentType,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::sync::mpsc;

/// Short, because an event that is missed meanwhile is only found by the next check.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two checks whether the receiver still exists.
const STOP_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// As long as other requests may take; see `REPLY_TIMEOUT`.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// An event of Sōzu, or of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SozuEvent {
    /// The connection was made.
    Connected,
    /// The connection was lost: Sōzu has ended, or closed it.
    Lost,
    /// One worker has no more connections to a backend that was removed.
    Drained {
        /// Id of the backend.
        backend: String,
    },
    /// Something was changed, perhaps by this edge.
    Changed {
        /// What kind of change.
        what: String,
    },
    /// The main process or a worker was replaced.
    Upgraded,
}

/// The listening thread; it ends when this value is dropped.
#[derive(Debug)]
pub struct Events(Arc<AtomicBool>);

impl Drop for Events {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Events {
    /// Starts to listen; it reconnects by itself.
    #[must_use]
    pub fn start(socket: &Path) -> (Self, mpsc::UnboundedReceiver<SozuEvent>) {
        let (sender, events) = mpsc::unbounded_channel();
        let ended = Arc::new(AtomicBool::new(false));
        let (socket, stop) = (socket.to_path_buf(), ended.clone());
        let spawned = thread::Builder::new().name("sozu-events".into()).spawn(move || listen(&socket, &sender, &stop));
        if let Err(error) = spawned {
            tracing::warn!("Sōzu's events are not listened to: {error}");
        }
        (Self(ended), events)
    }
}

fn listen(socket: &Path, sender: &mpsc::UnboundedSender<SozuEvent>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) && !sender.is_closed() {
        // The other connection reports why Sōzu cannot be reached.
        if subscribe(socket, sender, stop).is_ok_and(|connected| connected) {
            drop(sender.send(SozuEvent::Lost));
        }
        thread::sleep(RECONNECT_INTERVAL);
    }
}

/// Listens until the connection breaks; true when it was made at all.
fn subscribe(
    socket: &Path,
    sender: &mpsc::UnboundedSender<SozuEvent>,
    stop: &AtomicBool,
) -> Result<bool, super::SozuError> {
    let mut channel = connect(socket, SEND_TIMEOUT)?;
    channel.write_message(&RequestType::SubscribeEvents(SubscribeEvents {}).into())?;
    drop(sender.send(SozuEvent::Connected));
    while !stop.load(Ordering::Relaxed) && !sender.is_closed() {
        match channel.read_message_blocking_timeout(Some(STOP_CHECK_INTERVAL)) {
            Ok(response) => {
                if let Some(ContentType::Event(event)) = response.content.and_then(|content| content.content_type)
                    && let Some(event) = read(event)
                {
                    drop(sender.send(event));
                }
            }
            Err(sozu_command_lib::channel::ChannelError::TimeoutReached(_)) => {}
            Err(_) => return Ok(true),
        }
    }
    Ok(true)
}

fn read(event: Event) -> Option<SozuEvent> {
    use EventKind as K;
    match event.kind() {
        K::RemovedBackendHasNoConnections => Some(SozuEvent::Drained { backend: event.backend_id? }),
        K::MainUpgraded | K::WorkerUpgraded => Some(SozuEvent::Upgraded),
        kind @ (K::ClusterAdded
        | K::ClusterRemoved
        | K::FrontendAdded
        | K::FrontendRemoved
        | K::CertificateAdded
        | K::CertificateRemoved
        | K::CertificateReplaced
        | K::ListenerActivated
        | K::ListenerDeactivated
        | K::ListenerAdded
        | K::ListenerRemoved
        | K::ListenerUpdated
        | K::ConfigurationReloaded
        | K::StateLoaded) => Some(SozuEvent::Changed { what: kind.as_str_name().to_lowercase() }),
        _ => None,
    }
}

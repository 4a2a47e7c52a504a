//! Which Sōzu answers: its protocol has no greeting, and a state of another version could be misread in silence.

use super::SozuError;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::{io, os::unix::net::UnixStream, path::Path, time::Duration};
use tokio::{process::Command, time::timeout};

/// The version whose protocol this program speaks.
pub const LIBRARY: &str = "2.3.3";
/// Longest time that a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process that answers on a command socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process id.
    pub pid: u32,
    /// Its version; nothing when its program cannot be read.
    pub version: Option<String>,
}

/// Asks the program that listens on a command socket for its version.
///
/// # Errors
/// When nobody listens.
pub async fn version_of(socket: &Path) -> Result<Peer, SozuError> {
    let unreachable = |source| SozuError::Unreachable { socket: socket.into(), source };
    let stream = UnixStream::connect(socket).map_err(unreachable)?;
    let credentials = getsockopt(&stream, PeerCredentials)
        .map_err(|error| SozuError::Peer { socket: socket.into(), source: io::Error::from(error) })?;
    let pid = u32::try_from(credentials.pid()).unwrap_or(0);
    drop(stream);
    // Run through the link itself: it leads to the very program, even when its file was replaced since.
    let told = Command::new(format!("/proc/{pid}/exe")).arg("--version").kill_on_drop(true).output();
    let told = timeout(PATIENCE, told).await;
    let version = match told {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).split_whitespace().find_map(version_word),
        _ => None,
    };
    Ok(Peer { pid, version })
}

fn version_word(word: &str) -> Option<String> {
    let word = word.trim_matches(',');
    let digits = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    digits.then(|| word.to_owned())
}

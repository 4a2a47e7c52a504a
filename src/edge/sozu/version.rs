//! The version of the Sōzu that answers. Its protocol has no greeting, and a state of another version could be misread.

use super::SozuError;
use crate::store::embedded::Stat;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::{fs, io, os::unix::net::UnixStream, path::Path, time::Duration};
use tokio::{process::Command, time::timeout};

/// The version whose protocol and states this program reads.
pub const SUPPORTED_SOZU_VERSION: &str = "2.3.3";
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);

/// The process that answers on a command socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process id.
    pub pid: u32,
    /// Its version; nothing when its program cannot be run.
    pub version: Option<String>,
}

/// Runs the program that listens on a command socket to get its version.
pub async fn version_of(socket: &Path) -> Result<Peer, SozuError> {
    let pid = main_pid(socket).await?;
    // The link leads to the running program, even when its file was replaced since.
    let run = Command::new(format!("/proc/{pid}/exe")).arg("--version").kill_on_drop(true).output();
    let version = match timeout(VERSION_TIMEOUT, run).await {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).split_whitespace().find_map(as_version),
        _ => None,
    };
    Ok(Peer { pid, version })
}

/// Finds the main process that listens on a command socket.
pub async fn main_pid(socket: &Path) -> Result<u32, SozuError> {
    let unreachable = |source| SozuError::Unreachable { socket: socket.into(), source };
    let stream = UnixStream::connect(socket).map_err(unreachable)?;
    let credentials = getsockopt(&stream, PeerCredentials)
        .map_err(|error| SozuError::Peer { socket: socket.into(), source: io::Error::from(error) })?;
    drop(stream);
    let listening = u32::try_from(credentials.pid()).unwrap_or(0);
    let path = socket.to_path_buf();
    // The credentials are those of the process that began to listen. After an upgrade, another one holds the socket.
    Ok(tokio::task::spawn_blocking(move || holder(&path)).await.ok().flatten().unwrap_or(listening))
}

/// The process that holds a listening socket; nothing when it cannot be determined. Of two, the younger one.
fn holder(socket: &Path) -> Option<u32> {
    let socket = socket.canonicalize().ok()?;
    let sockets = fs::read_to_string("/proc/net/unix").ok()?;
    let inodes = sockets.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Flags 00010000: it listens.
        let [_, _, _, "00010000", _, _, inode, path] = fields[..] else { return None };
        (Path::new(path).canonicalize().ok()? == socket).then(|| format!("socket:[{inode}]"))
    });
    let inodes: Vec<String> = inodes.collect();
    let holds = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| inodes.iter().any(|inode| link == Path::new(inode)))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(holds).max_by_key(|pid| Stat::of(*pid).map_or(0, |stat| stat.started))
}

fn as_version(text: &str) -> Option<String> {
    let text = text.trim_matches(',');
    let is_version = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.');
    is_version.then(|| text.to_owned())
}

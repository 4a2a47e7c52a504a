//! What may change while the edge runs: its configuration file, and the Sōzu that answers.

use super::Controller;
use crate::{
    config::{Config, Edge},
    edge::{
        plan::SafetyLimits,
        sozu::{SUPPORTED_SOZU_VERSION, main_pid, version_of},
    },
};
use anyhow::{Context, bail};
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The configuration file, and what it said when it was last valid.
pub(super) struct Settings {
    pub path: PathBuf,
    pub modified: Option<SystemTime>,
    pub config: Config,
    pub edge: Edge,
}

impl Settings {
    pub fn new(path: &Path, config: Config, edge: Edge) -> Self {
        Self { path: path.into(), modified: modified(path), config, edge }
    }
}

impl Controller {
    /// Applies a change of the configuration file at once. An invalid file is reported and changes nothing.
    pub(super) fn reload_settings(&mut self) {
        let modified = modified(&self.settings.path);
        if modified == self.settings.modified {
            return;
        }
        self.settings.modified = modified;
        match self.read_config() {
            Ok((config, edge)) => {
                tracing::info!("the configuration was read again");
                self.reconciler.set_safety_limits(safety_limits(&edge));
                (self.settings.config, self.settings.edge) = (config, edge);
                self.status.configuration(None);
            }
            Err(error) => self.status.configuration(Some(format!("the configuration was not applied: {error:#}"))),
        }
    }

    fn read_config(&mut self) -> anyhow::Result<(Config, Edge)> {
        let config = Config::read(&self.settings.path)?;
        let edge = config.edge.clone().context("the configuration has no [edge] section")?;
        let fixed = |edge: &Edge| (edge.sozu_socket.clone(), edge.state_dir.clone(), edge.ops_listen, name(edge));
        if fixed(&edge) != fixed(&self.settings.edge) {
            bail!("edge.name, sozu_socket, state_dir and ops_listen only change when the edge is started again");
        }
        let reconfigured = self.certificates.reconfigure(&edge);
        if reconfigured.is_err() {
            // The old responder may not have released its address yet: the next tick tries again.
            self.settings.modified = None;
        }
        reconfigured?;
        Ok((config, edge))
    }

    pub(super) async fn check_version(&mut self) -> anyhow::Result<()> {
        if self.main_pid.is_some() {
            return Ok(());
        }
        let found = match main_pid(&self.settings.edge.sozu_socket).await {
            Ok(pid) if self.checked_pid == Some(pid) => {
                self.status.reachable();
                self.main_pid = Some(pid);
                return Ok(());
            }
            Ok(_) => version_of(&self.settings.edge.sozu_socket).await,
            Err(error) => Err(error),
        };
        let peer = match found {
            Ok(peer) => peer,
            Err(error) => {
                self.status.unreachable(&format!("{:#}", anyhow::Error::from(error)));
                return Ok(());
            }
        };
        match &peer.version {
            Some(version) if version != SUPPORTED_SOZU_VERSION => bail!(
                "Sōzu {version} answers on {}, and this edge speaks {SUPPORTED_SOZU_VERSION} only: its states could be \
                 misread. Install Sōzu {SUPPORTED_SOZU_VERSION}, or the guichet that was built for {version}",
                self.settings.edge.sozu_socket.display()
            ),
            Some(_) => {}
            None => tracing::warn!("the version of Sōzu cannot be determined: its program cannot be read"),
        }
        self.status.connected(peer.pid, peer.version.unwrap_or_else(|| "?".into()));
        (self.main_pid, self.checked_pid) = (Some(peer.pid), Some(peer.pid));
        Ok(())
    }
}

pub(in crate::edge) fn safety_limits(edge: &Edge) -> SafetyLimits {
    SafetyLimits { max_removal_percent: edge.max_removal_percent }
}

/// Name of this Sōzu; by default its machine and its socket.
pub(super) fn name(edge: &Edge) -> String {
    let host = || nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    edge.name.clone().unwrap_or_else(|| format!("{}:{}", host(), edge.sozu_socket.display()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

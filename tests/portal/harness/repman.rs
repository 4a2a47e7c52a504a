//! A replication-manager for tests: the real one over three real servers, where `REPMAN_BIN` names its binary, or a
//! stand-in that has its pitfalls and no database.

mod real;
mod stand_in;

pub use real::Real;
pub use stand_in::{Fault, StandIn};

pub use super::certificate::Certificate;

use guichet::testing::{
    adapters::repman::{Repman, RepmanConfig, Timeouts},
    config::Host,
};
use std::{fs, path::Path, time::Duration};

/// Name of the cluster, and the users that it knows.
pub const CLUSTER: &str = "portail";
pub const READER: (&str, &str) = ("portail", "lecture-seule");
pub const ACTOR: (&str, &str) = ("portail-ordres", "tout-autre");

/// What the suite needs of either.
pub enum Subject {
    Real(Box<Real>),
    StandIn(Box<StandIn>),
}

/// The configuration of a portal that uses it.
pub fn settings(folder: &Path, port: u16, certificate: &Certificate) -> RepmanConfig {
    let file = |name: &str, password: &str| {
        let path = folder.join(name);
        fs::write(&path, format!("{password}\n")).unwrap();
        path
    };
    RepmanConfig {
        url: format!("https://127.0.0.1:{port}"),
        cluster: CLUSTER.into(),
        user: READER.0.into(),
        password_file: file("reader", READER.1),
        ca_file: None,
        certificate_sha256: Some(certificate.sha256.clone()),
        actions_user: Some(ACTOR.0.into()),
        actions_password_file: Some(file("actor", ACTOR.1)),
    }
}

impl Subject {
    pub fn config(&self) -> &RepmanConfig {
        match self {
            Self::Real(real) => &real.config,
            Self::StandIn(stand_in) => &stand_in.config,
        }
    }

    pub fn hosts(&self) -> Vec<Host> {
        match self {
            Self::Real(real) => real.hosts(),
            Self::StandIn(stand_in) => stand_in.hosts(),
        }
    }

    /// A client as in the portal; the stand-in needs shorter timeouts.
    pub fn client(&self) -> Repman {
        let patience = match self {
            Self::Real(_) => Timeouts::default(),
            Self::StandIn(_) => hasty(),
        };
        Repman::with_timeouts(self.config(), patience).unwrap()
    }

    /// Kills the leader's process.
    pub fn kill(&mut self, host: &Host) {
        match self {
            Self::Real(real) => real.kill(host),
            Self::StandIn(stand_in) => stand_in.kill(host),
        }
    }

    /// Restarts a killed server.
    pub async fn revive(&mut self, host: &Host) {
        match self {
            Self::Real(real) => real.revive(host).await,
            Self::StandIn(stand_in) => stand_in.revive(host),
        }
    }

    /// Restarts replication-manager itself: every token becomes invalid.
    pub async fn restart(&mut self) {
        match self {
            Self::Real(real) => real.restart().await,
            Self::StandIn(stand_in) => stand_in.restart(),
        }
    }
}

/// Timeouts for a server that responds at once.
pub fn hasty() -> Timeouts {
    Timeouts {
        read: Duration::from_secs(2),
        order: Duration::from_secs(2),
        settle: Duration::from_millis(300),
        follow: Duration::from_millis(600),
        pause: Duration::from_millis(20),
    }
}

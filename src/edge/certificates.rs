//! The sources of certificates: the operator's files, ACME for the hosts that no file covers, and the edge's own
//! authority for the rest.

pub mod acme;
mod files;
pub mod own;

use crate::{
    config::Edge,
    edge::{certificate::SiteCertificate, spec::Challenges},
};
use acme::Acme;
use files::Files;
use own::OwnAuthority;
use std::{collections::BTreeSet, io, path::PathBuf};

/// A certificate with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCertificate {
    pub certificate: SiteCertificate,
    /// Its file, `acme` or `own authority`.
    pub source: String,
    /// What is wrong with it; it is served nevertheless.
    pub issue: Option<String>,
}

/// Why no source of certificates can be started.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// Files cannot be watched.
    #[error("cannot watch the certificate files")]
    Watch(#[from] notify::Error),
    /// A folder or file of the edge's own.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The address for challenges is taken.
    #[error("cannot answer ACME challenges on {0}")]
    Responder(std::net::SocketAddr, #[source] io::Error),
}

/// All sources of certificates.
pub struct Certificates {
    files: Files,
    acme: Option<Acme>,
    own: Option<OwnAuthority>,
    loaded: Vec<LoadedCertificate>,
}

impl Certificates {
    /// Starts to watch files, and to renew by ACME if it is configured.
    pub fn start(edge: &Edge) -> Result<Self, CertificatesError> {
        let acme = edge.acme.as_ref().map(|acme| Acme::start(acme, &edge.state_dir)).transpose()?;
        let own = edge.own_authority.as_deref().map(OwnAuthority::start).transpose()?;
        Ok(Self { files: Files::watch(&edge.certificates)?, acme, own, loaded: Vec::new() })
    }

    /// Applies a changed configuration.
    ///
    /// # Errors
    /// See [`CertificatesError`]; the previous sources stay in use then.
    pub fn reconfigure(&mut self, edge: &Edge) -> Result<(), CertificatesError> {
        self.files.reconfigure(&edge.certificates)?;
        if self.acme.as_ref().map(Acme::config) != edge.acme.as_ref() {
            // The old responder has to release its address first.
            self.acme = None;
            self.acme = edge.acme.as_ref().map(|acme| Acme::start(acme, &edge.state_dir)).transpose()?;
        }
        if self.own.as_ref().map(OwnAuthority::folder) != edge.own_authority.as_deref() {
            self.own = edge.own_authority.as_deref().map(OwnAuthority::start).transpose()?;
        }
        Ok(())
    }

    /// All certificates that may be served now; changed files are reloaded.
    pub fn current(&mut self) -> &[LoadedCertificate] {
        self.loaded = self.files.current();
        if let Some(acme) = &self.acme {
            self.loaded.extend(acme.current());
        }
        if let Some(own) = &self.own {
            self.loaded.extend(own.current());
        }
        &self.loaded
    }

    /// All issues, as object and reason.
    pub fn issues(&self) -> Vec<(String, String)> {
        let mut issues = self.files.issues();
        issues.extend(self.acme.iter().flat_map(Acme::issues));
        issues.extend(self.own.iter().flat_map(OwnAuthority::issues));
        issues
    }

    /// Resolves when a source may have changed.
    pub async fn changed(&self) {
        let acme = async {
            match &self.acme {
                Some(acme) => acme.changed().await,
                None => std::future::pending().await,
            }
        };
        let own = async {
            match &self.own {
                Some(own) => own.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.files.changed() => {}
            () = acme => {}
            () = own => {}
        }
    }

    /// Sets the hosts that need a certificate: ACME provides for those that no file covers, and the own authority for
    /// those that are then left.
    pub fn set_hosts(&self, hosts: &BTreeSet<String>) {
        let left = |sources: &[&str]| {
            let others = |loaded: &&LoadedCertificate| {
                !sources.contains(&loaded.source.as_str()) && loaded.certificate.is_valid()
            };
            let covered = |host: &str| self.loaded.iter().filter(others).any(|loaded| loaded.certificate.covers(host));
            hosts.iter().filter(|host| !covered(host)).cloned().collect()
        };
        if let Some(acme) = &self.acme {
            acme.set_hosts(left(&[acme::SOURCE, own::SOURCE]));
        }
        if let Some(own) = &self.own {
            own.set_hosts(&left(&[own::SOURCE]));
        }
    }

    /// Hosts under validation now.
    #[must_use]
    pub fn challenges(&self) -> Option<Challenges> {
        self.acme.as_ref().map(Acme::challenges)
    }

    /// Sets the hosts whose route to the responder was verified on every worker.
    pub fn confirm_routes(&self, hosts: &BTreeSet<String>) {
        if let Some(acme) = &self.acme {
            acme.confirm_routes(hosts);
        }
    }
}

//! The certificates that may be served now: from files of the operator's, and by ACME for the hosts that no file covers.

pub mod acme;
mod certificate;
mod files;

#[cfg(test)]
pub(in crate::edge) use certificate::tests;
pub use certificate::{CertificateError, SiteCertificate, covers};

use crate::{config::Edge, edge::spec::Challenges};
use acme::Acme;
use files::Files;
use std::{collections::BTreeSet, io, path::PathBuf};

/// A certificate with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The certificate.
    pub certificate: SiteCertificate,
    /// Its file, or `acme`.
    pub source: String,
    /// What is wrong with it, though it is served.
    pub fault: Option<String>,
}

/// Why certificates cannot be had at all.
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
    held: Vec<Held>,
}

impl Certificates {
    /// Begins to watch files, and to ask an authority if one is configured.
    ///
    /// # Errors
    /// See [`CertificatesError`].
    pub fn start(edge: &Edge) -> Result<Self, CertificatesError> {
        let acme = edge.acme.as_ref().map(|acme| Acme::start(acme, &edge.state_dir)).transpose()?;
        Ok(Self { files: Files::watch(&edge.certificates)?, acme, held: Vec::new() })
    }

    /// The configuration has changed.
    ///
    /// # Errors
    /// See [`CertificatesError`]; what was before stays then.
    pub fn reconfigure(&mut self, edge: &Edge) -> Result<(), CertificatesError> {
        self.files.reconfigure(&edge.certificates)?;
        if self.acme.as_ref().map(Acme::config) != edge.acme.as_ref() {
            // The old responder has to give its address back first.
            self.acme = None;
            self.acme = edge.acme.as_ref().map(|acme| Acme::start(acme, &edge.state_dir)).transpose()?;
        }
        Ok(())
    }

    /// Everything that may be served now; files that changed are read again.
    pub fn current(&mut self) -> &[Held] {
        self.held = self.files.current();
        if let Some(acme) = &self.acme {
            self.held.extend(acme.current());
        }
        &self.held
    }

    /// What is wrong, as object and reason.
    #[must_use]
    pub fn complaints(&self) -> Vec<(String, String)> {
        let mut complaints = self.files.complaints();
        complaints.extend(self.acme.iter().flat_map(Acme::complaints));
        complaints
    }

    /// Resolves when there may be something new.
    pub async fn changed(&self) {
        let acme = async {
            match &self.acme {
                Some(acme) => acme.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.files.changed() => {}
            () = acme => {}
        }
    }

    /// Says which hosts there are: those that no file covers are the authority's.
    pub fn wanted(&self, hosts: &BTreeSet<String>) {
        if let Some(acme) = &self.acme {
            let by_file =
                |host: &str| self.held.iter().any(|held| held.source != acme::SOURCE && held.certificate.covers(host));
            acme.wanted(hosts.iter().filter(|host| !by_file(host)).cloned().collect());
        }
    }

    /// Hosts under validation at the moment.
    #[must_use]
    pub fn challenges(&self) -> Option<Challenges> {
        self.acme.as_ref().map(Acme::challenges)
    }

    /// Says for which hosts the route to the responder has been seen to stand on every worker.
    pub fn routed(&self, hosts: &BTreeSet<String>) {
        if let Some(acme) = &self.acme {
            acme.routed(hosts);
        }
    }
}

//! A stand-in for replication-manager: it responds as the real one was observed to, pitfalls included, and has no
//! database.

mod answers;
mod world;

pub use world::Fault;

use super::{Certificate, settings};
use axum::serve::Listener;
use guichet::testing::{adapters::repman::RepmanConfig, config::Host};
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use world::World;

pub struct StandIn {
    pub config: RepmanConfig,
    pub certificate: Certificate,
    _folder: tempfile::TempDir,
    world: Arc<Mutex<World>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connections over TLS; a failed handshake does not stop the listener.
struct Secure(TcpListener, TlsAcceptor);

impl Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.0.accept().await else { continue };
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl StandIn {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-repman-").tempdir().unwrap();
        let certificate = Certificate::make(folder.path());
        let chain = CertificateDer::pem_file_iter(&certificate.pem).unwrap().map(Result::unwrap).collect();
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&certificate.key).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = settings(folder.path(), listener.local_addr().unwrap().port(), &certificate);
        let world: Arc<Mutex<World>> = Arc::default();
        let app = answers::router(world.clone());
        let listener = Secure(listener, TlsAcceptor::from(Arc::new(tls)));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { config, certificate, _folder: folder, world, task }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn hosts(&self) -> Vec<Host> {
        self.world().hosts()
    }

    /// Makes it misbehave from now on.
    pub fn set(&self, fault: Option<Fault>) {
        self.world().fault = fault;
    }

    /// Number of login attempts.
    pub fn logins(&self) -> usize {
        self.world().logins
    }

    pub fn kill(&self, host: &Host) {
        self.world().kill(host.port);
    }

    pub fn revive(&self, host: &Host) {
        self.world().revive(host.port);
    }

    pub fn restart(&self) {
        self.world().generation += 1;
    }
}

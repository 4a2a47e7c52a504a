//! Probes of the portal and of Sōzu from outside, as by a health checker and by a browser.

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Polled again soon, so a busy process is not waited for.
const READY_TIMEOUT: Duration = Duration::from_secs(1);
/// A page through the proxy may wait for the database or for a busy process.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a host is not served as expected.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No answer over TLS.
    #[error("no answer for {host} over TLS")]
    NoAnswer {
        host: String,
        /// The reason.
        source: io::Error,
    },
    /// No answer in time.
    #[error("no answer for {host} over TLS within {} s", PAGE_TIMEOUT.as_secs())]
    Slow { host: String },
    /// Sōzu uses another certificate than the configured one.
    #[error("{host} is served with another certificate than the configured one")]
    OtherCertificate { host: String },
    /// A server error.
    #[error("{host} answers {status}")]
    Status { host: String, status: u16 },
}

/// Whether a process reports on its ops address that it is ready for requests.
pub async fn is_ready(ops: SocketAddr) -> bool {
    matches!(timeout(READY_TIMEOUT, status_of(ops, "/ready")).await, Ok(Ok(200)))
}

async fn status_of(address: SocketAddr, path: &str) -> io::Result<u16> {
    let stream = TcpStream::connect(address).await?;
    request_status(stream, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).await
}

async fn request_status(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> io::Result<u16> {
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    let status = head.strip_prefix(b"HTTP/1.1 ").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    status.ok_or_else(|| io::Error::other("not an HTTP answer"))
}

/// Requests a host's first page through the proxy, and compares the certificate.
///
/// # Errors
/// See [`ProbeError`]. Any status below 500 is accepted: whether the page exists is up to the portal.
pub async fn check_host(host: &str, https: SocketAddr, fingerprint: &str) -> Result<(), ProbeError> {
    let name = || host.to_owned();
    match timeout(PAGE_TIMEOUT, request_page(host, https)).await {
        Err(_) => Err(ProbeError::Slow { host: name() }),
        Ok(Err(source)) => Err(ProbeError::NoAnswer { host: name(), source }),
        Ok(Ok((shown, _))) if shown.as_deref() != Some(fingerprint) => {
            Err(ProbeError::OtherCertificate { host: name() })
        }
        Ok(Ok((_, status))) if status >= 500 => Err(ProbeError::Status { host: name(), status }),
        Ok(Ok(_)) => Ok(()),
    }
}

async fn request_page(host: &str, https: SocketAddr) -> io::Result<(Option<String>, u16)> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TcpStream::connect(reachable(https)).await?;
    let stream = TlsConnector::from(client()).connect(name, stream).await?;
    let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let shown = leaf.map(|leaf| hex::encode(ring::digest::digest(&ring::digest::SHA256, leaf)));
    let request = format!("HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    Ok((shown, request_status(stream, &request).await?))
}

/// Sessions are not resumed, because a resumed one has no certificate to compare.
fn client() -> Arc<ClientConfig> {
    static CLIENT: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || {
        let mut config = ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyChain))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    };
    CLIENT.get_or_init(make).clone()
}

/// Accepts any chain: the certificate is compared with the configured one afterwards, which is stricter. That the
/// server has the key is verified here as usual.
#[derive(Debug)]
struct AnyChain;

impl ServerCertVerifier for AnyChain {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, leaf, signature, &default_provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, leaf, signature, &default_provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The address of a listener for connections from this machine, even when it is bound to all addresses.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

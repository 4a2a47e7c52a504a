//! Looking at the portal and at Sōzu from outside, as a health checker and a browser would.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a process may take to say that it is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a page may take through the proxy.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a host is not served as it should be.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No answer over TLS.
    #[error("no answer for {host} over TLS")]
    NoAnswer {
        /// The host.
        host: String,
        /// The reason.
        source: reqwest::Error,
    },
    /// Sōzu shows another certificate than the configured one.
    #[error("{host} is served with another certificate than the configured one")]
    OtherCertificate {
        /// The host.
        host: String,
    },
    /// A server error.
    #[error("{host} answers {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
}

/// Whether a process says on its ops address that it may be given requests.
pub async fn ready(ops: SocketAddr) -> bool {
    matches!(timeout(READY_TIMEOUT, status_of(ops, "/ready")).await, Ok(Ok(200)))
}

async fn status_of(address: SocketAddr, path: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    let status = head.strip_prefix(b"HTTP/1.1 ").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    status.ok_or_else(|| io::Error::other("not an HTTP answer"))
}

/// Asks for a host's first page through the proxy, and checks which certificate it is served with.
///
/// # Errors
/// See [`ProbeError`]. Any answer below 500 is good: whether a page exists is the portal's business.
pub async fn serves(host: &str, https: SocketAddr, fingerprint: &str) -> Result<(), ProbeError> {
    let failed = |source| ProbeError::NoAnswer { host: host.into(), source };
    // The certificate is compared with the configured one, which is stricter than any chain of trust.
    let client = reqwest::Client::builder()
        .no_proxy()
        .resolve(host, reachable(https))
        .redirect(reqwest::redirect::Policy::none())
        .tls_danger_accept_invalid_certs(true)
        .tls_info(true)
        .timeout(PAGE_TIMEOUT)
        .build()
        .map_err(failed)?;
    let answer = client.head(format!("https://{host}:{}/", https.port())).send().await.map_err(failed)?;
    let shown = answer.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
    let digest = shown.map(|der| hex::encode(ring::digest::digest(&ring::digest::SHA256, der)));
    if digest.as_deref() != Some(fingerprint) {
        return Err(ProbeError::OtherCertificate { host: host.into() });
    }
    if answer.status().is_server_error() {
        return Err(ProbeError::Status { host: host.into(), status: answer.status().as_u16() });
    }
    Ok(())
}

/// Where a listener bound to every address can be reached from this machine.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

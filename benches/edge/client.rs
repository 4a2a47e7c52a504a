//! A small server, and a closed loop of requests against whatever stands before it.

use http_body_util::Full;
use hyper::{Response, body::Bytes, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsConnector;

const CONNECTIONS: usize = 32;

/// Answers every request with a kilobyte.
pub async fn server() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).ok();
            let answer =
                service_fn(async |_| Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(&[b'x'; 1024])))));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (address, serving)
}

/// What one round came to.
pub struct Round {
    pub per_second: f64,
    pub p99_milliseconds: f64,
}

/// Asks for a while over keep-alive connections; any failure ends the benchmark.
pub async fn load(address: SocketAddr, roots: Option<&RootCertStore>, time: Duration) -> Round {
    let tls = roots.map(|roots| {
        let config = ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    });
    let end = Instant::now() + time;
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let tls = tls.clone();
        clients.spawn(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            match tls {
                Some(tls) => {
                    let name = ServerName::try_from("bench.sites.test").unwrap();
                    ask(tls.connect(name, stream).await.unwrap(), end).await
                }
                None => ask(stream, end).await,
            }
        });
    }
    let mut times: Vec<Duration> = Vec::new();
    while let Some(of_one) = clients.join_next().await {
        times.extend(of_one.unwrap());
    }
    times.sort();
    Round {
        per_second: times.len() as f64 / time.as_secs_f64(),
        p99_milliseconds: times[times.len() * 99 / 100].as_secs_f64() * 1000.0,
    }
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, end: Instant) -> Vec<Duration> {
    let (mut times, mut seen) = (Vec::new(), Vec::new());
    let mut part = [0; 8192];
    while Instant::now() < end {
        let began = Instant::now();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: bench.sites.test\r\n\r\n").await.unwrap();
        seen.clear();
        loop {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "the connection was closed");
            seen.extend_from_slice(&part[..read]);
            let head = seen.windows(4).position(|four| four == b"\r\n\r\n");
            if head.is_some_and(|head| seen.len() >= head + 4 + 1024) {
                break;
            }
        }
        assert!(seen.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&seen));
        times.push(began.elapsed());
    }
    times
}

//! The portal's own port: connections and their timeouts.

use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, io, time::Duration};

/// Timeout for the head of a request, and longest idle time between two requests. It is slightly longer than the
/// proxy's idle timeout, so that the proxy closes first.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// At most this many headers are parsed. The limit that is enforced is lower: requests above this one would be rejected
/// without a message.
const MAX_HEADERS: usize = 1000;

/// Serves connections until the shutdown future completes, then lets requests in progress finish.
pub async fn serve<L: Listener>(
    listener: L,
    service: Router,
    shutdown: impl Future<Output = ()>,
    head_timeout: Duration,
) -> io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_headers(MAX_HEADERS);
    let under_way = accept(listener, &http, service, shutdown).await;
    under_way.shutdown().await;
    Ok(())
}

/// Accepts connections until shutdown is requested, then closes the port.
async fn accept<L: Listener>(
    mut listener: L,
    http: &http1::Builder,
    service: Router,
    shutdown: impl Future<Output = ()>,
) -> GracefulShutdown {
    let under_way = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (io, _) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => return under_way,
        };
        let connection = http.serve_connection(TokioIo::new(io), TowerToHyperService::new(service.clone()));
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "connection.failed");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::oneshot,
    };

    async fn portal(head_timeout: Duration) -> (TcpStream, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve(listener, router, async { drop(stopped.await) }, head_timeout));
        (TcpStream::connect(address).await.unwrap(), stop)
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_not_waited_for() {
        let (mut client, _stop) = portal(Duration::from_millis(200)).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    }

    #[tokio::test]
    async fn requests_are_answered_and_the_port_is_left_when_asked() {
        let (mut client, stop) = portal(HEAD_TIMEOUT).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        stop.send(()).unwrap();
        client.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

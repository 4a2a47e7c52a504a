//! Answers that Sōzu gives by itself, again and again to the same browser.

use super::{SAFETY_LIMITS, listen};
use crate::harness::sozu::{Rig, free, spec};
use guichet::testing::edge::reconciler::Reconciler;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
    net::TcpStream,
    time::timeout,
};

/// One answer on a connection that the browser would keep; whether Sōzu keeps it too.
async fn not_found(stream: &mut BufStream<TcpStream>) -> std::io::Result<bool> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n").await?;
    stream.flush().await?;
    let (mut length, mut kept, mut line) = (0, true, String::new());
    stream.read_line(&mut line).await?;
    assert!(line.starts_with("HTTP/1.1 404"), "{line:?}");
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let (name, value) = line.trim().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "" => break,
            "content-length" => length = value.trim().parse().unwrap(),
            "connection" => kept = !value.trim().eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(kept)
}

/// How many of 1,000 answers come, each within the patience.
async fn answers(address: SocketAddr, patience: Duration) -> usize {
    const WANTED: usize = 1000;
    let mut kept = None;
    for number in 0..WANTED {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => BufStream::new(TcpStream::connect(address).await.unwrap()),
        };
        match timeout(patience, not_found(&mut stream)).await {
            Ok(Ok(keep)) => kept = keep.then_some(stream),
            Ok(Err(error)) => panic!("answer {number}: {error}"),
            Err(_) => return number,
        }
    }
    WANTED
}

#[tokio::test]
async fn a_thousand_404s_do_not_stall() {
    let rig = Rig::start().await;
    let mut reconciler = Reconciler::new(rig.sozu(), SAFETY_LIMITS);
    let spec = spec(&["a.sites.test"], &[("one", free())]);
    reconciler.reconcile(&spec).await.unwrap();
    assert_eq!(answers(spec.listeners.http, Duration::from_secs(20)).await, 1000);
}

/// Upstream's behaviour, and the reason why our own answers close the connection.
#[tokio::test]
async fn answers_that_keep_the_connection_stall_sozu() {
    let rig = Rig::start().await;
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno".to_owned();
    let address = listen(&rig.sozu(), [("404".to_owned(), answer)].into()).await;
    let came = answers(address, Duration::from_secs(5)).await;
    assert!((100..1000).contains(&came), "{came} answers came");
}

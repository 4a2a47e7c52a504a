//! Heads that no browser in order sends, and bodies that fall silent (A3): each is answered with what to do.

use super::{Program, fed};
use crate::harness::{Actor, Installation, installation::wait_for_async, sample};
use bytes::Bytes;
use reqwest::{Method, header};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the portal's own port answers to these bytes.
async fn raw(request: &str) -> String {
    let config = std::fs::read_to_string(Installation::shared().folder.join("guichet-1.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let mut portal = TcpStream::connect(config["portal"]["listen"].as_str().unwrap()).await.unwrap();
    portal.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    portal.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn two_hosts_are_one_too_many() {
    let answer = raw("GET /legal HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("RFC 9112"), "{answer}");
    let answer = raw("GET /legal HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn mountains_of_cookies_are_answered_at_once_with_what_to_do() {
    let cookie = format!("x={}", "a".repeat(17_000));
    let request =
        |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    let answer = raw(&request("/legal")).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("Effacez les cookies"), "{answer}");
    assert!(raw(&request("/en/legal")).await.contains("Clear the cookies"));

    let mut anon = Actor::anon();
    let request = anon.request(Method::GET, "/legal").header(header::COOKIE, &cookie);
    let answer = anon.send(request).await.unwrap().expect(431);
    assert!(answer.body.contains("Effacez les cookies"), "{}", answer.body);
    let many = (0..110).fold(anon.request(Method::GET, "/api/v1/openapi.json"), |request, number| {
        request.header(format!("x-many-{number}"), "x")
    });
    let answer = anon.send(many).await.unwrap().expect(431).json();
    assert_eq!(answer["code"], "head_too_large");
}

#[tokio::test]
async fn silence_ends_an_upload_and_slowness_does_not() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let place = program.begin(Some(bytes.len() as u64)).await;
    let (feed, body) = fed();
    let begun = Instant::now();
    let silent = tokio::spawn(program.part(&place, 0, true).body(body).send());
    feed.send(Bytes::copy_from_slice(&bytes[..10])).unwrap();

    // Meanwhile the same file comes in one piece, a few bytes each second.
    let slow = Program::new().await;
    let (trickle, body) = fed();
    let path = format!("{}?name=p.pdf&issued={}", slow.piece, sample::today());
    let request = slow.script.request(Method::PUT, &path).header("accept-language", "en").body(body);
    let slowly = tokio::spawn(request.send());
    let mut sent = 0;
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let answer = tokio::select! {
        answer = silent => answer.unwrap().unwrap(),
        () = async { loop {
            ticks.tick().await;
            trickle.send(Bytes::copy_from_slice(&bytes[sent..sent + 2])).unwrap();
            sent += 2;
        } } => unreachable!(),
    };
    assert!(begun.elapsed() >= Duration::from_secs(29), "{:?}", begun.elapsed());
    assert_eq!(answer.status(), 408);
    let problem: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "silent");
    assert!(problem["remedy"].as_str().unwrap().contains("connexion"), "{problem}");
    wait_for_async("what came before the silence", async || program.offset(&place).await == "10").await;

    trickle.send(Bytes::copy_from_slice(&bytes[sent..])).unwrap();
    drop(trickle);
    assert_eq!(slowly.await.unwrap().unwrap().status(), 200);
    drop(feed);
}

//! In front: redirects, headers, own answers, an address that cannot be forged.

mod acme;
mod change;
mod converse;
mod recover;
mod roll;
mod trust;

use crate::harness::{Actor, Installation};
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};

/// Sends raw bytes to the HTTP listener and reads the whole answer.
fn raw_http(at: &Installation, request: &str) -> String {
    let config = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let address = config["edge"]["http_listen"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn plain_http_only_redirects() {
    let at = Installation::shared();
    let answer = raw_http(at, "GET /calls?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 301"), "{answer}");
    let location = answer.lines().find(|line| line.to_lowercase().starts_with("location:")).unwrap();
    assert!(location.contains("https://localhost") && location.contains("/calls?x=1"), "{location}");
}

#[tokio::test]
async fn https_says_to_stay_on_https_and_pages_are_closed_to_injection() {
    let mut anon = Actor::anon();
    let home = anon.get("/").await.expect(200);
    assert!(home.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    let csp = home.headers["content-security-policy"].to_str().unwrap();
    assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"));
    assert!(home.headers.get("set-cookie").is_none(), "no cookie but the session");
}

#[tokio::test]
async fn unknown_hosts_get_an_own_page_that_ends_the_connection() {
    let at = Installation::shared();
    let answer = raw_http(at, "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let lower = answer.to_lowercase();
    assert!(lower.contains("connection: close"));
    for leak in ["guichet-", "cluster", "backend"] {
        assert!(!lower.contains(leak), "{leak} in {answer}");
    }
}

#[tokio::test]
async fn both_processes_serve() {
    let at = Installation::shared();
    let serve = at.pids("serve");
    assert_eq!(serve.len(), 2);
    assert!(serve.iter().all(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists()));
    let sozu = Command::new("ps").args(["-o", "args=", "-p", &at.pids("sozu")[0].to_string()]).output().unwrap();
    assert!(String::from_utf8_lossy(&sozu.stdout).contains("sozu"));
}

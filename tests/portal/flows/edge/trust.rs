//! Forged headers, sites without restart, own answers.

use crate::harness::{Actor, Installation, installation::wait_for_async};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

#[tokio::test]
async fn forged_headers_are_believed_by_nobody() {
    let anon = Actor::anon();
    let forged = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=6.6.6.6;proto=http"),
        ("x-real-ip", "6.6.6.6"),
        ("sozu-id", "forged"),
        ("x-guichet-edge", "forged"),
    ];
    let mut request = anon.request(reqwest::Method::GET, "/legal");
    for (name, value) in forged.iter().chain(&forged) {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-test-client"], "127.0.0.1", "Sōzu's own word, and no other");
    let body = answer.text().await.unwrap();
    assert!(!body.contains("evil.example"));
}

#[tokio::test]
async fn whoever_reaches_a_process_directly_is_nobody() {
    let at = Installation::shared();
    let config: toml::Table = std::fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap().parse().unwrap();
    let listen = config["portal"]["listen"].as_str().unwrap();
    let ask = |headers: &str| {
        let mut stream = TcpStream::connect(listen).unwrap();
        let request = format!("GET /legal HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("X-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nX-Guichet-Edge: guess\r\n");
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.to_lowercase().contains("x-test-client"), "{answer}");
    let marker = std::fs::read_to_string(at.folder.join("data/keys/edge.key")).unwrap();
    let answer = ask(&format!("X-Real-IP: 6.6.6.6\r\nX-Guichet-Edge: {}\r\n", marker.trim()));
    assert!(answer.to_lowercase().contains("x-test-client: 6.6.6.6"), "the control: with the mark it is believed");
}

#[tokio::test]
async fn a_call_gets_a_host_of_its_own_without_restart() {
    let at = Installation::shared();
    let before = at.pids("sozu");
    at.command(&["admin", "site", "add", "appel-1.localhost", "--call", "petit-pas"]).await;
    let listed = at.command(&["admin", "site", "list"]).await;
    assert!(listed.contains("appel-1.localhost") && listed.contains("petit-pas"), "{listed}");
    let port = at.url.rsplit(':').next().unwrap();
    let url = format!("https://appel-1.localhost:{port}/");
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&at.ca).unwrap()])
        .resolve("appel-1.localhost", ([127, 0, 0, 1], 0).into())
        .build()
        .unwrap();
    wait_for_async("the call on its own host", async || match client.get(&url).send().await {
        Ok(answer) => answer.status() == 200 && answer.text().await.unwrap().contains("Brumeville"),
        Err(_) => false,
    })
    .await;
    let main = Actor::anon().get("/").await.expect(200);
    assert!(!main.body.contains("Brumeville"), "the portal's own host is as before");
    // Its pages are its own: forms from there are taken, forms from elsewhere are not.
    let post = async |origin: &str| {
        let form = "email=site%40exemple.fr&next=%2Fdossiers";
        let request = client.post(format!("{url}sign-in")).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post(url.trim_end_matches('/')).await, 200);
    assert_eq!(post("https://evil.example").await, 403);
    let mut reader = Actor::anon();
    let link = crate::harness::actor::mail_link(&mut reader, "site@exemple.fr").await;
    assert!(link.starts_with(&url), "{link}");
    assert_eq!(at.pids("sozu"), before);
    at.command(&["admin", "site", "remove", "appel-1.localhost"]).await;
    at.edge_until("the host to go", |report| report.sites.iter().all(|site| site.host != "appel-1.localhost")).await;
}

#[tokio::test]
async fn a_thousand_unknown_pages_on_kept_connections_stall_nobody() {
    let at = Installation::shared();
    let config: toml::Table = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap().parse().unwrap();
    let address = config["edge"]["http_listen"].as_str().unwrap();
    let began = std::time::Instant::now();
    for _ in 0..1000 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 404"), "{}", String::from_utf8_lossy(&answer));
    }
    eprintln!("1000 answers of Sōzu's own in {:?}", began.elapsed());
}

//! Another version of Sōzu, and processes on unix sockets.

use crate::{
    flows::breakdown::{kill, own},
    harness::{Actor, installation::guichet},
};
use std::{
    os::unix::net::UnixStream,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::Command;

#[tokio::test]
async fn another_version_of_sozu_is_refused_in_a_sentence() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s.sock");
    // A program that listens there and has another version.
    let listen =
        format!("import socket,time; s=socket.socket(socket.AF_UNIX); s.bind({socket:?}); s.listen(); time.sleep(60)");
    let _other = Command::new("python3").args(["-c", &listen]).kill_on_drop(true).spawn().unwrap();
    crate::harness::installation::wait_for("it to listen", || UnixStream::connect(&socket).is_ok());
    let mut config: toml::Table = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap().parse().unwrap();
    let edge = config["edge"].as_table_mut().unwrap();
    edge.insert("sozu_socket".into(), socket.to_str().unwrap().into());
    edge.insert("state_dir".into(), folder.path().join("state").to_str().unwrap().into());
    edge.insert("ops_listen".into(), "127.0.0.1:0".into());
    let file = folder.path().join("edge.toml");
    std::fs::write(&file, config.to_string()).unwrap();
    let run = Command::new(guichet()).args(["edge", "--config"]).arg(&file).kill_on_drop(true).output();
    let done = tokio::time::timeout(Duration::from_secs(20), run).await.expect("it ends by itself").unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains("this edge speaks 2.3.3 only"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_on_a_unix_socket_joins_serves_and_leaves() {
    let at = own();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config: toml::Table = std::fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap().parse().unwrap();
    let portal = config["portal"].as_table_mut().unwrap();
    let path = at.folder.join("run/serve-3.sock");
    portal.insert("name".into(), "serve-3".into());
    portal.insert("listen".into(), format!("unix:{}", path.display()).into());
    portal.insert("ops_listen".into(), free.to_string().into());
    let file = at.folder.join("guichet-3.toml");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut third = Command::new(guichet());
    let mut third =
        third.args(["serve", "--config"]).arg(&file).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let of_third = |report: &guichet::testing::edge::report::Report| {
        report.processes.iter().find(|process| process.name == "serve-3").cloned()
    };
    at.edge_until("the third to serve", |report| of_third(report).is_some_and(|third| third.serving)).await;
    let before = of_third(&at.edge().await).unwrap().requests;
    for _ in 0..12 {
        // Each with a connection of its own: a kept one stays with its process.
        Actor::at(at).get("/legal").await.expect(200);
    }
    at.edge_until("its requests to be counted", |report| of_third(report).is_some_and(|third| third.requests > before))
        .await;
    let asked = Instant::now();
    kill("-TERM", third.id().unwrap());
    let status = third.wait().await.unwrap();
    assert!(status.success());
    eprintln!("a process on a unix socket left in {:?}", asked.elapsed());
    at.edge_until("the third to be forgotten", |report| report.converged && of_third(report).is_none()).await;
    Actor::at(at).get("/legal").await.expect(200);
}

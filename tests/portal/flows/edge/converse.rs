//! The conversation with Sōzu: late answers, closed gates, another version, and what upstream does with a pipeline.

use crate::{
    flows::breakdown::{kill, own},
    harness::{Actor, Installation, installation::guichet},
};
use guichet::edge::{
    compile::PORTAL,
    sozu::{LIBRARY, Sozu, SozuError, version_of},
};
use prost::Message;
use sozu_command_lib::proto::command::{Cluster, Request, request::RequestType};
use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::process::Command;

fn socket(at: &Installation) -> PathBuf {
    let config: toml::Table = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap().parse().unwrap();
    config["edge"]["sozu_socket"].as_str().unwrap().into()
}

fn cluster(id: &str) -> RequestType {
    RequestType::AddCluster(Cluster { cluster_id: id.into(), ..Cluster::default() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_answers_are_not_taken_for_others_and_a_closed_gate_lets_nothing_through() {
    let at = own();
    let socket = socket(at);
    assert_eq!(version_of(&socket).await.unwrap().version.as_deref(), Some(LIBRARY));
    let impatient = Sozu::with_timeout(&socket, &at.folder.join("run/impatient"), Duration::from_millis(300)).unwrap();
    let main = at.pids("sozu")[0];
    kill("-STOP", main);
    let late = impatient.call(cluster("late")).await;
    kill("-CONT", main);
    assert!(matches!(late, Err(SozuError::Channel(_))), "{late:?}");
    assert_eq!(impatient.workers().await.unwrap().len(), 2, "an answer of the right kind");
    assert!(impatient.hashes().await.unwrap()["main"].contains_key(PORTAL));

    impatient.set_gate(Arc::new(|| false));
    let refused = impatient.call(cluster("gated")).await;
    assert!(matches!(refused, Err(SozuError::NotLeader { .. })), "{refused:?}");
    let state = impatient.observe().await.unwrap();
    assert!(!state.clusters.contains_key("gated") && state.clusters.contains_key(PORTAL), "questions are free");
}

/// Upstream's behaviour, for which the edge never has two requests in flight: of several that Sōzu reads at once, only
/// the last is sure to be carried out. Should this fail one day, the rule can be reconsidered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sozu_drops_requests_that_come_together() {
    let at = own();
    let dropped = (0..20).any(|round| {
        let mut stream = UnixStream::connect(socket(at)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut bytes = Vec::new();
        for number in 0..3 {
            let request = Request::from(cluster(&format!("together-{round}-{number}")));
            bytes.extend_from_slice(&(request.encoded_len() as u64 + 8).to_le_bytes());
            request.encode(&mut bytes).unwrap();
        }
        stream.write_all(&bytes).unwrap();
        let (mut seen, mut part) = (0, [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut part) {
            seen += read;
        }
        assert!(seen > 0, "not even one answer");
        let state = std::thread::scope(|scope| {
            let look = || tokio::runtime::Runtime::new().unwrap().block_on(at.sozu().observe()).unwrap();
            scope.spawn(look).join().unwrap()
        });
        !(0..3).all(|number| state.clusters.contains_key(format!("together-{round}-{number}").as_str()))
    });
    assert!(dropped, "Sōzu takes pipelined requests now");
}

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
    let of_third = |report: &guichet::edge::report::Report| {
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

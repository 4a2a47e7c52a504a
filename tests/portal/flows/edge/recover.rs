//! Sōzu, its workers, the database and the edge itself break, or are meddled with.

use crate::{
    flows::breakdown::{kill, own},
    harness::{
        Actor, Installation,
        installation::guichet,
        load::{Load, Manner},
    },
};
use guichet::testing::edge::{
    render::PORTAL_CLUSTER,
    report::{Report, Role},
    sozu::Sozu,
};
use sozu_command_lib::proto::command::{
    PathRule, RemoveBackend, RequestHttpFrontend, RulePosition, UpgradeMain, request::RequestType,
};
use std::{
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

const KEPT: [(Manner, usize); 2] = [(Manner::Kept, 4), (Manner::Fresh, 4)];

fn running(report: &Report) -> Vec<i32> {
    let running = report.sozu.workers.iter().filter(|worker| worker.state == "running" && worker.agrees);
    running.map(|worker| worker.pid).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_costs_only_what_it_had_under_way() {
    let at = own();
    let load = Load::start(at, &KEPT).await;
    let victim = running(&at.edge().await)[0];
    kill("-KILL", u32::try_from(victim).unwrap());
    at.edge_until("a new worker that agrees", |report| {
        let running = running(report);
        report.converged && running.len() == 2 && !running.contains(&victim)
    })
    .await;
    let tally = load.stop().await;
    eprintln!("a worker killed: {:?}", tally.outcomes);
    let lost: usize = tally.failures().iter().map(|(_, count)| **count).sum();
    assert!(lost <= 8, "only what the worker had under way: {:?}", tally.outcomes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_of_sozu_loses_no_request_and_a_second_sozu_serves_the_same_processes() {
    let at = own();
    let second = Second::start(at, None).await;
    let report = second.until("the second Sōzu to serve", |report| report.converged && leads(report).is_some()).await;
    assert_eq!(report.processes.iter().filter(|process| process.serving).count(), 2);
    let load = Load::start_on(at, second.https, &KEPT).await;
    let before = report.sozu.main_pid;
    let sozu = Sozu::start(&second.socket, &at.folder.join("run/mischief")).unwrap();
    // The connection that asked goes with the old main process.
    sozu.call(RequestType::UpgradeMain(UpgradeMain {})).await.ok();
    let report =
        second.until("the new main process", |report| report.converged && report.sozu.main_pid != before).await;
    assert_eq!(running(&report).len(), 2);
    load.stop().await.expect_no_failure("an upgrade of the main process");

    let load = Load::start_on(at, second.https, &KEPT).await;
    let told = at.command(&["rollout"]).await;
    assert_eq!(told.lines().count(), 2, "both edges have a word in who may go: {told}");
    let report = second.until("the successors", |report| report.converged).await;
    load.stop().await.expect_no_failure("a rollout with two Sōzu");

    let worker = report.sozu.workers[0].id;
    sozu.upgrade_worker(worker).await.unwrap();
    let replaced = |report: &Report| report.sozu.workers.iter().all(|one| one.id != worker || one.state != "running");
    second.until("the new worker", |report| report.converged && running(report).len() == 2 && replaced(report)).await;
    // Its main process is nobody's child any more.
    kill("-TERM", report.sozu.main_pid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sozu_that_is_killed_comes_back_by_itself_even_without_the_database() {
    let at = own();
    let state = at.folder.join("run/edge-state/sozu.state");
    at.edge_until("the state to be kept", |_| state.exists()).await;
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
    let folder = state.parent().unwrap();
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(
        !folder.read_dir().unwrap().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("observed"))
    );

    let gap = killed(at).await;
    let began = Instant::now();
    at.edge_until("convergence", |report| report.converged && report.sozu.restarts_seen > 0).await;
    eprintln!("Sōzu killed: {gap:?} without listener, converged {:?} later", began.elapsed());
    assert!(gap < Duration::from_secs(5));

    kill("-STOP", at.pids("mariadbd")[0]);
    at.edge_until("the database to be missed", |report| !report.database).await;
    let gap = killed(at).await;
    eprintln!("Sōzu killed without database: {gap:?} without listener");
    let mut anon = Actor::at(at);
    assert_eq!(anon.get("/legal").await.status, 200, "the saved state serves");
    let report = at.edge_until("the edge to see it", |report| report.converged && report.sozu.restarts_seen > 1).await;
    assert!(report.processes.iter().all(|process| process.serving), "nothing is removed: {report:#?}");
    kill("-CONT", at.pids("mariadbd")[0]);
    at.edge_until("the database to be back", |report| report.database && report.converged).await;
    assert_eq!(at.edge().await.processes.iter().filter(|process| process.serving).count(), 2);
}

/// Kills Sōzu, and measures how long nobody listens.
async fn killed(at: &'static Installation) -> Duration {
    let port: u16 = at.url.rsplit(':').next().unwrap().parse().unwrap();
    let before = at.pids("sozu")[0];
    kill("-KILL", before);
    let began = Instant::now();
    let end = began + Duration::from_secs(30);
    while at.pids("sozu")[0] == before || TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "nobody listens again");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_hands_change_is_put_right_and_told() {
    let at = own();
    let load = Load::start(at, &KEPT).await;
    let other = at.sozu();
    let state = other.observe().await.unwrap();
    let backend = state.backends[PORTAL_CLUSTER][0].clone();
    let remove = RemoveBackend {
        cluster_id: PORTAL_CLUSTER.into(),
        backend_id: backend.backend_id.clone(),
        address: backend.address.into(),
    };
    other.call(RequestType::RemoveBackend(remove)).await.unwrap();
    at.edge_until("the process to be back", |report| {
        report.converged && report.drift.iter().any(|drift| drift.what.contains(&backend.backend_id))
    })
    .await;
    let ghost = RequestHttpFrontend {
        cluster_id: Some("guichet-ghost".into()),
        address: state.http_listeners.values().next().unwrap().address,
        hostname: "ghost.example".into(),
        path: PathRule::prefix("/"),
        position: RulePosition::Tree.into(),
        ..RequestHttpFrontend::default()
    };
    other.call(RequestType::add_http_frontend(ghost)).await.unwrap();
    at.edge_until("the orphan to go", |report| report.drift.iter().any(|drift| drift.what.contains("ghost.example")))
        .await;
    assert!(other.observe().await.unwrap().http_fronts.values().all(|front| front.hostname != "ghost.example"));
    load.stop().await.expect_no_failure("drift");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_edges_one_gives_orders_and_a_paused_one_comes_back_as_observer() {
    let at = own();
    let first = at.pids("edge")[0];
    let before = leads(&at.edge().await).unwrap();
    let config: toml::Table = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap().parse().unwrap();
    let socket = PathBuf::from(config["edge"]["sozu_socket"].as_str().unwrap());
    let second = Second::start(at, Some(socket)).await;
    second.until("the second to observe", |report| matches!(report.role, Role::Observer { .. })).await;
    kill("-STOP", first);
    let paused = Instant::now();
    let taken = second.until("the second to lead", |report| leads(report).is_some() && report.converged).await;
    eprintln!("a paused edge was replaced after {:?}", paused.elapsed());
    assert!(leads(&taken).unwrap() > before);
    kill("-CONT", first);
    at.edge_until("the first to observe", |report| matches!(report.role, Role::Observer { .. })).await;
    assert_eq!(Actor::at(at).get("/legal").await.status, 200);
    drop(second);
    at.edge_until("the first to lead again", |report| leads(report).is_some_and(|epoch| epoch > before + 1)).await;
}

fn leads(report: &Report) -> Option<u64> {
    match report.role {
        Role::Leader { epoch } => Some(epoch),
        _ => None,
    }
}

/// A second edge on the same database: with a Sōzu of its own, or on the same one.
struct Second {
    https: u16,
    ops: SocketAddr,
    socket: PathBuf,
    _edge: Child,
    _sozu: Option<Child>,
}

impl Second {
    async fn start(at: &'static Installation, shared: Option<PathBuf>) -> Self {
        let folder = at.folder.join("run/second");
        std::fs::create_dir_all(&folder).unwrap();
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (http, https, ops) = (free(), free(), free());
        let socket = shared.clone().unwrap_or_else(|| folder.join("s.sock"));
        let text = std::fs::read_to_string(at.folder.join("edge.toml")).unwrap();
        let mut config: toml::Table = text.parse().unwrap();
        let edge = config["edge"].as_table_mut().unwrap();
        let mut set = |key: &str, value: String| drop(edge.insert(key.into(), value.into()));
        set("ops_listen", ops.to_string());
        set("state_dir", folder.join("state").to_str().unwrap().into());
        set("sozu_socket", socket.to_str().unwrap().into());
        let sozu = shared.is_none().then(|| {
            set("http_listen", http.to_string());
            set("https_listen", https.to_string());
            let old = std::fs::read_to_string(at.folder.join("sozu.toml")).unwrap();
            let lines =
                old.lines().filter(|line| !line.starts_with("command_socket") && !line.starts_with("saved_state"));
            let file = folder.join("sozu.toml");
            let lines: Vec<&str> = lines.collect();
            std::fs::write(&file, format!("command_socket = {socket:?}\n{}\n", lines.join("\n"))).unwrap();
            let program = std::env::var("GUICHET_SOZU").expect("GUICHET_SOZU names Sōzu's program");
            let mut command = Command::new(program);
            command.arg("start").arg("--config").arg(file).kill_on_drop(true).stdout(Stdio::null()).spawn().unwrap()
        });
        let file = folder.join("edge.toml");
        std::fs::write(&file, config.to_string()).unwrap();
        let mut edge = Command::new(guichet());
        edge.args(["edge", "--config"]).arg(&file).stderr(Stdio::null()).kill_on_drop(true);
        let edge = edge.spawn().unwrap();
        Self { https: https.port(), ops, socket, _edge: edge, _sozu: sozu }
    }

    async fn until(&self, what: &str, condition: impl Fn(&Report) -> bool) -> Report {
        let end = Instant::now() + Duration::from_secs(40);
        let mut last = None;
        loop {
            if let Ok(answer) = reqwest::get(format!("http://{}/status.json", self.ops)).await
                && let Ok(report) = answer.json::<Report>().await
            {
                if condition(&report) {
                    return report;
                }
                last = Some(report);
            }
            assert!(Instant::now() < end, "waited in vain for {what}: {last:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

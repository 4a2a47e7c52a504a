//! Processes come and go under load, and no request is lost.

use crate::{
    flows::breakdown::{kill, own},
    harness::{
        installation::wait_for_async,
        load::{Load, Manner},
    },
};

const MIXED: [(Manner, usize); 5] =
    [(Manner::Kept, 4), (Manner::Fresh, 2), (Manner::Slow, 4), (Manner::Post, 2), (Manner::Upload, 2)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_rolling_replacements_and_a_plain_restart_lose_no_request() {
    let at = own();
    let load = Load::start(at, &MIXED).await;
    for _ in 0..3 {
        let before = at.pids("serve");
        let told = at.command(&["rollout"]).await;
        eprint!("{told}");
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(at.pids("serve").iter().all(|pid| !before.contains(pid)));
    }
    // What a supervisor does that knows nothing of rollouts.
    let old = at.edge_until("both to serve", |report| report.processes.iter().all(|process| process.serving)).await;
    kill("-TERM", at.pids("serve")[0]);
    at.edge_until("the successor to serve", |report| {
        let known = |id: &String| old.processes.iter().any(|process| process.id == *id);
        report.processes.len() == 2
            && report.processes.iter().all(|process| process.serving)
            && report.processes.iter().any(|process| !known(&process.id))
    })
    .await;
    load.stop().await.expect_no_failure("three rollouts and a restart");
    let report = at.edge().await;
    assert!(report.converged && report.issues.is_empty(), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_load_sees_failures_when_a_process_is_killed() {
    let at = own();
    let load = Load::start(at, &[(Manner::Slow, 16)]).await;
    kill("-KILL", at.pids("serve")[0]);
    at.edge_until("both to serve again", |report| {
        report.processes.len() == 2 && report.processes.iter().all(|process| process.serving)
    })
    .await;
    let good = load.good();
    wait_for_async("the load to go on", async || {
        tokio::task::yield_now().await;
        load.good() > good + 50
    })
    .await;
    let tally = load.stop().await;
    eprintln!("control, a process killed: {:?}", tally.outcomes);
    let lost: usize = tally.failures().iter().map(|(_, count)| **count).sum();
    assert!((1..=16).contains(&lost), "only what was under way is lost: {:?}", tally.outcomes);
}

#[tokio::test]
async fn a_rollout_says_why_it_does_not_begin() {
    let at = own();
    let config = at.folder.join("guichet-1.toml");
    let run = async |more: &[&str]| {
        let mut command = tokio::process::Command::new(crate::harness::installation::guichet());
        let done = command.arg("rollout").arg("--config").arg(&config).args(more).output().await.unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (done, said) = run(&["--only", "serve-9"]).await;
    assert!(!done && said.contains("no process called serve-9") && said.contains("serve-1, serve-2"), "{said}");
}

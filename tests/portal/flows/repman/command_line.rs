//! What an operator asks and orders at the command line.

use crate::{
    flows::breakdown::own,
    harness::{Actor, Installation, repman::StandIn, sozu::free},
};
use std::{path::PathBuf, process::Stdio};
use tokio::process::Command;

/// The configuration of an installation, with replication-manager in it.
fn configured(at: &Installation, stand_in: &StandIn, folder: &std::path::Path) -> PathBuf {
    let text = std::fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    config.insert("repman".into(), toml::Value::try_from(&stand_in.config).unwrap());
    let file = folder.join("guichet.toml");
    std::fs::write(&file, config.to_string()).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_page_has_what_replication_manager_sees() {
    let (at, stand_in) = (own(), StandIn::start().await);
    let folder = tempfile::tempdir().unwrap();
    let file = configured(at, &stand_in, folder.path());
    let ops = free();
    let mut config: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    config["portal"]["listen"] = free().to_string().into();
    config["portal"]["ops_listen"] = ops.to_string().into();
    config["portal"]["name"] = "observer".into();
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = Command::new(crate::harness::installation::guichet());
    let process =
        command.args(["serve", "--config"]).arg(&file).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let page = async |path: &str| match reqwest::get(format!("http://{ops}{path}")).await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    let wait = async |words: &str| {
        crate::harness::installation::wait_for_async(words, async || page("/en").await.contains(words)).await;
    };
    wait("replaces the leader by itself").await;
    let shown = page("/").await;
    assert!(stand_in.hosts().iter().all(|host| shown.contains(&host.to_string())), "{shown}");
    assert!(shown.contains("remplace le conducteur de lui-même") && shown.contains("GTID"), "{shown}");
    let status: serde_json::Value = serde_json::from_str(&page("/status").await).unwrap();
    assert_eq!(status["manager"]["state"], "watching", "{status}");
    drop(stand_in);
    wait("replication-manager does not answer: deposits go on").await;
    drop(process);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_looks_hands_over_and_backs_up_and_the_journal_has_it() {
    let (at, stand_in) = (Installation::shared(), StandIn::start().await);
    let folder = tempfile::tempdir().unwrap();
    let config = configured(at, &stand_in, folder.path());
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(crate::harness::installation::guichet());
        let done = command.arg("database").args(arguments).arg("--config").arg(&config).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout) + &text(&done.stderr))
    };
    let (code, told) = run(&["status"]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("fails over by itself") && told.contains("writes are kept as safely as demanded"), "{told}");
    let hosts = stand_in.hosts();
    assert!(hosts.iter().all(|host| told.contains(&host.to_string())), "{told}");

    let alone = ["--unconfirmed", "essai"];
    let (code, told) = run(&[&["switchover", "--to", &hosts[1].to_string()], &alone[..]].concat()).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&format!("{} leads instead of {}", hosts[1], hosts[0])), "{told}");
    let (code, told) = run(&[&["switchover", "--to", &hosts[1].to_string()], &alone[..]].concat()).await;
    assert!(code == Some(2) && told.contains("nothing was done: this server leads already"), "{code:?} {told}");
    let (code, told) = run(&["backup", "--of", &hosts[0].to_string()]).await;
    assert!(code == Some(0) && told.contains("Only a restore proves a backup"), "{code:?} {told}");

    let database = guichet::testing::config::Config::read(&config).unwrap().database;
    let store = guichet::testing::store::Store::open(&database).unwrap();
    let mut db = store.read(guichet::testing::store::Freshness::OwnWrites).await.unwrap();
    let noted: Vec<(String, String)> =
        sqlx::query_as("select kind, cast(data as char) from event where kind like 'database%' order by sequence")
            .fetch_all(&mut *db)
            .await
            .unwrap();
    let kinds: Vec<&str> = noted.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, [&["database_switchover"; 4][..], &["database_backup"]].concat());
    assert!(noted[0].1.contains("ordered") && noted[0].1.contains("essai") && noted[1].1.contains('→'), "{noted:?}");

    let mut away: toml::Table = std::fs::read_to_string(&config).unwrap().parse().unwrap();
    away["repman"]["url"] = "https://127.0.0.1:1".into();
    std::fs::write(&config, away.to_string()).unwrap();
    let (code, told) = run(&["status"]).await;
    assert!(code == Some(1) && told.contains("writes are kept as safely as demanded"), "{code:?} {told}");
    assert!(told.contains("cannot reach replication-manager"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handover_waits_until_an_operator_has_confirmed_it() {
    let (at, stand_in) = (own(), StandIn::start().await);
    let folder = tempfile::tempdir().unwrap();
    let config = configured(at, &stand_in, folder.path());
    let to = stand_in.hosts()[1].to_string();
    let mut command = Command::new(crate::harness::installation::guichet());
    command.args(["database", "switchover", "--to", &to, "--config"]).arg(&config);
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();

    let email = "exploitation@exemple.fr";
    at.command(&["access", "give", email, "--role", "operator"]).await;
    let (mut operator, mut ada) = (Actor::at(at), Actor::at(at));
    operator.sign_in(email).await;
    ada.sign_in("ada@exemple.fr").await;
    ada.get("/orders").await.expect(403);
    let mut page = String::new();
    crate::harness::installation::wait_for_async("the order to be shown", async || {
        page = operator.get("/orders").await.expect(200).body;
        page.contains(&to)
    })
    .await;
    let confirm = page.split("action=\"").find(|part| part.contains("/confirm\"")).unwrap();
    let confirm = confirm.split('"').next().unwrap().to_owned();
    ada.post(&confirm, &[]).await.expect(403);
    assert_eq!(stand_in.logins(), 0, "nothing was ordered before that");
    operator.post(&confirm, &[]).await.expect(303);
    let done = waiting.wait_with_output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains(&format!("{to} leads instead of")));
    operator.post(&confirm, &[]).await.expect(303);
    operator.post(&format!("/orders/{}/confirm", uuid::Uuid::now_v7()), &[]).await.expect(404);
    assert!(operator.get("/orders").await.body.contains(&format!("Confirmé par {email}")));
}

//! Backup sets: made beside the running portal, tried out, and all that is left when everything else is destroyed.

use crate::{
    flows::breakdown::own,
    harness::{
        Actor, Installation,
        cluster::{Cluster, Replication},
        sample,
    },
};
use guichet::testing::store::embedded::Embedded;
use std::{fs, path::Path};

async fn deposits(at: &'static Installation, count: usize) {
    for _ in 0..count {
        let mut ada = Actor::at(at);
        ada.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
        let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
        sample::deposit(&mut ada, &id).await;
    }
}

/// How many there are.
async fn receipts(at: &Installation) -> usize {
    let told = at.command(&["admin", "chain"]).await;
    told.split(' ').next().unwrap().parse().unwrap()
}

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

/// A configuration of an installation that does not exist yet, with a data folder and a server of its own.
fn elsewhere(at: &Installation, folder: &Path, server: &Embedded) -> std::path::PathBuf {
    let text = fs::read_to_string(at.folder.join("guichet-1.toml")).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    config["portal"]["data_dir"] = path(&folder.join("data")).into();
    let mut database = toml::Table::new();
    database.insert("socket".into(), path(server.socket()).into());
    database.insert("name".into(), "guichet".into());
    database.insert("user".into(), server.user().into());
    config["database"] = database.into();
    let file = folder.join("guichet.toml");
    fs::write(&file, config.to_string()).unwrap();
    file
}

async fn run(arguments: &[&str]) -> (bool, String) {
    let done = tokio::process::Command::new(crate::harness::installation::guichet()).args(arguments).output();
    let done = done.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.success(), text(&done.stdout) + &text(&done.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_destroyed_comes_back_from_a_set_with_every_receipt() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("backup");
    deposits(at, 2).await;
    let receipts = receipts(at).await;
    let told = at.command(&["admin", "backup", "--to", path(&sets)]).await;
    assert!(told.contains(&format!("{receipts} receipts")), "{told}");
    deposits(at, 1).await;
    let told = at.command(&["admin", "drill", "--from", path(&sets)]).await;
    assert!(told.contains("would be lost with all servers: 1 receipts"), "{told}");
    assert!(told.contains(&format!("{receipts} receipts verify")), "{told}");
    // A second set shares the attachments of the first.
    let count = || walk(&sets.join("blobs")).len();
    let attachments = count();
    at.command(&["admin", "backup", "--to", path(&sets)]).await;
    assert_eq!(count(), attachments);
    assert_eq!(
        fs::read_dir(at.folder.join("data"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("drill-") })
            .count(),
        0,
        "the drill leaves nothing"
    );

    // Elsewhere, with nothing but the sets.
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let config = elsewhere(at, folder.path(), &server);
    let restore = ["admin", "restore", "--from", path(&sets), "--config", path(&config)];
    let (good, told) = run(&restore).await;
    let all = receipts + 1;
    assert!(good && told.contains(&format!("{all} receipts verify")), "{told}");
    let (good, told) = run(&["admin", "chain", "--config", path(&config)]).await;
    assert!(good && told.contains(&format!("{all} receipts")), "{told}");
    let (good, told) = run(&restore).await;
    assert!(!good && told.contains("only restored where there is no installation"), "{told}");
    for file in ["receipt.key", "session.key"] {
        let of = |data: &Path| fs::read(data.join("keys").join(file)).unwrap();
        assert_eq!(of(&at.folder.join("data")), of(&folder.path().join("data")));
    }
    server.stop().await.unwrap();
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let within = fs::read_dir(folder).unwrap().flat_map(|entry| fs::read_dir(entry.unwrap().path()).unwrap());
    within.map(|entry| entry.unwrap().path()).collect()
}

/// The configuration of an installation with a repository of restic, which does not exist yet.
fn with_restic(config: &Path, folder: &Path) -> toml::Table {
    let mut config: toml::Table = fs::read_to_string(config).unwrap().parse().unwrap();
    fs::write(folder.join("restic-password"), "phrase de passe\n").unwrap();
    fs::write(
        folder.join("restic-account"),
        "# account of the storage\nRESTIC_CACHE_DIR=/nowhere\nRESTIC_COMPRESSION=max\n",
    )
    .unwrap();
    let file = |name: &str| toml::Value::from(path(&folder.join(name)));
    let restic: toml::Table = [
        ("repository", file("repository")),
        ("password_file", file("restic-password")),
        ("environment_file", file("restic-account")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect();
    config["backup"]["folder"] = path(&folder.join("backup")).into();
    config["backup"].as_table_mut().unwrap().insert("restic".into(), restic.into());
    config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_beyond_the_machine_is_enough_to_come_back() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    let (sets, config) = (folder.path().join("backup"), folder.path().join("live.toml"));
    fs::write(&config, with_restic(&at.folder.join("guichet-1.toml"), folder.path()).to_string()).unwrap();
    let admin = async |arguments: &[&str]| run(&[&["admin"], arguments, &["--config", path(&config)]].concat()).await;
    deposits(at, 1).await;
    let back_up = ["backup", "--to", path(&sets), "--keep", "2"];
    for _ in 0..3 {
        let (good, told) = admin(&back_up).await;
        assert!(good && told.contains("copied to"), "{told}");
    }
    let (good, told) = admin(&["drill", "--from-restic"]).await;
    assert!(good && told.contains("receipts verify") && told.contains("repository"), "{told}");
    assert!(sets.join("drill.json").is_file() && sets.join("sent.json").is_file());

    // The machine is gone, and so are the sets on it.
    let receipts = receipts(at).await;
    fs::remove_dir_all(&sets).unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let fresh = with_restic(&elsewhere(at, folder.path(), &server), folder.path());
    let fresh_config = folder.path().join("fresh.toml");
    let write = |password: &str| {
        fs::write(folder.path().join("restic-password"), password).unwrap();
        fs::write(&fresh_config, fresh.to_string()).unwrap();
    };
    let restore = ["admin", "restore", "--from-restic", "--config", path(&fresh_config)];
    write("another one");
    let (good, told) = run(&restore).await;
    assert!(!good && told.contains("wrong password"), "{told}");
    write("phrase de passe");
    let (good, told) = run(&restore).await;
    assert!(good && told.contains(&format!("{receipts} receipts verify")), "{told}");
    let left = fs::read_dir(folder.path().join("data")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with("fetched-")));
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_set_is_told_by_the_drill() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    deposits(at, 1).await;
    at.command(&["admin", "backup", "--to", path(folder.path())]).await;
    let drill = async || at.try_command(&["admin", "drill", "--from", path(folder.path())]).await;
    drill().await.unwrap();
    let victim = walk(&folder.path().join("blobs")).remove(0);
    let bytes = fs::read(&victim).unwrap();
    fs::write(&victim, [&bytes[..], b"x"].concat()).unwrap();
    let told = drill().await.unwrap_err();
    assert!(told.contains("its bytes are others"), "{told}");
    fs::remove_file(&victim).unwrap();
    let told = drill().await.unwrap_err();
    assert!(told.contains("attachment"), "{told}");
    // The next set has it again: what was damaged is not trusted for ever.
    at.command(&["admin", "backup", "--to", path(folder.path())]).await;
    drill().await.unwrap();
    let newest = fs::read_dir(folder.path().join("sets")).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let database = newest.join("database.sql");
    let text = fs::read(&database).unwrap();
    fs::write(&database, &text[..text.len() - 20]).unwrap();
    let told = drill().await.unwrap_err();
    assert!(told.contains("not the file that was made"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_backed_up_from_its_leader_and_examined_setting_by_setting() {
    let cluster = Cluster::start(Replication::Recommended).await;
    let at = cluster.installation("strict");
    deposits(at, 1).await;
    let folder = tempfile::tempdir().unwrap();
    at.command(&["admin", "backup", "--to", path(folder.path())]).await;
    let told = at.command(&["admin", "drill", "--from", path(folder.path())]).await;
    assert!(told.contains(&format!("{} receipts verify", receipts(at).await)), "{told}");

    // The test hooks of this installation are a problem too, and rightly so.
    let told = at.try_command(&["doctor", "database"]).await.unwrap_err();
    assert!(told.contains("leads, and 2 others confirm") && told.contains("Problems: 1."), "{told}");
    cluster.nodes[1].order("set global sync_binlog = 0").await.unwrap();
    cluster.nodes[2].order("set global read_only = 0").await.unwrap();
    let told = at.try_command(&["doctor", "database"]).await.unwrap_err();
    assert!(told.contains("sync_binlog is 0") && told.contains("a power cut takes back"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_moves_to_a_cluster_without_losing_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let at = Installation::start(None).for_this_test();
    deposits(at, 1).await;
    let receipts = receipts(at).await;
    let cluster = Cluster::start(Replication::Recommended).await;
    let old = at.folder.join("guichet-1.toml");
    let mut config: toml::Table = fs::read_to_string(&old).unwrap().parse().unwrap();
    let section: toml::Table = fs::read_to_string(cluster.section("strict")).unwrap().parse().unwrap();
    config["database"] = section["database"].clone();
    let new = folder.path().join("guichet.toml");
    fs::write(&new, config.to_string()).unwrap();
    let go = ["admin", "move-to-cluster", "--config", path(&old), "--to", path(&new)];
    let (good, told) = run(&go).await;
    assert!(!good && told.contains("processes of the portal run"), "{told}");
    for pid in at.pids("supervisor").into_iter().chain(at.pids("serve")) {
        crate::flows::breakdown::kill("-STOP", pid);
    }
    crate::harness::installation::wait_for_async("the processes to rest", async || {
        let (good, told) = run(&go).await;
        assert!(good || told.contains("processes of the portal run"), "{told}");
        good
    })
    .await;
    let (good, told) = run(&go).await;
    assert!(good && told.contains("holds everything already"), "{told}");
    let (good, told) = run(&["admin", "chain", "--config", path(&new)]).await;
    assert!(good && told.contains(&format!("{receipts} receipts")), "{told}");
    // A half-done try is told of, and done again when asked to.
    cluster.nodes[cluster.leader].order("delete from guichet.deposit_piece").await.unwrap();
    let (good, told) = run(&go).await;
    assert!(!good && told.contains("--again"), "{told}");
    let (good, told) = run(&[&go[..], &["--again"]].concat()).await;
    assert!(good && told.contains("the same by count and checksum"), "{told}");
    for pid in at.pids("serve").into_iter().chain(at.pids("supervisor")) {
        crate::flows::breakdown::kill("-CONT", pid);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_made_and_tried_out_by_itself_and_the_operators_page_has_it() {
    let at = own();
    let ops = at.access()["instance_ops"][0].as_str().unwrap().to_owned();
    let page = async |path: &str| reqwest::get(format!("{ops}{path}")).await.unwrap().text().await.unwrap();
    crate::harness::installation::wait_for_async("the first set and its trial", async || {
        page("/").await.contains("Tout est en ordre.")
    })
    .await;
    let english = page("/en").await;
    assert!(english.contains("All is well.") && english.contains("Receipts and attachments verified"), "{english}");
    let status: serde_json::Value = serde_json::from_str(&page("/status").await).unwrap();
    assert_eq!(status["drill"]["restored"]["faults"], serde_json::json!([]), "{status}");
    assert_eq!(status["database"][0]["role"], "single");
    assert!(page("/metrics").await.contains("guichet_drill_good 1"));
    // The public address has none of it.
    assert_eq!(Actor::at(at).get("/status").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_that_was_changed_is_refused_and_runs_nothing_whoever_takes_it() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    deposits(at, 1).await;
    let told = at.command(&["admin", "backup", "--to", path(folder.path())]).await;
    let signer = told.split("signed by ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    let set = fs::read_dir(folder.path().join("sets")).unwrap().next().unwrap().unwrap().path();
    assert!(!set.join("keys/backup.key").exists() && set.join("keys/receipt.key").exists());
    let (database, manifest) = (set.join("database.sql"), set.join("manifest.json"));
    let (good_database, good_manifest) = (fs::read(&database).unwrap(), fs::read_to_string(&manifest).unwrap());
    let drill = async |more: &[&str]| {
        at.try_command(&[&["admin", "drill", "--from", path(folder.path())], more].concat()).await
    };
    drill(&["--signer", &signer]).await.unwrap();

    let trace = folder.path().join("ran");
    let digest = |bytes: &[u8]| hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes));
    for order in [
        format!("\\! touch {}\n", trace.display()),
        format!("SELECT 1 INTO OUTFILE '{}';\n", trace.display()),
        format!("CREATE TABLE `x` (`a` int) ENGINE=InnoDB DATA DIRECTORY='{}';\n", folder.path().display()),
    ] {
        let changed = [&good_database[..], order.as_bytes()].concat();
        fs::write(&database, &changed).unwrap();
        let text = good_manifest.replace(&digest(&good_database), &digest(&changed));
        assert_ne!(text, good_manifest);
        fs::write(&manifest, text).unwrap();
        let told = drill(&[]).await.unwrap_err();
        assert!(told.contains("was changed since it was made"), "{told}");
        let told = drill(&["--from-elsewhere"]).await.unwrap_err();
        assert!(told.contains("a dump of ours does not say"), "{told}");
        assert!(!trace.exists(), "{order}");
    }

    // As another installation would have made it: elsewhere nobody knows, here it is foreign.
    fs::write(&database, &good_database).unwrap();
    fs::write(&manifest, &good_manifest).unwrap();
    drill(&[]).await.unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let config = elsewhere(at, folder.path(), &server);
    let restore = |more: &'static [&'static str]| {
        let config = config.clone();
        let sets = folder.path().to_owned();
        async move { run(&[&["admin", "restore", "--from", path(&sets), "--config", path(&config)], more].concat()).await }
    };
    let (good, told) = restore(&["--signer", "00"]).await;
    assert!(!good && told.contains("was signed by") && told.contains(&signer), "{told}");
    let (good, told) = restore(&[]).await;
    assert!(good && told.contains("nothing here says who made this set") && told.contains(&signer), "{told}");
    // What was restored makes sets of its own, and takes the one that it came from as its own.
    let (good, told) = run(&["admin", "drill", "--from", path(folder.path()), "--config", path(&config)]).await;
    assert!(good && !told.contains('!'), "{told}");
    let theirs = folder.path().join("theirs");
    let (good, told) = run(&["admin", "backup", "--to", path(&theirs), "--config", path(&config)]).await;
    assert!(good && !told.contains(&signer), "{told}");
    let told = at.try_command(&["admin", "drill", "--from", path(&theirs)]).await.unwrap_err();
    assert!(told.contains("which is not a key of this installation's"), "{told}");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_without_signature_comes_back_on_the_operators_word_only() {
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    deposits(at, 1).await;
    at.command(&["admin", "backup", "--to", path(folder.path())]).await;
    let set = fs::read_dir(folder.path().join("sets")).unwrap().next().unwrap().unwrap().path();
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(set.join("manifest.json")).unwrap()).unwrap();
    manifest["format"] = 1.into();
    manifest.as_object_mut().unwrap().remove("keys").unwrap();
    fs::write(set.join("manifest.json"), manifest.to_string()).unwrap();
    fs::remove_file(set.join("manifest.sig")).unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let config = elsewhere(at, folder.path(), &server);
    let restore = ["admin", "restore", "--from", path(folder.path()), "--config", path(&config)];
    let (good, told) = run(&restore).await;
    assert!(!good && told.contains("is not signed") && told.contains("--from-elsewhere"), "{told}");
    // The installation that made it does not try it out either.
    let drill = at.try_command(&["admin", "drill", "--from", path(folder.path())]).await.unwrap_err();
    assert!(drill.contains("is not signed"), "{drill}");
    let (good, told) = run(&[&restore[..], &["--from-elsewhere"]].concat()).await;
    assert!(good && told.contains("this set is not signed") && told.contains("receipts verify"), "{told}");
    server.stop().await.unwrap();
}

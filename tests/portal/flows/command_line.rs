//! The command line as its user meets it.

use crate::harness::{
    Actor, Installation,
    installation::{guichet, source},
};
use std::{
    path::Path,
    process::{Command, Output},
};

/// Deposits a folder as the demonstration's applicant.
pub fn deposit(folder: &Path) -> Output {
    deposit_at(folder, &["--url", &Installation::shared().url])
}

/// Deposits a folder as the demonstration's applicant, at an address.
fn deposit_at(folder: &Path, address: &[&str]) -> Output {
    let at = Installation::shared();
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), at.token("applicant_token")).unwrap();
    Command::new(guichet())
        .arg("deposit")
        .arg(folder)
        .args(address)
        .args(["--lang", "fr", "--ca"])
        .arg(&at.ca_file)
        .arg("--token-file")
        .arg(token.path())
        .output()
        .unwrap()
}

fn copy_sample() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(source("docs/samples/hyper-open-x")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

fn receipt_of(folder: &Path) -> std::path::PathBuf {
    let mut receipts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("receipt-"))
        .collect();
    receipts.sort();
    receipts.pop().expect("a receipt was saved")
}

pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_folder_is_deposited_again_safely_and_verified_offline() {
    let folder = copy_sample();
    let first = deposit(folder.path());
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let receipt = receipt_of(folder.path());
    let again = deposit(folder.path());
    assert_eq!(again.status.code(), Some(0), "{}", text(&again));
    assert_eq!(receipt_of(folder.path()), receipt, "the same receipt");

    let keys = folder.path().join("keys.json");
    let public: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    let published = serde_json::json!([{ "id": public["statement"]["key"], "public_key": public["public_key"] }]);
    std::fs::write(&keys, published.to_string()).unwrap();
    let verify = |receipt: &Path| {
        Command::new(guichet()).arg("verify").arg(receipt).arg(folder.path()).arg("--keys").arg(&keys).output().unwrap()
    };
    let unsure = Command::new(guichet()).arg("verify").arg(&receipt).output().unwrap();
    assert_eq!(unsure.status.code(), Some(1), "without keys anyone may have signed: {}", text(&unsure));
    let fine = verify(&receipt);
    assert_eq!(fine.status.code(), Some(0), "{}", text(&fine));
    let sealed = std::fs::read_to_string(&receipt).unwrap();
    let forged = folder.path().join("forged.json");
    std::fs::write(&forged, sealed.replacen("hyper-open-x", "hyper-open-y", 1)).unwrap();
    let differs = verify(&forged);
    assert_eq!(differs.status.code(), Some(1), "{}", text(&differs));
    assert!(text(&differs).contains("context"), "it says what differs: {}", text(&differs));
    std::fs::write(folder.path().join("P7-kbis.pdf"), b"another").unwrap();
    let piece = verify(&receipt);
    assert_eq!(piece.status.code(), Some(1));
    assert!(text(&piece).contains("P7"), "{}", text(&piece));
    std::fs::write(&forged, "{").unwrap();
    assert_eq!(verify(&forged).status.code(), Some(2));
}

#[test]
fn a_name_in_the_other_form_is_found_and_one_outside_the_folder_is_not() {
    let folder = copy_sample();
    let answers = folder.path().join("dossier.toml");
    let toml = std::fs::read_to_string(&answers).unwrap();
    std::fs::rename(folder.path().join("P7-kbis.pdf"), folder.path().join("P7-e\u{301}tat.pdf")).unwrap();
    std::fs::write(&answers, toml.replace("P7-kbis.pdf", "P7-\u{e9}tat.pdf")).unwrap();
    let done = deposit(folder.path());
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    std::fs::write(&answers, toml.replace("P7-kbis.pdf", "../P7-kbis.pdf")).unwrap();
    let refused = deposit(folder.path());
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("../P7-kbis.pdf est hors du répertoire"), "{}", text(&refused));
}

#[test]
fn the_port_to_connect_to_is_the_one_that_is_given() {
    let folder = copy_sample();
    let at = Installation::shared();
    let port = at.url.rsplit(':').next().unwrap().trim_end_matches('/');
    let nobodys = at.url.replace(port, "9");
    let done = deposit_at(folder.path(), &["--url", &nobodys, "--connect", &format!("127.0.0.1:{port}")]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
}

#[test]
fn one_portal_is_one_address_however_it_is_written() {
    let folder = copy_sample();
    let url = Installation::shared().url.trim_end_matches('/').to_owned();
    let first = deposit(folder.path());
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let receipt = receipt_of(folder.path());
    for same in [format!("{url}/"), format!("{url}/en/")] {
        let again = deposit_at(folder.path(), &["--url", &same]);
        assert_eq!(again.status.code(), Some(0), "{}", text(&again));
        assert_eq!(receipt_of(folder.path()), receipt, "{same}");
    }
    for more in [format!("{url}/?x=1"), format!("{url}/#a"), format!("{url}/verify")] {
        let refused = deposit_at(folder.path(), &["--url", &more]);
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
        assert!(text(&refused).contains(&format!("écrivez seulement {url}")), "{}", text(&refused));
    }
}

#[test]
fn what_is_wrong_with_dossier_toml_is_said_of_it() {
    let folder = copy_sample();
    let answers = folder.path().join("dossier.toml");
    let toml = std::fs::read_to_string(&answers).unwrap();
    let (_, round) = toml.split_once("\nround = \"").unwrap();
    let round = round.split('"').next().unwrap();
    let renamed = |from: &str, to: &str| std::fs::write(&answers, toml.replacen(from, to, 1)).unwrap();
    renamed(&format!("round = \"{round}\""), "round = \"nulle-part\"");
    let said = text(&deposit(folder.path()));
    assert!(said.contains("« nulle-part »") && said.contains(round) && !said.contains("connectez-vous"), "{said}");
    renamed("call = \"hyper-open-x\"", "call = \"hyper-open-z\"");
    let said = text(&deposit(folder.path()));
    assert!(said.contains("« hyper-open-z »") && said.contains("call"), "{said}");
    std::fs::write(&answers, [toml.as_bytes(), b"# \xe9\n"].concat()).unwrap();
    let said = text(&deposit(folder.path()));
    assert!(said.contains("dossier.toml") && said.contains("iconv -f WINDOWS-1252"), "{said}");
}

#[test]
fn a_dossier_that_came_with_the_folder_is_left_alone() {
    let own = copy_sample();
    assert_eq!(deposit(own.path()).status.code(), Some(0));
    let memory_of = |folder: &Path| {
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".guichet-deposit")).unwrap()
    };
    let read = |path: &Path| serde_json::from_slice::<serde_json::Value>(&std::fs::read(path).unwrap()).unwrap();
    let mut memory = read(&memory_of(own.path()));
    let remembered = memory["dossier"].clone();
    // Somebody knows the dossier's id, and not how it was begun.
    memory["attempt"] = uuid::Uuid::now_v7().to_string().into();
    let given = copy_sample();
    let place = given.path().join(memory_of(own.path()).file_name().unwrap());
    std::fs::write(&place, memory.to_string()).unwrap();
    let done = deposit(given.path());
    assert_eq!(done.status.code(), Some(0), "{}", text(&done));
    assert!(text(&done).contains("un autre a été commencé"), "{}", text(&done));
    assert_ne!(read(&place)["dossier"], remembered);
    assert_ne!(receipt_of(given.path()).file_name(), receipt_of(own.path()).file_name());
    let again = deposit(given.path());
    assert!(again.status.success() && !text(&again).contains("un autre"), "{}", text(&again));
}

#[test]
fn wrong_usage_and_a_closed_network_are_told_apart_from_findings() {
    let at = Installation::shared();
    let nowhere = Command::new(guichet())
        .args(["deposit", "/nonexistent", "--url", &at.url, "--token-file", "/nonexistent"])
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "{}", text(&nowhere));
    let folder = copy_sample();
    let token = tempfile::NamedTempFile::new().unwrap();
    let away = Command::new(guichet())
        .arg("deposit")
        .arg(folder.path())
        .args(["--url", "https://localhost:9", "--token-file"])
        .arg(token.path())
        .output()
        .unwrap();
    assert_eq!(away.status.code(), Some(2), "{}", text(&away));
    assert!(!text(&away).contains("panicked"));
}

#[test]
fn the_doctor_finds_the_demonstration_in_order_and_names_its_test_hooks() {
    let at = Installation::shared();
    let output =
        Command::new(guichet()).arg("doctor").arg("--config").arg(at.folder.join("guichet-1.toml")).output().unwrap();
    let said = text(&output);
    assert!(said.contains("test_hooks"), "{said}");
    assert!(!said.contains('\u{1b}'), "colours are for terminals: {said}");
    let config = at.folder.join("guichet-1.toml");
    let json = Command::new(guichet()).args(["doctor", "--json", "--config"]).arg(config).output().unwrap();
    assert_eq!(json.status.code(), output.status.code());
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["format"], "guichet-doctor/1");
    let found =
        |result: &str| report["checks"].as_array().unwrap().iter().filter(|one| one["result"] == result).count();
    assert_eq!(
        (report["problems"].as_u64(), report["attention"].as_u64()),
        (Some(found("problem") as u64), Some(found("attention") as u64))
    );
    let missing = Command::new(guichet()).args(["doctor", "--config", "/nonexistent.toml"]).output().unwrap();
    assert_ne!(missing.status.code(), Some(0));
    assert!(text(&missing).contains("/nonexistent.toml"));
}

#[tokio::test]
async fn a_deposit_by_command_line_is_found_by_the_officer() {
    let folder = copy_sample();
    let done = tokio::task::spawn_blocking(move || {
        let output = deposit(folder.path());
        (output.status.code(), receipt_of(folder.path()))
    })
    .await
    .unwrap();
    assert_eq!(done.0, Some(0));
    let number = done.1.file_stem().unwrap().to_str().unwrap().trim_start_matches("receipt-").to_owned();
    let mut officer = Actor::officer().await;
    let list = officer.get("/calls/hyper-open-x/rounds/demonstration/dossiers").await.expect(200).body;
    assert!(list.contains(&number));
}

//! A portal whose attachments are on three Garage nodes of which some break: not one acknowledged attachment is lost, none
//! has other bytes, and every receipt verifies with its files.

mod damage;
mod disasters;
mod full;
mod operation;
mod outage;

use crate::harness::{
    Actor, Installation,
    garage::{Garage, NODES},
    installation::guichet,
    uploaders::{Attached, Ledger, OWNER, Uploaders, sha256},
};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use std::{path::Path, process::Command};

/// Programs that upload and deposit at the same time.
const PROGRAMS: usize = 2;
/// Attachments that are read back at the same time.
const READERS: usize = 4;

/// What is left of what was acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Account {
    attached: usize,
    missing: Vec<String>,
    wrong: Vec<String>,
    receipts: usize,
    /// Receipts that do not verify with their folders, and why.
    unverified: Vec<String>,
}

/// A portal on a store, and the owner of what the programs attach there.
struct Portal {
    garage: Garage,
    at: &'static Installation,
    owner: Actor,
}

/// The bytes of an attachment as its owner gets them.
async fn read(owner: &Actor, path: &str) -> Result<Vec<u8>, (StatusCode, String)> {
    let answer = owner.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(|error| (status, format!("broke off: {error}")))?;
    if status == 200 { Ok(bytes.into()) } else { Err((status, String::from_utf8_lossy(&bytes).into_owned())) }
}

impl Portal {
    /// A portal on a fresh store.
    async fn start() -> Self {
        Self::on(Garage::start(NODES).await).await
    }

    /// A portal on a store.
    async fn on(garage: Garage) -> Self {
        let section = garage.section();
        let at = Installation::start_with(None, &["--attachments", section.to_str().unwrap()]).for_this_test();
        let mut owner = Actor::at(at);
        owner.sign_in(OWNER).await;
        Self { garage, at, owner }
    }

    /// What the promise says, with so many MiB as the reserve.
    async fn promise(&self, reserve_mib: u32) -> Result<String, String> {
        self.at.try_command(&["promise", "attachments", "--reserve-mib", &reserve_mib.to_string()]).await
    }

    /// Reads everything back that was acknowledged, and verifies every receipt with its files.
    async fn account(&self, ledger: &Ledger) -> Account {
        let folder = tempfile::tempdir().unwrap();
        let mut account =
            Account { attached: ledger.attached.len(), receipts: ledger.receipts.len(), ..Account::default() };
        for some in ledger.attached.chunks(READERS) {
            let paths = some.iter().map(|one| format!("/dossiers/{}/pieces/{}", one.dossier, one.code));
            let found = join_all(paths.map(async |path| read(&self.owner, &path).await)).await;
            for (one, found) in some.iter().zip(found) {
                let Attached { dossier, code, file, sha256: expected } = one;
                match found {
                    Err((status, _)) => account.missing.push(format!("{dossier} {code}: {status}")),
                    Ok(bytes) if &sha256(&bytes) != expected => account.wrong.push(format!("{dossier} {code}")),
                    Ok(bytes) => {
                        let of_dossier = folder.path().join(dossier);
                        std::fs::create_dir_all(&of_dossier).unwrap();
                        std::fs::write(of_dossier.join(file), bytes).unwrap();
                    }
                }
            }
        }
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, read(&self.owner, "/.well-known/guichet-receipt-keys").await.unwrap()).unwrap();
        for (dossier, number) in &ledger.receipts {
            let receipt = folder.path().join(format!("{number}.json"));
            std::fs::write(&receipt, read(&self.owner, &format!("/receipts/{number}.json")).await.unwrap()).unwrap();
            if let Some(fault) = unverified(&receipt, &folder.path().join(dossier), &keys) {
                account.unverified.push(format!("{number}: {fault}"));
            }
        }
        account
    }

    /// Ends the work, and expects that everything that was acknowledged is there as it was sent.
    async fn settle(&self, scenario: &str, uploaders: Uploaders) -> Ledger {
        let ledger = uploaders.stop().await;
        self.expect_whole(scenario, &ledger).await;
        ledger
    }

    /// Expects that everything that was acknowledged is there as it was sent.
    async fn expect_whole(&self, scenario: &str, ledger: &Ledger) {
        let account = self.account(ledger).await;
        let Account { attached, missing, wrong, receipts, unverified } = &account;
        eprintln!(
            "{scenario}: {attached} attached, {} missing, {} wrong, {receipts} receipts, {} of them unverified, longest \
             wait {:?}, refusals {:?}",
            missing.len(),
            wrong.len(),
            unverified.len(),
            ledger.longest,
            ledger.refusals
        );
        record(scenario, &account, ledger);
        let good = missing.is_empty() && wrong.is_empty() && unverified.is_empty();
        assert!(good, "{scenario}: {account:#?}\nrefusals {:?}\n{}", ledger.refusals, self.garage.logs());
        assert!(*attached > 0 && *receipts > 0, "{scenario}: hardly anything was attached: {account:?}");
    }
}

fn unverified(receipt: &Path, files: &Path, keys: &Path) -> Option<String> {
    let done = Command::new(guichet()).arg("verify").arg(receipt).arg(files).arg("--keys").arg(keys).output().unwrap();
    let text = || format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.code() != Some(0)).then(text)
}

/// Notes a line of the table that `make drill-attachments` prints, where it asks for one.
fn record(scenario: &str, account: &Account, ledger: &Ledger) {
    let Some(file) = std::env::var_os("GUICHET_DRILL") else { return };
    let Account { attached, missing, wrong, receipts, unverified } = account;
    let verified = receipts - unverified.len();
    let line = format!(
        "| {scenario} | {attached} | {} | {} | {verified} of {receipts} | {} ms |\n",
        missing.len(),
        wrong.len(),
        ledger.longest.as_millis()
    );
    let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
    std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
}

/// Rounds of each disaster. `GUICHET_DRILL_ROUNDS` asks for more: the rounds differ in which node is struck.
fn rounds() -> usize {
    std::env::var("GUICHET_DRILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

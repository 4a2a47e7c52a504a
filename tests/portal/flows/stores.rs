//! Stores of attachments that are not the one of the other tests: another folder, and an S3 store that we do not ship.

use super::{breakdown::own, uploads::begin};
use crate::harness::{Actor, Installation, moto::Moto, sample};
use reqwest::Method;
use std::{fs, path::Path};

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let within = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let within = within.filter(|path| path.file_name().is_some_and(|name| name.len() == 2));
    within.flat_map(|path| fs::read_dir(path).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

async fn applicant(at: &'static Installation) -> Actor {
    let mut ada = Actor::at(at);
    ada.sign_in(&format!("{}@exemple.fr", uuid::Uuid::now_v7().simple())).await;
    ada
}

async fn bytes(actor: &Actor, path: &str) -> (u16, Vec<u8>) {
    let answer = actor.request(Method::GET, path).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attachments_move_to_another_folder_while_the_portal_serves() {
    let at = own();
    let mut ada = applicant(at).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (at.folder.join("data/blobs"), folder.path().join("new"));
    let (from, to) = (format!("file:{}", old.display()), format!("file:{}", new.display()));
    let go = ["admin", "move-attachments", from.as_str(), to.as_str()];
    let count = files(&old).len();
    let told = at.command(&go).await;
    assert!(told.contains(&format!("{count} listed, {count} copied, 0 already there")), "{told}");
    assert!(told.contains("0 missing, 0 wrong"), "{told}");
    assert_eq!(files(&new).len(), count);
    let told = at.command(&go).await;
    assert!(told.contains(&format!("0 copied, {count} already there")), "{told}");

    // What rows refer to and nobody has is told, and so is what has other bytes.
    let good = sample::piece("P9-regularite-fiscale.pdf");
    let sha256 = hex::encode(ring::digest::digest(&ring::digest::SHA256, &good));
    let place = |store: &Path| store.join(&sha256[..2]).join(&sha256);
    let victim = place(&old);
    fs::write(&victim, b"others").unwrap();
    fs::remove_file(place(&new)).unwrap();
    let told = at.try_command(&go).await.unwrap_err();
    assert!(told.contains("its bytes are others") && told.contains("1 missing, 1 wrong"), "{told}");
    // Other bytes are shown to nobody.
    let page = ada.get(&format!("/dossiers/{id}/pieces/P9")).await;
    assert_eq!(page.status, 500);
    assert!(page.body.contains("Fichier endommagé"), "{}", page.body);
    ada.get(&format!("/dossiers/{id}/pieces/P7")).await.expect(200);
    fs::remove_file(&victim).unwrap();
    let told = at.try_command(&go).await.unwrap_err();
    assert!(told.contains("it is in neither store"), "{told}");
    fs::write(&victim, &good).unwrap();
    at.command(&go).await;
    sample::deposit(&mut ada, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_kind_of_s3_store_serves_a_portal() {
    let moto = Moto::start().await;
    let section = moto.section();
    let at = Installation::start_with(None, &["--attachments", section.to_str().unwrap()]).for_this_test();
    let mut ada = applicant(at).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    assert_eq!(files(&at.folder.join("data/blobs")).len(), 0, "nothing is on the machine");

    // A long file in two requests, of which the first breaks off within a part.
    let long = sample::long_pdf(12_000_000);
    let upload = begin(&mut ada, &id, "P9", long.len() as u64).await;
    let place = format!("/dossiers/{id}/pieces/P9/uploads/{upload}");
    let part = |from: usize, to: usize, last: &'static str| {
        ada.request(Method::PATCH, &place)
            .header("origin", &at.url)
            .header("x-csrf-token", ada.csrf())
            .header("accept", "application/json")
            .header("content-type", "application/partial-upload")
            .header("upload-offset", from)
            .header("upload-complete", last)
            .body(long[from..to].to_vec())
    };
    let first = part(0, 7_000_000, "?0").send().await.unwrap();
    assert_eq!(first.status(), 204, "{:?}", first.text().await);
    let second = part(7_000_000, long.len(), "?1").send().await.unwrap();
    assert!(second.status().is_success(), "{:?}", second.text().await);
    assert!(bytes(&ada, &format!("/dossiers/{id}/pieces/P9")).await == (200, long));

    let number = sample::deposit(&mut ada, &id).await;
    let (status, sealed) = bytes(&ada, &format!("/receipts/{number}/pieces/P7")).await;
    assert_eq!((status, sealed), (200, sample::piece("P7-kbis.pdf")));

    // A backup set has the attachments, and so has a folder to which they are moved.
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("backup");
    at.command(&["admin", "backup", "--to", sets.to_str().unwrap()]).await;
    let told = at.command(&["admin", "drill", "--from", sets.to_str().unwrap()]).await;
    assert!(told.contains("attachments have the right bytes"), "{told}");
    let back = format!("file:{}", folder.path().join("back").display());
    let told = at.command(&["admin", "move-attachments", &moto.url(), &back]).await;
    assert!(told.contains("0 missing, 0 wrong"), "{told}");
    assert_eq!(files(&folder.path().join("back")).len(), files(&sets.join("blobs")).len());
    let report = folder.path().join("consumption.xml");
    at.command(&["admin", "consumption", "--to", report.to_str().unwrap()]).await;

    // The store is gone: the page says so, and nothing typed is lost.
    drop(moto);
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let path = format!("/dossiers/{id}/pieces/P8");
    let sent = sample::piece("P8-urssaf.pdf");
    let refused = ada.upload(&path, "P8-urssaf.pdf", &sample::today().to_string(), &sent).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("Pièces jointes indisponibles"), "{}", refused.body);
    let unread = ada.get(&path).await;
    assert_eq!(unread.status, 503, "{}", unread.body);
}

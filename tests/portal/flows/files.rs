//! Files that may not enter, each with its reason and its remedy; and those that may.

use super::delegation::in_days;
use crate::harness::{Actor, installation::source, sample};
use reqwest::Method;
use serde_json::json;

/// A file of `tests/fixtures/files`.
fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(source("tests/fixtures/files").join(name)).unwrap()
}

/// A page that shows nothing, with a comment.
fn pdf(comment: &[u8]) -> Vec<u8> {
    let objects =
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\n\
        endobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\ntrailer\n<</Root 1 0 R/Size 4>>\n%";
    [objects, comment, b"\nstartxref\n0\n%%EOF\n"].concat()
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";

/// The same page for those who hold a certificate. Its table is right: who rebuilds it cannot tell what encrypts it.
fn for_recipients() -> Vec<u8> {
    let mut bytes = pdf(b"");
    bytes.truncate(bytes.windows(7).position(|window| window == b"trailer").unwrap());
    let table = bytes.len();
    bytes.extend(b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \n");
    bytes.extend(b"trailer\n<</Size 4/Root 1 0 R/Encrypt<</Filter/Adobe.PubSec/V 4>>>>\nstartxref\n");
    bytes.extend(format!("{table}\n%%EOF\n").bytes());
    bytes
}

/// A hundred pixels by a hundred, whose eight bytes cannot be unpacked.
const PNG_OF_NOISE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0d\0\0\0d\x08\0\0\0\0U\x89\xca\x88\
    \0\0\0\x08IDATxxxxxxxx-\xf8\xd6'\0\0\0\0IEND\xaeB`\x82";
/// The same sides, and one row.
const PNG_OF_ONE_ROW: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0d\0\0\0d\x08\0\0\0\0U\x89\xca\x88\
    \0\0\0\x0cIDATx\x9cc`\xa0=\0\0\0d\0\x01\x86d<5\0\0\0\0IEND\xaeB`\x82";

/// A photograph that says to be larger than any that is shown.
fn vast_jpeg() -> Vec<u8> {
    let mut bytes = fixture("photo.jpg");
    let frame = bytes.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    bytes[frame + 5..frame + 9].fill(0xff);
    bytes
}

/// Name, bytes, and a word of the reason.
fn bad_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let zip = b"PK\x03\x04\x14\0\x06\0".to_vec();
    let office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest".to_vec();
    let wrong: Vec<(&str, Vec<u8>)> = vec![
        ("page.html", b"<!DOCTYPE html><html></html>".to_vec()),
        ("kbis.pdf", b"<html><script>alert(1)</script></html>".to_vec()),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("logo.png", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("data.xml", b"<?xml version='1.0'?><a/>".to_vec()),
        ("kbis.docx", zip.clone()),
        ("budget.xlsx", zip.clone()),
        ("budget.ods", zip.clone()),
        ("archive.zip", zip),
        ("empty.zip", b"PK\x05\x06\0\0".to_vec()),
        ("kbis.doc", office.clone()),
        ("budget.xls", office),
        ("setup.exe", b"MZ\x90\0\x03".to_vec()),
        ("program", b"\x7fELF\x02\x01\x01".to_vec()),
        ("archive.rar", b"Rar!\x1a\x07\x01".to_vec()),
        ("archive.7z", b"7z\xbc\xaf\x27\x1c\0".to_vec()),
        ("archive.tgz", b"\x1f\x8b\x08\0".to_vec()),
        ("archive.bz2", b"BZh91AY".to_vec()),
        ("scan.tiff", b"II*\0\x08".to_vec()),
        ("scan.bmp", b"BM\x36\0".to_vec()),
        ("scan.gif", b"GIF89a\x01".to_vec()),
        ("scan.webp", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec()),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0".to_vec()),
        ("letter.rtf", b"{\\rtf1 x}".to_vec()),
        ("letter.ps", b"%!PS-Adobe-3.0".to_vec()),
        ("notes.txt", b"bonjour".to_vec()),
        ("run.sh", b"#!/bin/sh\nrm -rf /".to_vec()),
        ("noise.pdf", vec![0, 1, 2, 3, 4, 5, 6, 7]),
    ];
    let mut files: Vec<_> = wrong.into_iter().map(|(name, bytes)| (name, bytes, "pas accepté")).collect();
    files.push(("vide.pdf", Vec::new(), "vide"));
    files.push(("protege.pdf", fixture("user-password.pdf"), "mot de passe"));
    files.push(("creux.pdf", fixture("no-object.pdf"), "Aucun lecteur"));
    files.push(("destinataires.pdf", for_recipients(), "destinataires"));
    let font = String::from_utf8(pdf(b"")).unwrap().replace("/Type/Page/Parent", "/Type/Font/Parent");
    files.push(("police.pdf", font.into_bytes(), "aucune page"));
    files.push(("sans-page.pdf", fixture("zero-pages.pdf"), "aucune page"));
    files.push(("bruit.png", PNG_OF_NOISE.to_vec(), "Aucun lecteur"));
    files.push(("une-ligne.png", PNG_OF_ONE_ROW.to_vec(), "Aucun lecteur"));
    files.push(("immense.jpg", vast_jpeg(), "Aucun lecteur"));
    files.push(("photo-iphone.heic", fixture("photo.heic"), "JPEG"));
    files.push(("coupe.pdf", b"%PDF-1.7\n1 0 obj".to_vec(), "incomplet"));
    files.push(("coupe.png", PNG.to_vec(), "incomplet"));
    files.push(("coupe.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec(), "incomplet"));
    files
}

#[tokio::test]
async fn bad_files_are_refused_with_reason_and_remedy_and_touch_nothing() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Gardé" } })).await;
    let path = format!("/dossiers/{id}/pieces/P7");
    let files = bad_files();
    assert!(files.len() >= 30);
    for (name, bytes, reason) in files {
        let refused = ada.upload(&path, name, "01/10/2026", &bytes).await.expect(422);
        assert!(refused.body.contains(reason), "{name}: {reason}");
    }
    let page = ada.get(&format!("/dossiers/{id}/edit/project")).await.expect(200);
    assert!(page.body.contains("Gardé"));
    assert!(ada.get(&format!("/dossiers/{id}/pieces/P7")).await.status == 404, "nothing was kept");
}

#[tokio::test]
async fn a_file_over_the_limit_is_cut_off_early() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let big = pdf(&vec![b' '; 26 * 1024 * 1024]);
    let refused = ada.upload(&format!("/dossiers/{id}/pieces/P7"), "gros.pdf", "01/10/2026", &big).await.expect(422);
    assert!(refused.body.contains("25 Mo"));
}

#[tokio::test]
async fn the_same_file_twice_is_told_and_pieces_can_be_read_and_removed() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let file = pdf(b"the same");
    ada.upload(&format!("/dossiers/{id}/pieces/P7"), "été \"1\".pdf", "01/10/2026", &file).await.expect(303);
    let twice = ada.upload(&format!("/dossiers/{id}/pieces/P8"), "b.pdf", "01/10/2026", &file).await.expect(303);
    assert!(twice.location().contains("same=P7"));
    let page = ada.get(twice.location()).await.expect(200);
    assert!(page.body.contains("même fichier"), "the page tells it");
    let back = ada.get(&format!("/dossiers/{id}/pieces/P7")).await.expect(200);
    assert_eq!(back.body.as_bytes(), file);
    assert!(back.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    ada.get(&format!("/dossiers/{id}")).await;
    sample::remove_piece(&mut ada, &id, "P7").await.expect(303);
    ada.get(&format!("/dossiers/{id}/pieces/P7")).await.expect(404);
}

// `verdicts.tsv` says what is right, and what was found is told.
#[tokio::test]
async fn files_as_people_attach_them_are_accepted_or_refused_as_readers_would() {
    let mut program = Actor::program("applicant_token");
    let id = sample::complete_by_api(&mut program, &sample::sample(sample::today())).await;
    let path = format!("/api/v1/dossiers/{id}/pieces/P7?issued={}&name=a", sample::today());
    let table = String::from_utf8(fixture("verdicts.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert!(rows.len() >= 40);
    for row in rows {
        let (name, verdict, pages, signed) = (row[0], row[1], row[2], row[3]);
        let answer = program.send(program.request(Method::PUT, &path).body(fixture(name))).await.unwrap();
        if verdict != "accepted" {
            assert!(answer.status == 422 && answer.body.contains(verdict), "{name}: {}", answer.body);
            continue;
        }
        let piece = answer.expect(200).json();
        assert_eq!(piece["opened"], true, "{name}");
        assert_eq!(piece["pages"].as_u64(), pages.parse().ok(), "{name}");
        assert_eq!(piece["signed"], signed == "yes", "{name}");
    }
}

// From the upload to the receipt and the copy of whoever reads by need to know.
#[tokio::test]
async fn what_was_found_in_a_file_is_shown_sealed_and_does_not_keep_a_copy_from_being_marked() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let today = sample::today().to_string();
    let piece = |code: &str| format!("/dossiers/{id}/pieces/{code}");
    ada.upload(&piece("P7"), "kbis.pdf", &today, &fixture("owner-aes-256.pdf")).await.expect(303);
    ada.upload(&piece("P8"), "..\\urssaf\u{202e}.hta", &today, &fixture("signed.pdf")).await.expect(303);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("PDF, 3\u{a0}pages<"), "{page}");
    assert!(page.contains("PDF, 1\u{a0}page, signé électroniquement<"), "{page}");
    assert!(page.contains(">urssaf.hta.pdf</a>"), "{page}");
    let sent = ada.get(&piece("P8")).await.expect(200);
    assert!(sent.headers["content-disposition"].to_str().unwrap().contains("filename=\"urssaf.hta.pdf\""));

    let number = sample::deposit(&mut ada, &id).await;
    let page = ada.get(&format!("/receipts/{number}")).await.expect(200).body;
    assert!(page.contains("PDF, 1\u{a0}page, signé électroniquement"), "{page}");
    let receipt = ada.get(&format!("/receipts/{number}.json")).await.expect(200).json();
    let sealed = &receipt["manifest"]["pieces"];
    assert_eq!(sealed["P7"]["inspection"], json!({ "opened": true, "pages": 3, "signed": false }));
    assert_eq!(sealed["P8"]["name"], "urssaf.hta.pdf");

    let email = format!("{}@audit.fr", uuid::Uuid::now_v7().simple());
    ada.at.command(&["access", "give", &email, "--role", "auditor", "--until", &in_days(7)]).await;
    let mut auditor = Actor::anon();
    auditor.sign_in(&email).await;
    for code in ["P7", "P8"] {
        let copy = auditor.get(&format!("/receipts/{number}/pieces/{code}")).await.expect(200);
        assert_eq!(copy.headers["x-guichet-copy"], "marked", "{code}");
        assert!(copy.body.contains(&email), "{code}");
    }
}

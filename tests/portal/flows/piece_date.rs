//! B13: the day of issue of a piece alone, given after its file.

use crate::harness::{Actor, Answer, sample};
use reqwest::header;
use serde_json::json;

/// The piece as its place on the dossier's page shows it.
async fn place(actor: &mut Actor, id: &str, code: &str) -> String {
    let page = actor.get(&format!("/dossiers/{id}")).await.expect(200).body;
    let from = page.find(&format!("id=\"piece-{code}\"")).unwrap();
    let place = &page[from..];
    let next = place[1..].find("id=\"piece-").map_or(place.len(), |next| next + 1);
    place[..next].to_owned()
}

fn sha256(place: &str) -> String {
    place.split("name=\"sha256\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The form with a file, sent as a browser does when no file was chosen.
async fn without_file(actor: &mut Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = actor.csrf().to_owned();
    let mut body = String::new();
    for (name, value) in [("csrf", csrf.as_str())].iter().chain(fields) {
        body += &format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"\"\r\n";
    body += "content-type: application/octet-stream\r\n\r\n\r\n--B--\r\n";
    let request = actor
        .request(reqwest::Method::POST, path)
        .header(header::ORIGIN, &actor.at.url)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(body);
    actor.send(request).await.unwrap()
}

#[tokio::test]
async fn b13_a_date_is_given_later_and_the_file_stays() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let path = format!("/dossiers/{id}/pieces/P7");
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    ada.upload(&path, "kbis.pdf", "", &sample::piece("P7-kbis.pdf")).await.expect(303);
    let undated = place(&mut ada, &id, "P7").await;
    assert!(undated.contains("Date à donner") && !undated.contains("À remplacer"), "{undated}");
    assert!(!undated.contains("data-severity=\"blocking\""), "a date that is missing is no error: {undated}");

    let (sha, day) = (sha256(&undated), sample::today().to_string());
    let date = format!("{path}/date");
    let unreadable = ada.post(&date, &[("sha256", &sha), ("issued", "hier")]).await.expect(422);
    assert!(unreadable.body.contains("jj/mm/aaaa"), "{}", unreadable.body);
    let other = ada.post(&date, &[("sha256", &"0".repeat(64)), ("issued", &day)]).await;
    assert_eq!(other.status, 409, "of another file");
    ada.post(&date, &[("sha256", &sha), ("issued", &day)]).await.expect(303);
    let dated = place(&mut ada, &id, "P7").await;
    assert!(dated.contains("Jointe") && sha256(&dated) == sha, "{dated}");

    // The same date again changes nothing.
    let revision =
        |page: Answer| page.body.split("data-revision=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let before = revision(ada.get(&format!("/dossiers/{id}")).await);
    ada.post(&date, &[("sha256", &sha), ("issued", &day)]).await.expect(303);
    assert_eq!(revision(ada.get(&format!("/dossiers/{id}")).await), before);
}

#[tokio::test]
async fn b13_the_form_for_a_file_takes_a_date_alone() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let path = format!("/dossiers/{id}/pieces/P8");
    let day = sample::today().to_string();
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    let nothing = without_file(&mut ada, &path, &[("issued", &day)]).await.expect(422);
    assert!(nothing.body.contains("vide"), "nothing is attached that a date could be of: {}", nothing.body);
    ada.upload(&path, "urssaf.pdf", "", &sample::piece("P8-urssaf.pdf")).await.expect(303);
    let sha = sha256(&place(&mut ada, &id, "P8").await);
    without_file(&mut ada, &path, &[("sha256", &sha), ("issued", &day)]).await.expect(303);
    let dated = place(&mut ada, &id, "P8").await;
    assert!(dated.contains("Jointe") && sha256(&dated) == sha, "{dated}");
}

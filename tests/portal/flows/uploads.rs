//! Files that arrive in parts: what each request does, who may send it, and what is left when one breaks off.

mod finished;
mod heads;
pub mod line;
mod whole;

use super::interop::own_token;
use crate::harness::{Actor, Answer, installation::wait_for_async, sample};
use bytes::Bytes;
use reqwest::{Method, RequestBuilder, header};
use serde_json::json;

const PARTIAL: &str = "application/partial-upload";

/// Begins an upload by the page, and tells its id.
pub async fn begin(actor: &mut Actor, dossier: &str, code: &str, length: u64) -> String {
    let path = format!("/dossiers/{dossier}/pieces/{code}/uploads?name=p.pdf&issued={}", sample::today());
    let request = by_page(actor, Method::POST, &path).header("upload-complete", "?0").header("upload-length", length);
    let begun = actor.send(request).await.unwrap().expect(201);
    begun.location().rsplit('/').next().unwrap().to_owned()
}

fn by_page(actor: &Actor, method: Method, path: &str) -> RequestBuilder {
    actor
        .request(method, path)
        .header(header::ORIGIN, &actor.at.url)
        .header("x-csrf-token", actor.csrf())
        .header(header::ACCEPT, "application/json")
}

/// A program of its own account, with a draft.
struct Program {
    owner: Actor,
    script: Actor,
    token: String,
    piece: String,
}

impl Program {
    async fn new() -> Self {
        let mut owner = Actor::applicant().await;
        let id = sample::draft(&mut owner, "demonstration", &json!({ "project": { "title": "x" } })).await;
        let token = own_token(&mut owner, &["draft:write", "draft:read"]).await;
        let piece = format!("/api/v1/dossiers/{id}/pieces/P9");
        Self { owner, script: Actor::bearing(&token), token, piece }
    }

    /// Asks for an upload, with a length where one is told.
    async fn ask(&mut self, length: Option<u64>) -> Answer {
        let path = format!("{}?name=p.pdf&issued={}", self.piece, sample::today());
        loop {
            let mut request = self.script.request(Method::PUT, &path).header("upload-complete", "?0");
            if let Some(length) = length {
                request = request.header("upload-length", length);
            }
            match self.script.send(request).await {
                Ok(answer) => return answer,
                // The proxy lets go of a connection whose last answer came before the end of its request.
                Err(error) => assert!(error.is_request(), "{error:?}"),
            }
        }
    }

    async fn begin(&mut self, length: Option<u64>) -> String {
        self.ask(length).await.expect(201).location().to_owned()
    }

    fn part(&self, place: &str, offset: u64, last: bool) -> RequestBuilder {
        self.script
            .request(Method::PATCH, place)
            .header(header::CONTENT_TYPE, PARTIAL)
            .header("upload-offset", offset)
            .header("upload-complete", if last { "?1" } else { "?0" })
    }

    async fn append(&mut self, place: &str, offset: u64, last: bool, bytes: &[u8]) -> Answer {
        let request = self.part(place, offset, last).body(bytes.to_vec());
        self.script.send(request).await.unwrap()
    }

    async fn state(&mut self, place: &str) -> Answer {
        let request = self.script.request(Method::HEAD, place);
        self.script.send(request).await.unwrap()
    }

    async fn offset(&mut self, place: &str) -> String {
        let state = self.state(place).await.expect(204);
        field(&state, "upload-offset").to_owned()
    }

    /// Bytes of an upload on the disk.
    fn arrived(&self, place: &str) -> u64 {
        let name = format!("{}.part", place.rsplit('/').next().unwrap());
        let entries = std::fs::read_dir(self.script.at.folder.join("data/blobs/incoming")).unwrap().flatten();
        let mut found = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(&name));
        found.next().map_or(0, |entry| entry.metadata().map_or(0, |meta| meta.len()))
    }

    async fn delete(&mut self, place: &str) -> Answer {
        let request = self.script.request(Method::DELETE, place);
        self.script.send(request).await.unwrap()
    }
}

fn field<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// A body that somebody else feeds.
fn fed() -> (tokio::sync::mpsc::UnboundedSender<Bytes>, reqwest::Body) {
    let (feed, mut parts) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let stream =
        futures_util::stream::poll_fn(move |cx| parts.poll_recv(cx).map(|part| part.map(Ok::<_, std::io::Error>)));
    (feed, reqwest::Body::wrap_stream(stream))
}

#[tokio::test]
async fn a_file_comes_in_parts_and_is_attached_like_any_other() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let length = bytes.len() as u64;
    let begun = program.ask(Some(length)).await.expect(201);
    assert_eq!((field(&begun, "upload-offset"), field(&begun, "upload-complete")), ("0", "?0"));
    assert!(field(&begun, "upload-limit").starts_with("max-size="), "{}", field(&begun, "upload-limit"));
    let place = begun.location().to_owned();
    let more = program.append(&place, 0, false, &bytes[..100]).await.expect(204);
    assert_eq!((field(&more, "upload-offset"), field(&more, "upload-complete")), ("100", "?0"));
    let state = program.state(&place).await.expect(204);
    assert_eq!(field(&state, "upload-offset"), "100");
    assert_eq!(field(&state, "upload-length"), length.to_string());
    assert_eq!(field(&state, "cache-control"), "no-store");
    let done = program.append(&place, 100, true, &bytes[100..]).await.expect(200);
    assert_eq!(field(&done, "upload-complete"), "?1");
    assert_eq!(done.json()["bytes"], length);
    assert_eq!(done.json()["name"], "p.pdf");
    // The answer may have been lost: the upload says that it is whole, and its last part may come again.
    let state = program.state(&place).await.expect(204);
    assert_eq!((field(&state, "upload-offset"), field(&state, "upload-complete")), (&*length.to_string(), "?1"));
    let again = program.append(&place, length, true, b"").await.expect(200);
    assert_eq!((again.json(), field(&again, "etag")), (done.json(), field(&done, "etag")));
    let late = program.append(&place, length, false, b"x").await.expect(409);
    assert_eq!(field(&late, "upload-complete"), "?1");
    program.delete(&place).await.expect(204);
    program.state(&place).await.expect(404);
    // Sent in one piece, the same file changes nothing.
    let path = format!("{}?name=p.pdf&issued={}", program.piece, sample::today());
    let request = program.script.request(Method::PUT, &path).header("upload-complete", "?1").body(bytes);
    let whole = program.script.send(request).await.unwrap().expect(200);
    assert_eq!((field(&whole, "upload-complete"), field(&whole, "etag")), ("?1", field(&done, "etag")));
}

#[tokio::test]
async fn an_upload_may_begin_with_its_first_part_and_without_a_length() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let path = format!("{}?issued={}", program.piece, sample::today());
    let request = program.script.request(Method::PUT, &path).header("upload-complete", "?0").body(bytes[..70].to_vec());
    let begun = program.script.send(request).await.unwrap().expect(201);
    assert_eq!(field(&begun, "upload-offset"), "70");
    let place = begun.location().to_owned();
    assert_eq!(field(&program.state(&place).await, "upload-length"), "");
    program.append(&place, 70, true, &bytes[70..]).await.expect(200);
    let options = program.script.request(Method::OPTIONS, &program.piece);
    let limits = program.script.send(options).await.unwrap().expect(204);
    assert!(field(&limits, "upload-limit").contains("max-size=26214400"), "{}", field(&limits, "upload-limit"));
}

#[tokio::test]
async fn a_part_that_does_not_fit_is_told_where_to_begin() {
    let mut program = Program::new().await;
    let place = program.begin(Some(50)).await;
    program.append(&place, 0, false, b"%PDF-1.7\n").await.expect(204);
    for wrong in [0, 8, 10, 1_000_000] {
        let refused = program.append(&place, wrong, false, b"x").await.expect(409);
        assert_eq!((field(&refused, "upload-offset"), field(&refused, "upload-complete")), ("9", "?0"));
        let problem = refused.json();
        let kind = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset";
        assert_eq!(problem["type"], kind);
        assert_eq!((&problem["expected-offset"], &problem["provided-offset"]), (&json!(9), &json!(wrong)));
    }
    let request = program.script.request(Method::PATCH, &place).header("upload-offset", "9").body("x");
    program.script.send(request).await.unwrap().expect(415);
    let request = program.script.request(Method::PATCH, &place).header(header::CONTENT_TYPE, PARTIAL).body("x");
    let refused = program.script.send(request).await.unwrap().expect(400);
    assert_eq!(refused.json()["code"], "upload_fields");
    assert_eq!(program.offset(&place).await, "9", "nothing of all that was appended");
}

#[tokio::test]
async fn lengths_hold() {
    let mut program = Program::new().await;
    let refused = program.ask(Some(26 * 1024 * 1024)).await.expect(422);
    assert!(refused.json()["detail"].as_str().unwrap().contains("25 Mo"), "{}", refused.body);

    let place = program.begin(Some(20)).await;
    let refused = program.append(&place, 0, true, b"%PDF-1.7\n").await.expect(400);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("#inconsistent-upload-length"), "{}", refused.body);
    program.append(&place, 0, false, b"%PDF-1.7\n").await.expect(204);
    let (feed, body) = fed();
    feed.send(Bytes::from(vec![b'x'; 30])).unwrap();
    drop(feed);
    let request = program.part(&place, 9, false).body(body);
    program.script.send(request).await.unwrap().expect(400);
    program.state(&place).await.expect(404);

    let place = program.begin(None).await;
    let long = vec![b'x'; 26 * 1024 * 1024];
    let refused = program.append(&place, 0, true, &long).await;
    assert_eq!(refused.status, 422, "{}", refused.body);

    let place = program.begin(Some(0)).await;
    let refused = program.append(&place, 0, true, b"").await.expect(422);
    assert_eq!(field(&refused, "upload-complete"), "?1");
    assert!(refused.json()["detail"].as_str().unwrap().contains("vide"), "{}", refused.body);
}

#[tokio::test]
async fn a_refused_file_is_whole_and_refused_again() {
    let mut program = Program::new().await;
    let place = program.begin(Some(9)).await;
    let refused = program.append(&place, 0, true, b"<html></h").await.expect(422);
    assert_eq!(field(&refused, "upload-complete"), "?1", "going on would not help");
    let again = program.append(&place, 9, true, b"").await.expect(422);
    assert_eq!(again.json(), refused.json());
}

#[tokio::test]
async fn nobody_goes_on_with_the_upload_of_another() {
    let (mut program, mut other) = (Program::new().await, Program::new().await);
    let place = program.begin(Some(9)).await;
    let (upload, elsewhere) = (place.rsplit('/').next().unwrap(), other.piece.clone());
    for path in [place.clone(), format!("{elsewhere}/uploads/{upload}")] {
        other.state(&path).await.expect(404);
        other.append(&path, 0, true, b"%PDF-1.7\n").await.expect(404);
        other.delete(&path).await.expect(404);
    }
    // Nor does the owner with another piece.
    let piece = place.replace("/P9/", "/P7/");
    program.state(&piece).await.expect(404);
    assert_eq!(program.offset(&place).await, "0");
    let mut anon = Actor::anon();
    let request = anon.request(Method::HEAD, &place);
    anon.send(request).await.unwrap().expect(401);
}

#[tokio::test]
async fn every_process_of_the_machine_goes_on() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let place = program.begin(Some(bytes.len() as u64)).await;
    let half = bytes.len() / 2;
    program.append(&place, 0, false, &bytes[..half]).await.expect(204);
    // The proxy sends each connection to any of them.
    for _ in 0..6 {
        program.script = Actor::bearing(&program.token);
        assert_eq!(program.offset(&place).await, half.to_string());
    }
    program.script = Actor::bearing(&program.token);
    program.append(&place, half as u64, true, &bytes[half..]).await.expect(200);
}

#[tokio::test]
async fn rights_taken_back_between_two_parts_are_gone() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let place = program.begin(Some(bytes.len() as u64)).await;
    program.append(&place, 0, false, &bytes[..100]).await.expect(204);
    let (feed, body) = fed();
    let request = program.part(&place, 100, true).body(body);
    let last = tokio::spawn(request.send());
    feed.send(Bytes::copy_from_slice(&bytes[100..200])).unwrap();
    wait_for_async("the part to arrive", async || program.arrived(&place) == 200).await;
    let revoke = format!("/account/tokens/{}/revoke", super::refusals::ids(&program.token).0);
    program.owner.get("/account").await.expect(200);
    program.owner.post(&revoke, &[]).await.expect(303);
    program.script.refused_everywhere(&program.piece.replace("/pieces/P9", "/document")).await;
    feed.send(Bytes::copy_from_slice(&bytes[200..])).unwrap();
    drop(feed);
    assert_eq!(last.await.unwrap().unwrap().status(), 401, "the act is judged when its request is complete");
    program.state(&place).await.expect(401);
    let dossier = program.piece.split('/').nth(4).unwrap().to_owned();
    program.owner.get(&format!("/dossiers/{dossier}/pieces/P9")).await.expect(404);
}

#[tokio::test]
async fn a_part_that_breaks_off_keeps_what_arrived() {
    let mut program = Program::new().await;
    let bytes = sample::long_pdf(100_000);
    let place = program.begin(Some(bytes.len() as u64)).await;
    let (feed, body) = fed();
    let cut = tokio::spawn(program.part(&place, 0, true).body(body).send());
    feed.send(Bytes::copy_from_slice(&bytes[..60_000])).unwrap();
    wait_for_async("the part to arrive", async || program.arrived(&place) == 60_000).await;
    cut.abort();
    drop(cut.await);
    assert_eq!(program.offset(&place).await, "60000");
    program.append(&place, 60_000, true, &bytes[60_000..]).await.expect(200);
}

#[tokio::test]
async fn of_two_at_once_the_later_one_goes_on() {
    let mut program = Program::new().await;
    let bytes = sample::long_pdf(50_000);
    let place = program.begin(Some(bytes.len() as u64)).await;
    let (feed, body) = fed();
    // Its client waits for ever: the line is lost, and nobody told the server.
    let former = tokio::spawn(program.part(&place, 0, true).body(body).send());
    feed.send(Bytes::copy_from_slice(&bytes[..30_000])).unwrap();
    wait_for_async("the part to arrive", async || program.arrived(&place) == 30_000).await;
    program.script = Actor::bearing(&program.token);
    assert_eq!(program.offset(&place).await, "30000", "the former was ended, and what it had is there");
    program.append(&place, 30_000, true, &bytes[30_000..]).await.expect(200);
    // Told or cut off, it has not done anything since.
    drop(feed);
    if let Ok(answer) = former.await.unwrap() {
        assert_eq!(answer.status(), 409);
    }
}

#[tokio::test]
async fn a_few_uploads_are_under_way_and_the_oldest_gives_way() {
    let mut owner = Actor::applicant().await;
    let mut places = Vec::new();
    for _ in 0..9 {
        let id = sample::draft(&mut owner, "demonstration", &json!({})).await;
        let upload = begin(&mut owner, &id, "P7", 10).await;
        places.push(format!("/dossiers/{id}/pieces/P7/uploads/{upload}"));
    }
    owner.get(&places[0]).await.expect(404);
    owner.get(&places[8]).await.expect(204);
    let id = places[8].split('/').nth(2).unwrap().to_owned();
    begin(&mut owner, &id, "P7", 10).await;
    owner.get(&places[8]).await.expect(404);
    owner.get(&places[7]).await.expect(204);
}

#[tokio::test]
async fn the_pages_script_needs_the_form_token_and_is_answered_like_the_form() {
    let mut ada = Actor::applicant().await;
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "x" } })).await;
    let bytes = sample::piece("P7-kbis.pdf");
    let path = format!("/dossiers/{id}/pieces/P7/uploads");
    let forged = ada.request(Method::POST, &path).header("upload-complete", "?0").header(header::ORIGIN, &ada.at.url);
    ada.send(forged).await.unwrap().expect(403);
    let foreign = by_page(&ada, Method::POST, &path).header("upload-complete", "?0");
    let foreign = foreign.header(header::ORIGIN, "https://evil.example");
    ada.send(foreign).await.unwrap().expect(403);
    let upload = begin(&mut ada, &id, "P7", bytes.len() as u64).await;
    let place = format!("/en{path}/{upload}");
    let part = |ada: &Actor, offset: usize, last: &'static str, bytes: &[u8]| {
        by_page(ada, Method::PATCH, &place)
            .header(header::CONTENT_TYPE, PARTIAL)
            .header("upload-offset", offset)
            .header("upload-complete", last)
            .body(bytes.to_vec())
    };
    let without = part(&ada, 0, "?0", &bytes[..50]).header("x-csrf-token", "");
    assert_eq!(ada.send(without).await.unwrap().status, 403);
    let first = part(&ada, 0, "?0", &bytes[..50]);
    ada.send(first).await.unwrap().expect(204);
    let rest = part(&ada, 50, "?1", &bytes[50..]);
    let done = ada.send(rest).await.unwrap().expect(200).json();
    assert_eq!(done["redirect"], format!("/en/dossiers/{id}#piece-P7"));
    ada.get(&format!("/dossiers/{id}/pieces/P7")).await.expect(200);
}

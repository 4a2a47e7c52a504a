//! The sample dossier, as data and as a draft of an actor.

use super::{
    Actor,
    actor::{Answer, encode},
    installation::source,
};
use guichet::testing::domain::folder::{self, FolderDossier};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use reqwest::Method;
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub const CALL: &str = "hyper-open-x";

/// Today's date in Paris.
pub fn today() -> Date {
    Timestamp::now().to_zoned_datetime(TimeZone::get("Europe/Paris").unwrap()).date()
}

/// The sample dossier of the documentation, on a given day.
pub fn sample(today: Date) -> FolderDossier {
    let text = std::fs::read_to_string(source("docs/samples/hyper-open-x/dossier.toml")).unwrap();
    folder::parse(&text, today).unwrap()
}

/// The bytes of one of its pieces.
pub fn piece(file: &str) -> Vec<u8> {
    std::fs::read(source("docs/samples/hyper-open-x").join(file)).unwrap()
}

/// A one-page PDF as large as a scanned one: `bytes` and a little more.
pub fn long_pdf(bytes: usize) -> Vec<u8> {
    use lopdf::{Document, Object, Stream, dictionary};
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    });
    let noise = document.add_object(Stream::new(dictionary! {}, noise.take(bytes).collect()));
    let content = document.add_object(Stream::new(dictionary! {}, b"q Q".to_vec()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content, "Noise" => noise,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    let tree = dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] };
    document.objects.insert(pages, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut file = Vec::new();
    document.save_to(&mut file).unwrap();
    file
}

/// A file like another, of whose blocks none is the same: with a mark within its noise, if it is long, and at its end.
pub fn varied(bytes: &[u8]) -> Vec<u8> {
    let mut varied = bytes.to_vec();
    let mark = Uuid::now_v7().simple().to_string();
    if varied.len() > 20_000 {
        for at in (varied.len() / 4..varied.len() * 3 / 4).step_by(100_000) {
            varied[at..at + mark.len()].copy_from_slice(mark.as_bytes());
        }
    }
    varied.extend_from_slice(format!("\n%{mark}\n").as_bytes());
    varied
}

/// Sets one answer of a document.
pub fn set(answers: &mut Json, path: &str, value: Json) {
    let (section, field) = path.split_once('.').unwrap();
    answers[section][field] = value;
}

/// Creates a dossier with the page and fills it like the script would; returns its id.
pub async fn draft(actor: &mut Actor, round: &str, answers: &Json) -> String {
    actor.get("/dossiers").await.expect(200);
    let attempt = Uuid::now_v7().to_string();
    let begun =
        actor.post(&format!("/calls/{CALL}/rounds/{round}/dossiers"), &[("attempt", &attempt)]).await.expect(303);
    let id = begun.location().split('/').nth(2).unwrap().to_owned();
    fill(actor, &id, answers).await;
    id
}

/// Writes answers into an empty draft like the script would.
pub async fn fill(actor: &mut Actor, id: &str, answers: &Json) {
    actor.get(&format!("/dossiers/{id}")).await.expect(200);
    let changes: Vec<Json> = answers
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(section, fields)| {
            fields
                .as_object()
                .unwrap()
                .iter()
                .map(move |(field, value)| json!({ "path": format!("{section}.{field}"), "value": value }))
        })
        .collect();
    actor.json(Method::POST, &format!("/dossiers/{id}/fields"), &json!({ "changes": changes })).await.expect(200);
}

/// Attaches all pieces of the sample.
pub async fn attach_all(actor: &mut Actor, id: &str, dossier: &FolderDossier) {
    for wanted in &dossier.pieces {
        let issued = wanted.issued.map(|day| day.to_string()).unwrap_or_default();
        let path = format!("/dossiers/{id}/pieces/{}", wanted.code);
        actor.upload(&path, &wanted.file, &issued, &piece(&wanted.file)).await.expect(303);
    }
}

/// A complete draft in the round, ready to deposit.
pub async fn complete(actor: &mut Actor, round: &str, today: Date) -> String {
    let dossier = sample(today);
    let id = draft(actor, round, &dossier.answers).await;
    attach_all(actor, &id, &dossier).await;
    id
}

/// Deposits with the page, with a new attempt id; returns the number of the receipt.
pub async fn deposit(actor: &mut Actor, id: &str) -> String {
    let page = actor.get(&format!("/dossiers/{id}")).await.expect(200);
    let attempt = page.hidden("attempt");
    let done = actor.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(303);
    done.location().rsplit('/').next().unwrap().to_owned()
}

/// Opens the confirmation page, and withdraws what it shows.
pub async fn withdraw(actor: &mut Actor, id: &str) -> Answer {
    let path = format!("/dossiers/{id}/withdraw");
    let page = actor.get(&path).await.expect(200);
    confirm_withdrawal(actor, &page, id).await
}

/// Presses the button of a page that asks for confirmation of a withdrawal.
pub async fn confirm_withdrawal(actor: &mut Actor, page: &Answer, id: &str) -> Answer {
    let (receipt, is_final) = (page.hidden("receipt"), page.hidden("final"));
    actor.post(&format!("/dossiers/{id}/withdraw"), &[("receipt", &receipt), ("final", &is_final)]).await
}

/// Removes the file that a draft currently has for a piece.
pub async fn remove_piece(actor: &mut Actor, id: &str, code: &str) -> Answer {
    let page = actor.get(&format!("/dossiers/{id}")).await.expect(200);
    let form = page.body.split(&format!("/pieces/{code}/remove\"")).nth(1).expect("a file to remove");
    let sha256 = form.split("name=\"sha256\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    actor.post(&format!("/dossiers/{id}/pieces/{code}/remove"), &[("sha256", sha256)]).await
}

/// A complete draft made with the API, for a program.
pub async fn complete_by_api(actor: &mut Actor, dossier: &FolderDossier) -> String {
    let body =
        json!({ "call": dossier.call, "round": dossier.round, "document": dossier.answers, "attempt": Uuid::now_v7() });
    let begun = actor.json(Method::POST, "/api/v1/dossiers", &body).await.expect(201);
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    for wanted in &dossier.pieces {
        let issued = wanted.issued.map(|day| day.to_string()).unwrap_or_default();
        let path =
            format!("/api/v1/dossiers/{id}/pieces/{}?issued={issued}&name={}", wanted.code, encode(&wanted.file));
        let request = actor.request(Method::PUT, &path).body(piece(&wanted.file));
        actor.send(request).await.unwrap().expect(200);
    }
    id
}

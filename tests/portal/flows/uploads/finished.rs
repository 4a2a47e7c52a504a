//! Uploads that are finished: what they answer is true for as long as they answer.

use super::{Program, fed, field};
use crate::harness::{Answer, sample};
use bytes::Bytes;

impl Program {
    /// An upload of the sample piece, to its end, and its length.
    async fn finished(&mut self) -> (String, u64) {
        let bytes = sample::piece("P9-regularite-fiscale.pdf");
        let length = bytes.len() as u64;
        let place = self.begin(Some(length)).await;
        self.append(&place, 0, true, &bytes).await.expect(200);
        (place, length)
    }

    fn dossier(&self) -> String {
        self.piece.split('/').nth(4).unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_upload_whose_piece_was_removed_is_gone_and_begins_again() {
    let mut program = Program::new().await;
    let (place, length) = program.finished().await;
    program.append(&place, length, true, b"").await.expect(200);
    let dossier = program.dossier();
    sample::remove_piece(&mut program.owner, &dossier, "P9").await.expect(303);
    program.append(&place, length, true, b"").await.expect(404);
    program.state(&place).await.expect(404);
    program.owner.get(&format!("/dossiers/{dossier}/pieces/P9")).await.expect(404);
    program.finished().await;
    program.owner.get(&format!("/dossiers/{dossier}/pieces/P9")).await.expect(200);
}

#[tokio::test]
async fn an_upload_whose_piece_was_replaced_is_gone() {
    let mut program = Program::new().await;
    let (place, length) = program.finished().await;
    let path = format!("/dossiers/{}/pieces/P9", program.dossier());
    program.owner.get(&format!("/dossiers/{}", program.dossier())).await.expect(200);
    let other = sample::piece("P7-kbis.pdf");
    program.owner.upload(&path, "other.pdf", &sample::today().to_string(), &other).await.expect(303);
    program.state(&place).await.expect(404);
    program.append(&place, length, true, b"").await.expect(404);
    program.owner.get(&path).await.expect(200);
    // The same file attached in its place by another way is what the upload says.
    let (place, _) = program.finished().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    program.owner.upload(&path, "again.pdf", &sample::today().to_string(), &bytes).await.expect(303);
    assert_eq!(field(&program.state(&place).await.expect(204), "upload-complete"), "?1");
}

/// Refused as what it is, with how the upload stands.
fn complete(refused: &Answer, length: u64) {
    assert_eq!((refused.status.as_u16(), field(refused, "upload-complete")), (409, "?1"), "{}", refused.body);
    assert_eq!(field(refused, "upload-offset"), length.to_string());
    let problem = refused.json();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#completed-upload");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("terminé") && detail.contains(&length.to_string()), "{detail}");
}

#[tokio::test]
async fn a_finished_upload_takes_no_further_byte() {
    let mut program = Program::new().await;
    let (place, length) = program.finished().await;
    let path = format!("/dossiers/{}/pieces/P9", program.dossier());
    let before = program.owner.get(&path).await.expect(200).body;
    for (offset, last, bytes) in
        [(length, false, "x"), (length, true, "x"), (length, false, ""), (length + 7, false, "x"), (0, true, "x")]
    {
        complete(&program.append(&place, offset, last, bytes.as_bytes()).await, length);
    }
    // Without a Content-Length, too.
    let (feed, body) = fed();
    feed.send(Bytes::from_static(b"x")).unwrap();
    drop(feed);
    let request = program.part(&place, length, true).body(body);
    complete(&program.script.send(request).await.unwrap(), length);
    assert_eq!(program.owner.get(&path).await.expect(200).body, before);
    program.append(&place, length, true, b"").await.expect(200);
}

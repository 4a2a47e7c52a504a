//! Uploads that are finished: what they answer is true for as long as they answer.

use super::{Program, field};
use crate::harness::sample;

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
    program.owner.get(&format!("/dossiers/{dossier}")).await.expect(200);
    program.owner.post(&format!("/dossiers/{dossier}/pieces/P9/remove"), &[]).await.expect(303);
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
    assert_eq!(program.owner.get(&path).await.expect(200).body.len(), String::from_utf8_lossy(&other).len());
    // The same file attached in its place by another way is what the upload says.
    let (place, _) = program.finished().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    program.owner.upload(&path, "again.pdf", &sample::today().to_string(), &bytes).await.expect(303);
    assert_eq!(field(&program.state(&place).await.expect(204), "upload-complete"), "?1");
}

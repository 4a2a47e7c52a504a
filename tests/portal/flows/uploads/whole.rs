//! Files that come with the request that begins their upload: what it says of them holds, or nothing is attached.

use super::{Program, fed};
use crate::harness::{Actor, Answer, sample};
use bytes::Bytes;
use reqwest::Method;

const LENGTH_TYPE: &str = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length";

/// Each on a connection of its own: the proxy lets go of one whose answer came before the end of its request.
async fn put(program: &Program, fields: &[(&'static str, &str)], body: reqwest::Body) -> Answer {
    let path = format!("{}?name=p.pdf&issued={}", program.piece, sample::today());
    let mut script = Actor::bearing(&program.token);
    let request = script.request(Method::PUT, &path);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    script.send(request.body(body)).await.unwrap()
}

#[tokio::test]
async fn a_whole_file_is_as_long_as_it_says_and_begins_at_the_start() {
    let mut program = Program::new().await;
    let bytes = sample::piece("P9-regularite-fiscale.pdf");
    let length = bytes.len().to_string();
    for told in ["999999", "1"] {
        let fields = [("upload-complete", "?1"), ("upload-length", told)];
        let refused = put(&program, &fields, bytes.clone().into()).await.expect(400).json();
        assert_eq!(refused["type"], LENGTH_TYPE);
        // Without a Content-Length, too.
        let (feed, body) = fed();
        feed.send(Bytes::from(bytes.clone())).unwrap();
        drop(feed);
        let refused = put(&program, &fields, body).await.expect(400).json();
        assert_eq!(refused["type"], LENGTH_TYPE);
    }
    for complete in ["?1", "?0"] {
        let fields = [("upload-complete", complete), ("upload-length", length.as_str()), ("upload-offset", "77")];
        let refused = put(&program, &fields, bytes.clone().into()).await.expect(400).json();
        assert_eq!(refused["code"], "first_upload_offset");
        assert!(refused["detail"].as_str().unwrap().contains("77"), "{refused}");
    }
    let dossier = program.piece.split('/').nth(4).unwrap().to_owned();
    program.owner.get(&format!("/dossiers/{dossier}/pieces/P9")).await.expect(404);
    let fields = [("upload-complete", "?1"), ("upload-length", length.as_str()), ("upload-offset", "0")];
    put(&program, &fields, bytes.into()).await.expect(200);
    program.owner.get(&format!("/dossiers/{dossier}/pieces/P9")).await.expect(200);
}

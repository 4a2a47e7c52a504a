//! What is said of files that are no receipts: in the reader's language, and in no words of a program.

use super::*;

fn said(bytes: &[u8]) -> (String, String) {
    let (report, _) = verify_bytes(bytes, &[]);
    assert!(!report.is_valid());
    let message = &report.checks[0].message;
    for (words, text) in [("fr", &message.fr), ("en", &message.en)] {
        for raw in ["struct", "expected", "parse", "UUID", "failed", "EOF", "invalid type", "`"] {
            assert!(!text.contains(raw), "{words}: {text}");
        }
    }
    (message.fr.clone(), message.en.clone())
}

fn changed(pointer: &str, value: Json) -> Vec<u8> {
    let mut json = json!(receipt());
    if let Some(place) = json.pointer_mut(pointer) {
        *place = value;
    }
    json.to_string().into_bytes()
}

fn without(outer: &str, name: &str) -> Vec<u8> {
    let mut json = json!(receipt());
    let object = if outer.is_empty() { Some(&mut json) } else { json.get_mut(outer) };
    if let Some(Json::Object(members)) = object {
        members.remove(name);
    }
    json.to_string().into_bytes()
}

#[test]
fn another_file_is_recognised() {
    for (bytes, fr, en) in [
        (b"%PDF-1.7\n\xe2\xe3".as_slice(), "(c’est un PDF ?)", "(is it a PDF?)"),
        (b"%PDF-1.7\n", "(c’est un PDF ?)", "(is it a PDF?)"),
        (b"\x89PNG\r\n\x1a\n", "une image PNG", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "une image JPEG", "a JPEG image"),
        (b"PK\x03\x04", "une archive ZIP", "a ZIP archive"),
        (b"<!doctype html><p>", "une page web", "a web page"),
        (b"", "il est vide", "it is empty"),
        (b"\xff\xfe{\0}\0", "UTF-16", "UTF-16"),
        (b"\xef\xbb\xbf{}", "UTF-8 sans marque", "UTF-8 without a mark"),
        (b"{\"statement\":", "il s’arrête avant sa fin", "it ends too early"),
        (b"Bonjour", "ce n’est pas du JSON (ligne et colonne 1, 1)", "this is not JSON (line and column 1, 1)"),
        (b"3", "ce n’est pas un objet", "it must be a JSON object"),
        (b"[1,2]", "ce n’est pas un objet", "it must be a JSON object"),
        (b"{}", "il manque « statement »", "“statement” is missing"),
    ] {
        let (french, english) = said(bytes);
        assert!(french.contains(fr) && english.contains(en), "{}: {french} / {english}", bytes.escape_ascii());
    }
}

#[test]
fn the_member_is_named_with_what_it_should_be() {
    for (bytes, fr, en) in [
        (without("", "parts"), "il manque « parts »", "“parts” is missing"),
        (without("statement", "sequence"), "il manque « statement.sequence »", "“statement.sequence” is missing"),
        (changed("/statement", json!([1])), "« statement » n’est pas un objet", "“statement” is not an object"),
        (changed("/statement", json!("x")), "« statement » n’est pas un objet", "“statement” is not an object"),
        (
            changed("/statement/sequence", json!("1")),
            "« statement.sequence » n’est pas un nombre entier",
            "a whole number",
        ),
        (
            changed("/statement/sequence", json!(1.5)),
            "« statement.sequence » n’est pas un nombre entier",
            "a whole number",
        ),
        (
            changed("/statement/dossier", json!("x")),
            "« statement.dossier » n’est pas l’identifiant",
            "the id of a dossier",
        ),
        (
            changed("/statement/received_at", json!("2026-13-01T00:00:00Z")),
            "« statement.received_at » n’est pas un instant",
            "“statement.received_at” is not an instant",
        ),
        (
            changed("/statement/sealed_at", json!(3)),
            "« statement.sealed_at » n’est pas un instant",
            "is not an instant",
        ),
        (
            changed("/statement/sealed_at", json!("2020-01-01T00:00:00Z")),
            "les instants de « statement »",
            "the instants of",
        ),
        (changed("/statement/format", json!("other/1")), "les instants de « statement »", "the instants of"),
        (changed("/signature", json!(null)), "« signature » n’est pas un texte", "“signature” is not a text"),
        (changed("/parts/context", json!(3)), "« parts.context » n’est pas un texte", "“parts.context” is not a text"),
        (changed("/parts", json!(["a"])), "« parts » n’est pas un objet", "“parts” is not an object"),
    ] {
        let (french, english) = said(&bytes);
        assert!(french.contains(fr) && english.contains(en), "{fr}: {french} / {english}");
    }
    let mut more = json!(receipt());
    more["extra"] = json!(1);
    assert!(said(more.to_string().as_bytes()).0.contains("« extra » n’y a pas sa place"));
    let mut more = json!(receipt());
    more["statement"]["extra"] = json!(1);
    assert!(said(more.to_string().as_bytes()).0.contains("« statement.extra » n’y a pas sa place"));
}

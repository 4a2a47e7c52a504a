//! Why a file is no receipt, for the person who has it: which member, and what it should be.

use super::MAX_NAME_CHARS;
use crate::domain::{
    json::{JsonError, JsonFault, ShapeFault},
    media,
    text::{Text, shorten},
};

/// Kinds of files that people take for the receipt, by media type.
const TAKEN_FOR_RECEIPTS: [(&str, &str, &str); 7] = [
    ("application/pdf", "un PDF", "a PDF"),
    ("image/png", "une image PNG", "a PNG image"),
    ("image/jpeg", "une image JPEG", "a JPEG image"),
    ("image/heic", "une photo HEIC", "a HEIC photo"),
    ("application/zip", "une archive ZIP ou un document de bureautique", "a ZIP archive or an office document"),
    ("application/gzip", "une archive gzip", "a gzip archive"),
    ("text/html", "une page web", "a web page"),
];

/// Why bytes cannot be read as a receipt.
pub(super) fn explain_bytes(bytes: &[u8], error: &JsonError) -> Text {
    if bytes.is_empty() {
        return sentence(&Text::new("il est vide", "it is empty"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return sentence(&Text::new(
            "il est enregistré en UTF-16 : reprenez-le tel que le portail l’a donné",
            "it is saved as UTF-16: take it as the portal gave it",
        ));
    }
    let media = media::sniff(bytes);
    let other = TAKEN_FOR_RECEIPTS.iter().find(|(known, ..)| *known == media && error.is_no_json());
    if let Some((_, fr, en)) = other {
        return Text::new(
            format!("Ceci n’est pas un reçu (c’est {fr} ?) : donnez le fichier .json que le portail a remis."),
            format!("This is not a receipt (is it {en}?): give the .json file that the portal handed out."),
        );
    }
    let broken = matches!(error.fault, JsonFault::Broken(_) | JsonFault::CutShort(_));
    if broken {
        let (line, column) = (error.line, error.column);
        let cut = matches!(error.fault, JsonFault::CutShort(_));
        let (fr, en) = if cut {
            ("il s’arrête avant sa fin : téléchargez-le de nouveau", "it ends too early: download it again")
        } else {
            ("ce n’est pas du JSON", "this is not JSON")
        };
        return sentence(&Text::new(
            format!("{fr} (ligne et colonne {line}, {column})"),
            format!("{en} (line and column {line}, {column})"),
        ));
    }
    sentence(&error.message())
}

/// Why JSON is no receipt.
pub(super) fn explain_shape(error: &JsonError) -> Text {
    let JsonFault::Shape(fault, _) = &error.fault else { return sentence(&error.message()) };
    let within = |name: &str| match error.path.as_str() {
        "" => name.to_owned(),
        path if path.rsplit('.').next() == Some(name) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    let shown = |path: &str| shorten(path, MAX_NAME_CHARS);
    sentence(&match fault {
        ShapeFault::Missing(name) => ShapeFault::Missing(shown(&within(name))).message(),
        ShapeFault::Unknown(name) => ShapeFault::Unknown(shown(&within(name))).message(),
        ShapeFault::Value if error.path == "statement" => Text::new(
            "les instants de « statement » ne sont pas ceux de son format, ou pas dans leur ordre",
            "the instants of “statement” are not those of its format, or not in their order",
        ),
        ShapeFault::Kind | ShapeFault::Value => {
            let (path, expected) = (shown(&error.path), expected(&error.path));
            match path.as_str() {
                "" => Text::new("ce n’est pas un objet comme l’est un reçu", "it must be a JSON object"),
                path => Text::new(
                    format!("« {path} » n’est pas {}", expected.fr),
                    format!("“{path}” is not {}", expected.en),
                ),
            }
        }
    })
}

/// What a member of a receipt has to be.
fn expected(path: &str) -> Text {
    match path {
        "statement" | "parts" => Text::new("un objet", "an object"),
        "statement.sequence" | "statement.version" => Text::new("un nombre entier", "a whole number"),
        "statement.dossier" => Text::new("l’identifiant d’un dossier", "the id of a dossier"),
        "statement.deposited_at" | "statement.received_at" | "statement.sealed_at" => {
            Text::new("un instant, par exemple 2026-11-23T10:00:00Z", "an instant, such as 2026-11-23T10:00:00Z")
        }
        _ => Text::new("un texte", "a text"),
    }
}

fn sentence(why: &Text) -> Text {
    Text::new(
        format!("Ce fichier n’est pas un reçu complet : {}.", why.fr),
        format!("This file is not a complete receipt: {}.", why.en),
    )
}

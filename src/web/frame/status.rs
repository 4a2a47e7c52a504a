//! The deposit status as rendered: a sentence, the header of printed sheets, and the JSON for a page's script.

use crate::{
    app::Share,
    domain::{
        dossier::status::{DepositStatus, Phrase, PhraseKind, plain},
        text::{Lang, Text},
    },
    web::frame::PageContext,
};
use askama::Template;
use serde_json::{Value as Json, json};

/// A sentence with its instants and links.
#[derive(Template)]
#[template(path = "frame/status/sentence.html")]
pub struct Sentence<'a> {
    s: &'a PageContext<'a>,
    phrases: Vec<Phrase>,
}

impl askama::filters::HtmlSafe for Sentence<'_> {}

impl<'a> Sentence<'a> {
    pub fn new(s: &'a PageContext<'a>, phrases: Vec<Phrase>) -> Self {
        Self { s, phrases }
    }
}

/// The header of every printed sheet.
#[derive(Template)]
#[template(path = "frame/status/print_head.html")]
pub struct PrintHead<'a> {
    s: &'a PageContext<'a>,
    sentence: String,
    about: Vec<String>,
    pub as_of: Text,
    /// Printed across the sheet.
    pub label: Option<Text>,
}

impl askama::filters::HtmlSafe for PrintHead<'_> {}

impl<'a> PrintHead<'a> {
    /// For a page of a deposit; other pages set what differs.
    pub fn new(s: &'a PageContext<'a>, sentence: &[Phrase], about: [String; 3]) -> Self {
        let sentence = plain(sentence, s.lang);
        let about = about.into_iter().filter(|part| !part.is_empty()).collect();
        Self { s, sentence, about, as_of: DepositStatus::read_at(s.call, s.now), label: None }
    }
}

/// The status for the page's script: the texts and the possible actions.
pub fn status_json(status: &DepositStatus, share: &Share, lang: &Lang) -> Json {
    let sentence = |phrases: Vec<Phrase>| -> Vec<Json> {
        let one = |phrase: Phrase| {
            let text = phrase.text.get(lang);
            match phrase.kind {
                PhraseKind::Plain => json!({ "kind": "plain", "text": text }),
                PhraseKind::Strong => json!({ "kind": "strong", "text": text }),
                PhraseKind::Time { at } => json!({ "kind": "time", "text": text, "at": format!("{at:.0}") }),
                PhraseKind::Receipt { number } => json!({ "kind": "receipt", "text": text, "number": number }),
            }
        };
        phrases.into_iter().map(one).collect()
    };
    json!({
        "mark": status.version_tag(),
        "revision": status.revision(),
        "state": status.state(),
        "round": status.round(),
        "receipt": status.receipt(),
        "class": status.class(),
        "sentence": sentence(status.sentence()),
        "brief": sentence(status.brief()),
        "deadline": status.deadline().get(lang),
        "advice": status.advice().get(lang),
        "as_of": status.as_of().get(lang),
        "print_mark": status.print_label().map(|label| label.get(lang).to_owned()),
        "counts_missing": status.counts_missing(),
        "may": share.possible_actions(status),
        "changes_in": status.changes_in(),
    })
}

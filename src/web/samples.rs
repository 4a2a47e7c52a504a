//! Every page with sample data: for visual review, and for the tests that check all pages against the same rules.

mod account;
mod applicant;
mod data;
mod examiner;
mod moments;
mod operator;
mod public;
mod tests;

use super::frame::{PageContext, Viewer, words};
use crate::domain::{call::Call, text::Lang};
use data::Sample;

type Rendering = Result<String, askama::Error>;

/// Pages by name.
type Pages = Vec<(String, Rendering)>;

/// A page with sample data.
struct SamplePage {
    /// The folder of its file below `pages`, or `frame`.
    reader: &'static str,
    name: String,
    html: String,
}

fn named<const N: usize>(pages: [(&str, Rendering); N]) -> Pages {
    pages.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
}

/// Renders every page with sample data. A page that cannot be rendered is replaced with its error message.
fn pages(call: &Call, lang: &Lang) -> Vec<SamplePage> {
    let Some(sample) = Sample::new(call) else { return Vec::new() };
    let stranger = PageContext {
        lang,
        path: "/",
        viewer: None,
        csrf: "csrf",
        demonstration: false,
        call,
        now: sample.now,
        several_calls: false,
    };
    let applicant = PageContext {
        path: "/dossiers",
        viewer: Some(Viewer { email: "ada.lefebvre@exemple.fr", officer: false, evaluates: false }),
        demonstration: true,
        ..stranger
    };
    let officer = PageContext {
        viewer: Some(Viewer { email: "instruction@exemple.org", officer: true, evaluates: false }),
        ..applicant
    };
    let groups = [
        ("frame", public::errors(&stranger)),
        ("public", public::pages(&stranger, &sample)),
        ("applicant", applicant::pages(&applicant, &sample)),
        ("examiner", examiner::pages(&officer, &sample)),
        ("operator", operator::pages(&applicant)),
        ("account", account::pages(&stranger, &applicant)),
    ];
    let shown = |(reader, pages): (&'static str, Pages)| {
        let explained = |page: Rendering| page.and_then(|page| words::explain(page, call, lang));
        let html = move |page: Rendering| explained(page).unwrap_or_else(|error| error.to_string());
        pages.into_iter().map(move |(name, page)| SamplePage { reader, name, html: html(page) })
    };
    groups.into_iter().flat_map(shown).collect()
}

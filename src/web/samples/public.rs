//! The public pages, and those of errors.

use super::{
    Pages,
    data::{Sample, lost, typed},
    named,
};
use crate::{
    domain::{
        document::Document,
        receipt::{ReceiptCheck, VerificationReport},
        text::Text,
    },
    web::{
        frame::{
            PageContext,
            error_page::{ErrorPage, TypedForm},
        },
        pages::public::{
            call::{BrickPage, BricksPage, CriteriaPage, FaqPage, HomePage, InterpretationsPage, LegalPage, RulesPage},
            simulator::SimulatorPage,
            verify::VerifyPage,
        },
    },
};
use askama::Template;

pub(super) fn errors(s: &PageContext<'_>) -> Pages {
    let [title, message, remedy] = lost();
    let page = |status, typed: Option<&TypedForm>| {
        ErrorPage { s, status, title: &title, message: &message, remedy: &remedy, typed }.render()
    };
    named([("error", page(404, None)), ("error-typed", page(503, Some(&typed())))])
}

pub(super) fn pages(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let check =
        |passed| ReceiptCheck { passed, message: Text::new("Le contenu est intact.", "The content is intact.") };
    let good = VerificationReport { checks: vec![check(true), check(true)], omitted: 0, key_known: true };
    let bad = VerificationReport { checks: vec![check(true), check(false)], omitted: 3, key_known: true };
    let verify = |report| VerifyPage { s, report, number: report.map(|_| "2024-000042") }.render();
    let simulated = |document: &Document| SimulatorPage::new(s, document, Some(&sample.simulate(document))).render();
    let mut pages = named([
        ("home", HomePage::new(s).render()),
        ("bricks", BricksPage { s }.render()),
        ("faq", FaqPage::new(s).render()),
        ("interpretations", InterpretationsPage { s }.render()),
        ("rules", RulesPage { s }.render()),
        ("criteria", CriteriaPage { s }.render()),
        ("legal", LegalPage { s }.render()),
        ("simulator", SimulatorPage::new(s, &Document::default(), None).render()),
        ("simulator-good", simulated(&sample.full)),
        ("simulator-poor", simulated(&sample.poor)),
        ("verify", verify(None)),
        ("verify-good", verify(Some(&good))),
        ("verify-bad", verify(Some(&bad))),
    ]);
    pages.extend(s.call.bricks.first().map(|brick| ("brick".into(), BrickPage { s, brick }.render())));
    pages
}

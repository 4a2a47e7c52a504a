//! The public pages, and those of errors.

use super::{
    Pages,
    data::{Sample, lost, typed},
    named,
};
use crate::{
    domain::{
        document::Document,
        receipt::{ReceiptCheck, Standing, VerificationReport},
        text::Text,
    },
    web::{
        frame::{
            PageContext,
            error_page::{ErrorPage, TypedForm},
        },
        pages::public::{
            call::{BrickPage, BricksPage, CriteriaPage, FaqPage, HomePage, InterpretationsPage, RulesPage},
            legal::{AccessibilityPage, LegalPage, PrivacyPage, SiteMapPage, VulnerabilitiesPage},
            simulator::SimulatorPage,
            verify::{Outcome, ReceiptFacts, VerifyPage},
        },
    },
};
use askama::Template;

pub(super) fn errors(s: &PageContext<'_>) -> Pages {
    let [title, message, remedy] = lost();
    let page = |status, typed: Option<&TypedForm>| {
        ErrorPage { s, status, title: &title, message: &message, remedy: &remedy, typed }.render()
    };
    let lost = TypedForm { again: false, ..typed() };
    named([
        ("error", page(404, None)),
        ("error-typed", page(503, Some(&typed()))),
        ("error-typed-lost", page(410, Some(&lost))),
    ])
}

pub(super) fn pages(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let check =
        |passed| ReceiptCheck { passed, message: Text::new("Le contenu est intact.", "The content is intact.") };
    let good = VerificationReport { checks: vec![check(true), check(true)], omitted: 0, key_known: true };
    let bad = VerificationReport { checks: vec![check(true), check(false)], omitted: 3, key_known: true };
    let calls = &[s.call];
    let verify = |outcome| VerifyPage { s, outcome }.render();
    let checked = |report, facts| Outcome::Checked { report, number: Some("2024-000042"), facts };
    let facts = |standing| ReceiptFacts::read(&sample.receipt, Some(s.call), standing, *s.lang);
    let (stands, withdrawn) = (facts(Some(Standing::Current)), facts(Some(Standing::Withdrawn)));
    let pdf = Text::new("Ceci n’est pas un reçu (c’est un PDF ?).", "This is not a receipt (is it a PDF?).");
    let simulated =
        |document: &Document| SimulatorPage::new(s, document, Some(&sample.simulate(document)), "attempt").render();
    let closed = Text::new("Cette relève est close.", "This round has closed.");
    let mut pages = named([
        ("home", HomePage::new(s).render()),
        ("bricks", BricksPage { s }.render()),
        ("faq", FaqPage::new(s).render()),
        ("interpretations", InterpretationsPage { s }.render()),
        ("rules", RulesPage { s }.render()),
        ("criteria", CriteriaPage { s }.render()),
        ("legal", LegalPage { s, calls }.render()),
        ("privacy", PrivacyPage { s, calls }.render()),
        ("accessibility", AccessibilityPage { s }.render()),
        ("vulnerabilities", VulnerabilitiesPage { s }.render()),
        ("site_map", SiteMapPage { s, calls }.render()),
        ("simulator", SimulatorPage::new(s, &Document::default(), None, "").render()),
        ("simulator-good", simulated(&sample.full)),
        ("simulator-poor", simulated(&sample.poor)),
        (
            "simulator-closed",
            SimulatorPage::new(s, &sample.poor, Some(&sample.simulate(&sample.poor)), "attempt")
                .with_notice(&closed)
                .render(),
        ),
        ("verify", verify(Outcome::Unasked)),
        ("verify-nothing", verify(Outcome::NoFile)),
        ("verify-pdf", verify(Outcome::NoReceipt(&pdf))),
        ("verify-good", verify(checked(&good, Some(&stands)))),
        ("verify-withdrawn", verify(checked(&good, Some(&withdrawn)))),
        ("verify-bad", verify(checked(&bad, None))),
    ]);
    pages.extend(s.call.bricks.first().map(|brick| ("brick".into(), BrickPage { s, brick }.render())));
    pages
}

//! Public pages.

use super::{
    field::{Drawing, FieldView, Input},
    money::{AmountsBox, Verdicts},
    shell::Shell,
};
use crate::domain::{
    call::{Brick, Component, Section},
    document::Document,
    evaluation::Evaluation,
    finding::{Finding, Severity, and_more, shown},
    receipt::VerificationReport,
    text::Text,
};
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// Pages rendered from the call alone.
macro_rules! call_pages {
    ($($(#[$doc:meta])* $name:ident, $page:ident, $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $page<'a> {
            s: &'a Shell<'a>,
        }

        $(#[$doc])*
        pub fn $name(s: &Shell<'_>) -> Rendering {
            $page { s }.render()
        }
    )*};
}

call_pages! {
    /// The home page of the call: purpose, amounts, dates, procedure.
    home, Home, "view/home.html";
    bricks, Bricks, "view/bricks.html";
    /// Questions and answers.
    faq, Faq, "view/faq.html";
    /// The interpretations of contradictions in the text.
    interpretations, Interpretations, "view/interpretations.html";
    rules, Rules, "view/rules.html";
    criteria, Criteria, "view/criteria.html";
    /// Legal notice and privacy.
    legal, Legal, "view/legal.html";
}

impl Criteria<'_> {
    fn piece(&self, component: &Component) -> &str {
        self.s.call.piece(&component.informed_by).map_or("", |piece| piece.title.get(self.s.lang))
    }
}

impl Home<'_> {
    fn company_pieces(&self) -> usize {
        self.s.call.uploads().filter(|piece| piece.required && piece.when.is_none()).count()
    }
}

#[derive(Template)]
#[template(path = "view/brick.html")]
struct BrickPage<'a> {
    s: &'a Shell<'a>,
    brick: &'a Brick,
}

/// One brick.
pub fn brick(s: &Shell<'_>, brick: &Brick) -> Rendering {
    BrickPage { s, brick }.render()
}

#[derive(Template)]
#[template(path = "view/simulator.html")]
struct Simulator<'a> {
    s: &'a Shell<'a>,
    parts: Vec<(&'a Section, Vec<FieldView<'a>>)>,
    outcome: Option<EvaluationBox<'a>>,
}

struct EvaluationBox<'a> {
    blocking: Vec<&'a Finding>,
    missing: usize,
    more: Option<Text>,
    warnings: Vec<&'a Finding>,
    amounts: AmountsBox<'a>,
    verdicts: Verdicts<'a>,
}

/// The eligibility simulator: a few questions and their outcome.
pub fn simulator(s: &Shell<'_>, document: &Document, evaluation: Option<&Evaluation>) -> Rendering {
    let findings = evaluation.map_or(&[][..], |evaluation| &evaluation.findings);
    let drawing = Drawing { s, findings, amounts: evaluation.map(|evaluation| &evaluation.amounts), saves: false };
    let parts = s
        .call
        .sections
        .iter()
        .map(|section| {
            let given = document.0.get(&section.id);
            let asked = section.fields.iter().filter(|field| field.simulator);
            (section, asked.map(|field| drawing.field(section, field, given.and_then(|g| g.get(&field.id)))).collect())
        })
        .filter(|(_, fields): &(_, Vec<_>)| !fields.is_empty())
        .collect();
    let outcome = evaluation.map(|evaluation| {
        let (listed, more) = shown(&evaluation.findings);
        let pick = |severity| listed.iter().filter(|finding| finding.severity == severity).collect();
        EvaluationBox {
            blocking: pick(Severity::Blocking),
            missing: evaluation.missing(),
            more: and_more(more),
            warnings: pick(Severity::Warning),
            amounts: AmountsBox::new(s, &evaluation.amounts, false),
            verdicts: Verdicts::new(s, evaluation),
        }
    });
    Simulator { s, parts, outcome }.render()
}

impl Verify<'_> {
    fn more(&self) -> Option<Text> {
        and_more(self.report.map_or(0, |report| report.more))
    }
}

impl Simulator<'_> {
    fn countries(&self) -> impl Iterator<Item = &'static str> {
        Input::countries(self.s.lang)
    }
    fn anchor(&self, finding: &Finding) -> Option<String> {
        let field = self.s.call.field(finding.field())?;
        field.simulator.then(|| format!("#field-{}", finding.field()))
    }
}

#[derive(Template)]
#[template(path = "view/verify.html")]
struct Verify<'a> {
    s: &'a Shell<'a>,
    report: Option<&'a VerificationReport>,
    number: Option<&'a str>,
}

/// The verification of a receipt.
pub fn verify(s: &Shell<'_>, report: Option<&VerificationReport>, number: Option<&str>) -> Rendering {
    Verify { s, report, number }.render()
}

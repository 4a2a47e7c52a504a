//! The eligibility simulator: a few answers, no account, nothing stored.

use crate::{
    domain::{
        call::{Call, Section},
        document::Document,
        evaluation::{Evaluation, simulate},
        finding::{Finding, Severity, and_more, shown},
        text::Text,
    },
    web::{
        extract::Path,
        frame::{
            FormRequest, PageContext, PageRequest, PageResult,
            field::{Drawing, FieldView, Input, explain_once, posted::posted_value},
            money::{AmountsBox, Verdicts},
            render,
        },
        posted::PostedForm,
    },
};
use askama::Template;
use axum::response::Html;

/// The empty form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(call): Path<String>) -> PageResult {
    let call = app.call(&call)?;
    let document = Document::new(call);
    Ok(Html(render(&app, &ctx, call, &here, |context| SimulatorPage::new(context, &document, None).render())?))
}

/// The verdict, above the same form with the same answers.
pub async fn run(Path(call): Path<String>, FormRequest { app, ctx, here, posted }: FormRequest) -> PageResult {
    let call = app.call(&call)?;
    let (asked, now) = (call.clone(), ctx.now);
    let bytes = posted.pairs().iter().map(|(name, value)| name.len() + value.len()).sum();
    let work = move || {
        let document = answers(&asked, &posted);
        let evaluation = simulate(&asked, &document, now);
        (document, evaluation)
    };
    let (document, evaluation) = app.offload(bytes, work).await?;
    Ok(Html(render(&app, &ctx, call, &here, |context| {
        SimulatorPage::new(context, &document, Some(&evaluation)).render()
    })?))
}

fn answers(call: &Call, posted: &PostedForm) -> Document {
    let mut document = Document::default();
    for section in &call.sections {
        for field in section.fields.iter().filter(|field| field.simulator) {
            let path = format!("{}.{}", section.id, field.id);
            // Values that cannot be stored at all (a text of 50 000 characters in a number) are ignored in a
            // simulation.
            if let Err(fault) = document.set(call, &path, posted_value(posted, section, field)) {
                tracing::debug!(%fault, "simulator.left_out");
            }
        }
    }
    document
}

#[derive(Template)]
#[template(path = "pages/public/simulator.html")]
pub struct SimulatorPage<'a> {
    s: &'a PageContext<'a>,
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

impl<'a> SimulatorPage<'a> {
    pub fn new(s: &'a PageContext<'a>, document: &'a Document, evaluation: Option<&'a Evaluation>) -> Self {
        let findings = evaluation.map_or(&[][..], |evaluation| &evaluation.findings);
        let drawing = Drawing { s, findings, amounts: evaluation.map(|evaluation| &evaluation.amounts), saves: false };
        let mut parts: Vec<(&Section, Vec<FieldView<'_>>)> = s
            .call
            .sections
            .iter()
            .map(|section| {
                let given = document.0.get(&section.id);
                let asked = section.fields.iter().filter(|field| field.simulator);
                (
                    section,
                    asked.map(|field| drawing.field(section, field, given.and_then(|g| g.get(&field.id)))).collect(),
                )
            })
            .filter(|(_, fields): &(_, Vec<_>)| !fields.is_empty())
            .collect();
        explain_once(None, parts.iter_mut().flat_map(|(_, fields)| fields));
        let outcome = evaluation.map(|evaluation| {
            let (listed, more) = shown(&evaluation.findings);
            let pick = |severity| listed.iter().filter(|finding| finding.severity == severity).collect();
            EvaluationBox {
                blocking: pick(Severity::Blocking),
                missing: evaluation.blocking_count(),
                more: and_more(more),
                warnings: pick(Severity::Warning),
                amounts: AmountsBox::new(s, &evaluation.amounts, false),
                verdicts: Verdicts::new(s, evaluation),
            }
        });
        Self { s, parts, outcome }
    }
}

impl SimulatorPage<'_> {
    fn anchor(&self, finding: &Finding) -> Option<String> {
        let field = self.s.call.field(finding.field())?;
        field.simulator.then(|| format!("#field-{}", finding.field()))
    }
}

//! The eligibility simulator: a few answers, no account, nothing stored; a dossier may begin with them.

use crate::{
    app::{App, AppError, Ctx, encode},
    domain::{
        calendar::{Round, RoundId},
        call::{Call, Section},
        document::Document,
        evaluation::{Evaluation, simulate},
        finding::{Finding, Severity, and_more, shown},
        ids::AttemptId,
        text::Text,
    },
    store::simulation::Simulation,
    web::{
        address::see_other,
        extract::Path,
        frame::{
            FormRequest, HandlerResult, PageContext, PageRequest, PageResult,
            field::{Drawing, FieldView, Input, explain_once, posted::posted_value},
            money::{AmountsBox, Verdicts},
            render,
        },
        pages::applicant::dossier::first_section,
        posted::PostedForm,
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};
use uuid::Uuid;

/// The empty form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(call): Path<String>) -> PageResult {
    let call = app.call(&call)?;
    let document = Document::new(call);
    Ok(Html(render(&app, &ctx, call, &here, |context| SimulatorPage::new(context, &document, None, "").render())?))
}

/// The verdict, above the same form with the same answers.
pub async fn run(Path(call): Path<String>, FormRequest { app, ctx, here, posted }: FormRequest) -> PageResult {
    let call = app.call(&call)?;
    let (asked, now) = (call.clone(), ctx.now);
    let (bytes, attempt) = (size(&posted), Uuid::now_v7().to_string());
    let work = move || {
        let document = answers(&asked, &posted);
        let evaluation = simulate(&asked, &document, now);
        (document, evaluation)
    };
    let (document, evaluation) = app.offload(bytes, work).await?;
    Ok(Html(render(&app, &ctx, call, &here, |context| {
        SimulatorPage::new(context, &document, Some(&evaluation), &attempt).render()
    })?))
}

/// Begins a dossier with the answers; who is not signed in does so first.
pub async fn begin(Path(call): Path<String>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let call = app.call(&call)?.clone();
    let (round, attempt) = (RoundId(posted.text("round").to_owned()), AttemptId(posted.parse("attempt")?));
    let (bytes, asked) = (size(&posted), call.clone());
    let answers = app.offload(bytes, move || answers(&asked, &posted)).await?;
    let simulation = Simulation { call: call.id.clone(), round, attempt, answers };
    let begun = match ctx.actor {
        None => app.keep_simulation(&ctx, &simulation).await.map(|secret| {
            let next = format!("/calls/{}/simulations/{secret}", call.id);
            format!("/sign-in?next={}", encode(&next))
        }),
        Some(_) => app.create_from_simulation(&ctx, &simulation).await.map(|id| first_section(&call, id)),
    };
    match begun {
        Ok(place) => Ok(see_other(ctx.lang, &place)),
        Err(AppError::RoundClosed) => round_closed(&app, &ctx, simulation).await,
        Err(error) => Err(error.into()),
    }
}

/// The verdict again, with every answer and the rounds that are open now, after the chosen round has closed.
pub async fn round_closed(app: &App, ctx: &Ctx, simulation: Simulation) -> HandlerResult {
    let call = app.call(&simulation.call)?;
    let (asked, now, attempt) = (call.clone(), ctx.now, simulation.attempt.0.to_string());
    let document = simulation.answers;
    let bytes = serde_json::to_string(&document).map_or(0, |text| text.len());
    let work = move || {
        let evaluation = simulate(&asked, &document, now);
        (document, evaluation)
    };
    let (document, evaluation) = app.offload(bytes, work).await?;
    let notice = Text::new(
        "La relève choisie ne prend pas de dossier en ce moment\u{a0}: aucun n’a été commencé. Vos réponses sont toutes là.",
        "The chosen round takes no applications at the moment: none was begun. All your answers are here.",
    );
    let here = format!("/calls/{}/simulator", call.id);
    let page = render(app, ctx, call, &here, |context| {
        SimulatorPage::new(context, &document, Some(&evaluation), &attempt).with_notice(&notice).render()
    })?;
    Ok((StatusCode::CONFLICT, Html(page)).into_response())
}

fn size(posted: &PostedForm) -> usize {
    posted.pairs().iter().map(|(name, value)| name.len() + value.len()).sum()
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
    /// Attempt id of the dossier that the answers may begin.
    attempt: &'a str,
    /// Why the page is shown again.
    notice: Option<&'a Text>,
}

struct EvaluationBox<'a> {
    blocking: Vec<&'a Finding>,
    missing: usize,
    more: Option<Text>,
    warnings: Vec<&'a Finding>,
    amounts: AmountsBox<'a>,
    verdicts: Verdicts<'a>,
    /// The rounds in which a dossier can be begun.
    open_rounds: Vec<&'a Round>,
}

impl<'a> SimulatorPage<'a> {
    pub fn new(
        s: &'a PageContext<'a>,
        document: &'a Document,
        evaluation: Option<&'a Evaluation>,
        attempt: &'a str,
    ) -> Self {
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
                open_rounds: s.call.rounds.iter().filter(|round| s.open(round)).collect(),
            }
        });
        Self { s, parts, outcome, attempt, notice: None }
    }

    pub fn with_notice(self, notice: &'a Text) -> Self {
        Self { notice: Some(notice), ..self }
    }
}

impl SimulatorPage<'_> {
    fn anchor(&self, finding: &Finding) -> Option<String> {
        let field = self.s.call.field(finding.field())?;
        field.simulator.then(|| format!("#field-{}", finding.field()))
    }
}

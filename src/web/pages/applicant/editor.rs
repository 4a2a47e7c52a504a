//! The editor of a draft: sections saved by form, fields saved by script.

mod conflict;
pub mod register;

use crate::{
    app::{AnswerConflict, App, AppError, Ctx, SaveOutcome, Share},
    domain::{
        access::Part,
        calendar::show_time,
        call::{Call, Section},
        document::{Change, Value},
        dossier::status::DepositStatus,
        evaluation::Evaluation,
        ids::DossierId,
        json::{self, Limits},
        text::Lang,
    },
    web::{
        address::see_other,
        error::finding_json,
        extract::{MAX_BODY_BYTES, Path, Query},
        frame::{
            FormRequest, HandlerResult, PageContext, PageRequest, PageResult,
            field::{Drawing, FieldView, Input, explain_once, posted::posted_value},
            money::{AmountsBox, Totals, feeds_budget},
            status::{PrintHead, Sentence, status_json},
            words::Words,
        },
        pages::applicant::{
            banner::Banner,
            dossier::{DossierPage, LoadedDossier, SectionLink},
        },
        posted::{PostedForm, PostedJson},
    },
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse},
};
use conflict::{Clash, ConflictJson};
use register::{LookupQuery, RegisterNote, RegisterNotice, RegisterView};
use serde::Deserialize;
use std::collections::BTreeMap;

fn section_of<'a>(call: &'a Call, id: &str) -> Result<&'a Section, AppError> {
    call.section(id).ok_or(AppError::NotFound)
}

/// One section of the editor.
pub async fn edit(
    PageRequest { app, ctx, here }: PageRequest,
    Path((id, section)): Path<(DossierId, String)>,
    Query(told): Query<LookupQuery>,
) -> PageResult {
    let opened = LoadedDossier::load_section(&app, &ctx, id, &section).await?;
    let call = app.call(&opened.view.dossier.call)?;
    let section = section_of(call, &section)?;
    let dossier = &opened.view.dossier;
    let saved =
        (dossier.revision > 1).then(|| show_time(dossier.changed_at, &call.time_zone()).get(&ctx.lang).to_owned());
    let page = opened.render(&app, &ctx, &here, |context, page| {
        EditorPage::new(context, &page, section, saved.as_deref(), &[]).after_lookup(&told).render()
    })?;
    Ok(Html(page))
}

/// Saves a section posted without the script.
pub async fn save(
    Path((id, section)): Path<(DossierId, String)>,
    FormRequest { app, ctx, here, posted }: FormRequest,
) -> HandlerResult {
    let opened = LoadedDossier::load_section(&app, &ctx, id, &section).await?;
    let call = app.call(&opened.view.dossier.call)?.clone();
    let section = section_of(&call, &section)?;
    let saved = app.save_changes(&ctx, id, changes(section, &posted)).await?;
    let action = posted.text("action").to_owned();
    if !saved.conflicts.is_empty() {
        return conflicts(&app, &ctx, &here, section, saved).await;
    }
    let base = format!("/dossiers/{id}/edit");
    let path = match action.split(':').collect::<Vec<_>>()[..] {
        ["next"] => match call.sections.iter().skip_while(|other| other.id != section.id).nth(1) {
            Some(next) => format!("{base}/{}", next.id),
            None => format!("/dossiers/{id}"),
        },
        ["add", field] | ["remove", field, _] => {
            format!("{base}/{}?rows={field}#field-{}.{field}", section.id, section.id)
        }
        _ => format!("{base}/{}", section.id),
    };
    Ok(see_other(ctx.lang, &path))
}

/// What the posted section changes, against what it was rendered from.
pub(in crate::web) fn changes(section: &Section, posted: &PostedForm) -> Vec<Change> {
    let was: BTreeMap<String, Value> =
        json::from_str(posted.text("was"), Limits::bytes(MAX_BODY_BYTES)).unwrap_or_default();
    let action: Vec<&str> = posted.text("action").split(':').collect();
    section
        .fields
        .iter()
        .filter_map(|field| {
            let path = format!("{}.{}", section.id, field.id);
            let mut value = posted_value(posted, section, field);
            if let (["remove", name, index], Value::Rows(rows)) = (&action[..], &mut value)
                && *name == field.id
                && let Some(index) = index.parse::<usize>().ok().filter(|index| *index < rows.len())
            {
                rows.remove(index);
            }
            let before = was.get(&field.id).cloned();
            match posted.text(&format!("resolve.{path}")) {
                "theirs" => None,
                // The page that asks the question was rendered from the other's value.
                _ => Some(Change { path, was: before, value }),
            }
        })
        .collect()
}

/// The page again, with both versions of every field that met another change.
pub(super) async fn conflicts(
    app: &App,
    ctx: &Ctx,
    here: &str,
    section: &Section,
    saved: SaveOutcome,
) -> HandlerResult {
    let opened = LoadedDossier::load_section(app, ctx, saved.dossier.id, &section.id).await?;
    let page = opened.render(app, ctx, here, |context, page| {
        EditorPage::new(context, &page, section, None, &saved.conflicts).render()
    })?;
    Ok((StatusCode::CONFLICT, Html(page)).into_response())
}

/// Changes sent by the script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    changes: Vec<Change>,
}

/// Saves fields as they are typed.
pub async fn save_fields(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    PostedJson(fields): PostedJson<Fields>,
) -> HandlerResult {
    let saved = app.save_changes(&ctx, id, fields.changes).await?;
    let call = app.call(&saved.dossier.call)?;
    let evaluation = &saved.evaluation;
    let told = |conflict| ConflictJson::new(call, conflict, ctx.now, ctx.lang);
    let conflicts: Vec<_> = saved.conflicts.iter().map(told).collect();
    let body = serde_json::json!({
        "saved_at": show_time(ctx.now, &call.time_zone()).get(&ctx.lang),
        "revision": saved.dossier.revision,
        "missing": evaluation.blocking_count(),
        "amounts": amounts(evaluation, &saved.share, ctx.lang),
        "conflicts": conflicts,
        "status": status_json(&app.status_of(&ctx, &saved.dossier)?, &saved.share, &ctx.lang),
        "findings": evaluation.findings.iter().map(|finding| finding_json(finding, ctx.lang)).collect::<Vec<_>>(),
    });
    Ok(Json(body).into_response())
}

/// The amounts as shown, to those who may see what they are made from.
fn amounts(evaluation: &Evaluation, share: &Share, lang: Lang) -> serde_json::Value {
    if !share.whole() {
        return serde_json::json!({});
    }
    let amounts = &evaluation.amounts;
    let costs: BTreeMap<&str, String> =
        amounts.costs.iter().map(|line| (line.id.as_str(), line.amount.show(lang))).collect();
    serde_json::json!({
        "base": amounts.base.show(lang),
        "aid": amounts.aid.show(lang),
        "own_share": amounts.own_share.show(lang),
        "advance": amounts.advance.show(lang),
        "balance": amounts.balance.show(lang),
        "financed": amounts.financed.show(lang),
        "effective_rate": amounts.effective_rate_ppm.map(|rate| rate.show(lang)).unwrap_or_default(),
        "costs": costs,
    })
}

#[derive(Template)]
#[template(path = "pages/applicant/editor.html")]
pub struct EditorPage<'a> {
    s: &'a PageContext<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    status: DepositStatus,
    /// Shown beside "Saved": whether the saved state is deposited.
    brief: Sentence<'a>,
    print_head: PrintHead<'a>,
    section: &'a Section,
    /// Of the introduction.
    words: Words<'a>,
    nav: Vec<SectionLink<'a>>,
    pieces: usize,
    next: Option<&'a Section>,
    /// The user may change it.
    writes: bool,
    fields: Vec<EditorField<'a>>,
    register: RegisterView<'a>,
    register_notice: Option<RegisterNotice<'a>>,
    amounts: Option<AmountsBox<'a>>,
    /// The totals that stay in view while the budget is edited.
    totals: Option<Totals<'a>>,
    /// The time of day at which the server stored what is shown, if it just did.
    saved: Option<&'a str>,
    conflicts: Vec<Clash<'a>>,
    was: String,
}

/// A question, with what the public register says about it.
struct EditorField<'a> {
    view: FieldView<'a>,
    note: Option<RegisterNote<'a>>,
}

impl<'a> EditorPage<'a> {
    pub fn new(
        s: &'a PageContext<'a>,
        page: &'a DossierPage<'a>,
        section: &'a Section,
        saved: Option<&'a str>,
        conflicts: &'a [AnswerConflict],
    ) -> Self {
        let given = page.dossier.draft.0.get(&section.id);
        let amounts = &page.evaluation.amounts;
        let drawing = Drawing { s, findings: &page.evaluation.findings, amounts: Some(amounts), saves: true };
        let writes = page.share.writes(&Part::Section(section.id.clone()));
        let register = RegisterView::new(s, page, writes);
        let mut fields: Vec<EditorField<'_>> = section
            .fields
            .iter()
            .map(|field| {
                let path = format!("{}.{}", section.id, field.id);
                let mut values = conflicts.iter().map(|conflict| &conflict.values);
                let yours = values.find(|values| values.path == path).map(|values| &values.yours);
                let view = drawing.field(section, field, yours.or_else(|| given?.get(&field.id)));
                EditorField { view, note: register.note(section, field) }
            })
            .collect();
        let mut words = Words::of(s.call, s.lang, [section.title.get(s.lang), section.intro.get(s.lang)]);
        explain_once(Some(&mut words), fields.iter_mut().map(|field| &mut field.view));
        let clash = |conflict: &'a AnswerConflict| Clash::new(s.call, conflict, s.now, *s.lang);
        let clashes = conflicts.iter().filter_map(clash).collect();
        let budget = feeds_budget(s, &section.id) && page.share.whole();
        let place = s.call.sections.iter().position(|other| other.id == section.id);
        Self {
            s,
            p: page,
            banner: Banner::new(s, page).with_deposit_link(format!(
                "{}/{}#deposit",
                s.url("/dossiers"),
                page.dossier.id
            )),
            brief: Sentence::new(s, page.status(s).brief()),
            status: page.status(s),
            print_head: page.print_head(s),
            section,
            words,
            nav: page.section_links(s),
            pieces: page.missing(s).iter().filter(|finding| finding.section() == "pieces").count(),
            next: place.and_then(|place| s.call.sections.get(place + 1)).filter(|next| page.share.section(&next.id)),
            writes,
            fields,
            register,
            register_notice: None,
            totals: budget.then(|| Totals::new(s, amounts)),
            amounts: budget.then(|| AmountsBox::new(s, amounts, true)),
            saved,
            conflicts: clashes,
            was: given.and_then(|given| serde_json::to_string(given).ok()).unwrap_or_else(|| "{}".into()),
        }
    }
}

impl EditorPage<'_> {
    /// The page after a look-up in the public register.
    pub fn after_lookup(mut self, told: &LookupQuery) -> Self {
        self.register_notice = self.register.notice(told);
        self
    }

    fn asks_country(&self) -> bool {
        use crate::domain::call::FieldKind::Country;
        self.section.fields.iter().any(|f| f.kind == Country || f.columns.iter().any(|column| column.kind == Country))
    }
}

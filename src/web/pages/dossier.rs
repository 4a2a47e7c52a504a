//! The applicant's dossiers: list, editor, pieces, preview.

use super::{form, here, render, see_other, upload};
use crate::web::extract::{Path, Query};
use crate::{
    app::{App, AppError, Ctx, DossierView, PieceBytes, PieceFile, Saved, Share, dossier::upload::Destination},
    domain::{
        calendar::{RoundId, RoundState, show_instant, show_time},
        call::{Call, Section},
        document::{Change, Document, Value},
        evaluation::Evaluation,
        ids::{AttemptId, DossierId},
        json::{self, Limits},
        media::file_name,
        text::Text,
    },
    store::deposit::Version,
    web::{
        error::{Failure, finding_json},
        extract::{MAX_BODY_BYTES, PostedFile, PostedForm, PostedJson},
        view::{self, DossierCard, DossierPage, GivenCard, VersionRow},
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// The list.
pub async fn list(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    let dossiers = app.own_dossiers(&ctx).await?;
    let mut cards = Vec::new();
    for (dossier, uploads) in &dossiers {
        let Ok(call) = app.call(&dossier.call) else { continue };
        let zone = call.time_zone();
        let status = app.status_of(&ctx, dossier)?;
        let counted = status.counts_missing();
        cards.push(DossierCard {
            id: dossier.id,
            title: dossier.draft.text(&call.company.project).to_owned(),
            company: dossier.draft.text(&call.company.name).to_owned(),
            round: call.round(&dossier.round).map_or_else(String::new, |round| round.title.get(&ctx.lang).to_owned()),
            status,
            changed_at: show_instant(dossier.changed_at, &zone),
            missing: if counted { Some(app.evaluate(&ctx, dossier, uploads, 0)?.missing()) } else { None },
            attempt: Uuid::now_v7().to_string(),
        });
    }
    let shared = given_cards(&app, &ctx).await?;
    let call = app.call_of_host(&ctx)?;
    let open: Vec<_> = call.rounds.iter().filter(|round| round.state(ctx.now) == RoundState::Open).collect();
    let attempt = Uuid::now_v7().to_string();
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::dossiers(shell, &cards, &shared, &open, &attempt))?))
}

/// Dossiers of others of which the reader was given a part.
async fn given_cards(app: &App, ctx: &Ctx) -> Result<Vec<GivenCard>, Failure> {
    let mut cards = Vec::new();
    for given in app.given_dossiers(ctx).await? {
        let call = app.call(&given.call)?;
        cards.push(GivenCard {
            id: given.id,
            round: app.round(call, &given.round)?.title.get(&ctx.lang).to_owned(),
            until: given.share.until().map(|until| show_instant(until, &call.time_zone())).unwrap_or_default(),
            status: given.status,
            title: given.title,
        });
    }
    Ok(cards)
}

/// Begins a dossier.
pub async fn create(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    posted: PostedForm,
) -> Result<Response, Failure> {
    // All rounds of the page share its attempt, and each is an act of its own.
    let attempt = AttemptId(posted.parse("attempt")?).towards(&format!("{call} {round}"));
    let first = app.call(&call)?.sections.first().map_or_else(String::new, |section| section.id.clone());
    let begun = Document::begun(app.call(&call)?);
    let id = app.create(&ctx, &call, &RoundId(round), begun, attempt).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}/edit/{first}")))
}

/// Deposited versions as shown.
pub fn version_rows(versions: &[Version], zone: &jiff::tz::TimeZone) -> Vec<VersionRow> {
    versions
        .iter()
        .map(|version| VersionRow {
            version: version.version,
            receipt: version.receipt.clone(),
            at: show_instant(version.at, zone),
            current: version.standing,
        })
        .collect()
}

/// What the views of a dossier borrow from.
pub struct OverviewState {
    /// The dossier with its evaluation.
    pub page: DossierView,
    versions: Vec<VersionRow>,
    attempt: String,
}

impl OverviewState {
    /// Loads a dossier for its owner.
    pub async fn load(app: &App, ctx: &Ctx, id: DossierId) -> Result<Self, AppError> {
        Self::of(app, app.dossier_whole(ctx, id).await?)
    }

    /// Loads a dossier with what the reader was given of it.
    pub async fn given(app: &App, ctx: &Ctx, id: DossierId) -> Result<Self, AppError> {
        Self::of(app, app.dossier_shared(ctx, id).await?)
    }

    /// Loads a dossier for a page of the editor.
    pub async fn form(app: &App, ctx: &Ctx, id: DossierId, section: &str) -> Result<Self, AppError> {
        Self::of(app, app.dossier_section(ctx, id, section).await?)
    }

    fn of(app: &App, page: DossierView) -> Result<Self, AppError> {
        let zone = app.call(&page.dossier.call)?.time_zone();
        let versions = version_rows(&page.versions, &zone);
        Ok(Self { page, versions, attempt: Uuid::now_v7().to_string() })
    }

    /// Renders one of the views of the dossier.
    pub fn render(
        &self,
        app: &App,
        ctx: &Ctx,
        path: &str,
        view: impl FnOnce(&view::Shell<'_>, DossierPage<'_>) -> Result<String, askama::Error>,
    ) -> Result<String, Failure> {
        let call = app.call(&self.page.dossier.call)?;
        let page = DossierPage {
            dossier: &self.page.dossier,
            round: app.round(call, &self.page.dossier.round)?,
            evaluation: &self.page.evaluation,
            uploads: &self.page.uploads,
            share: &self.page.share,
            title: &self.page.title,
            versions: &self.versions,
            attempt: &self.attempt,
            refused: false,
            upload_problem: None,
            notice: None,
        };
        Ok(render(app, ctx, call, path, |shell| view(shell, page))?)
    }
}

/// What the dossier's page may be told by the address.
#[derive(Deserialize)]
pub struct DossierPageQuery {
    /// Code of a piece that is the same file as the one just attached.
    #[serde(default)]
    same: Option<String>,
    /// The dossier of a closed round from which this one was just taken over.
    #[serde(default)]
    from: Option<DossierId>,
}

/// The dossier's main page.
pub async fn overview(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    Query(told): Query<DossierPageQuery>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = OverviewState::given(&app, &ctx, id).await?;
    let untouched = opened.page.dossier.revision == 1 && opened.page.dossier.versions == 0;
    let carried = told.from.filter(|_| untouched).map(|_| {
        Text::new(
            "Vos réponses et vos pièces ont été reprises dans ce nouveau brouillon : relisez-les, puis déposez-le.",
            "Your answers and your documents were carried over to this new draft: read them again, then deposit it.",
        )
    });
    let other = told.same.as_ref().and_then(|code| opened.page.uploads.iter().find(|upload| upload.code == *code));
    let notice = other.map(|other| {
        Text::new(
            format!("Cette pièce est le même fichier que {} : vérifiez que c’est bien voulu.", other.code),
            format!("This piece is the same file as {}: check that this is intended.", other.code),
        )
    });
    let notice = carried.or(notice);
    let page = opened.render(&app, &ctx, &here(&uri), |shell, page| {
        view::overview(shell, &DossierPage { notice: notice.as_ref(), ..page })
    })?;
    Ok(Html(page))
}

/// Exactly what would be sealed.
pub async fn preview(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = OverviewState::load(&app, &ctx, id).await?;
    Ok(Html(opened.render(&app, &ctx, &here(&uri), |shell, page| view::preview(shell, &page))?))
}

fn section_of<'a>(call: &'a Call, id: &str) -> Result<&'a Section, AppError> {
    call.section(id).ok_or(AppError::NotFound)
}

/// One section of the editor.
pub async fn edit(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, section)): Path<(DossierId, String)>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let opened = OverviewState::form(&app, &ctx, id, &section).await?;
    let call = app.call(&opened.page.dossier.call)?;
    let section = section_of(call, &section)?;
    let dossier = &opened.page.dossier;
    let saved = (dossier.revision > 1).then(|| show_time(dossier.changed_at, &call.time_zone()));
    let page = opened
        .render(&app, &ctx, &here(&uri), |shell, page| view::editor(shell, &page, section, saved.as_deref(), &[]))?;
    Ok(Html(page))
}

/// Saves a section posted without the script.
pub async fn save(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, section)): Path<(DossierId, String)>,
    uri: Uri,
    posted: PostedForm,
) -> Result<Response, Failure> {
    let opened = OverviewState::form(&app, &ctx, id, &section).await?;
    let call = app.call(&opened.page.dossier.call)?.clone();
    let section = section_of(&call, &section)?;
    let saved = app.save_changes(&ctx, id, changes(section, &posted)).await?;
    let action = posted.text("action").to_owned();
    if !saved.conflicts.is_empty() {
        return conflicts(&app, &ctx, &uri, section, saved).await;
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
            let mut value = form::value(posted, section, field);
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
async fn conflicts(app: &App, ctx: &Ctx, uri: &Uri, section: &Section, saved: Saved) -> Result<Response, Failure> {
    let opened = OverviewState::form(app, ctx, saved.dossier.id, &section.id).await?;
    let page = opened
        .render(app, ctx, &here(uri), |shell, page| view::editor(shell, &page, section, None, &saved.conflicts))?;
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
) -> Result<Response, Failure> {
    let saved = app.save_changes(&ctx, id, fields.changes).await?;
    let call = app.call(&saved.dossier.call)?;
    let evaluation = &saved.evaluation;
    let body = serde_json::json!({
        "saved_at": show_time(ctx.now, &call.time_zone()),
        "revision": saved.dossier.revision,
        "missing": evaluation.missing(),
        "amounts": amounts(evaluation, &saved.share),
        "conflicts": saved.conflicts,
        "status": view::status_json(&app.status_of(&ctx, &saved.dossier)?, &saved.share, &ctx.lang),
        "findings": evaluation.findings.iter().map(|finding| finding_json(finding, ctx.lang)).collect::<Vec<_>>(),
    });
    Ok(Json(body).into_response())
}

/// The amounts as shown, to those who may see what they are made from.
fn amounts(evaluation: &Evaluation, share: &Share) -> serde_json::Value {
    if !share.whole() {
        return serde_json::json!({});
    }
    let amounts = &evaluation.amounts;
    let costs: BTreeMap<&str, String> =
        amounts.costs.iter().map(|line| (line.id.as_str(), line.amount.show())).collect();
    serde_json::json!({
        "base": amounts.base.show(),
        "aid": amounts.aid.show(),
        "own_share": amounts.own_share.show(),
        "advance": amounts.advance.show(),
        "balance": amounts.balance.show(),
        "financed": amounts.financed.show(),
        "effective_rate": amounts.effective_rate_ppm.map(|rate| rate.show()).unwrap_or_default(),
        "costs": costs,
    })
}

/// Attaches a piece. A refused file leaves everything as it was, and says why beside the piece.
pub async fn attach(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, code)): Path<(DossierId, String)>,
    headers: HeaderMap,
    posted: PostedFile,
) -> Result<Response, Failure> {
    let script = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"));
    let PostedFile { fields, name, file } = posted;
    let to = Destination { dossier: id, code: &code };
    let done = app.attach(&ctx, to, &name, fields.text("issued"), None, file).await;
    match done {
        Ok(attached) if script => Ok(upload::answer(ctx.lang, id, &code, &attached)),
        Ok(attached) => Ok(see_other(ctx.lang, &upload::place(id, &code, &attached))),
        Err(error) if script => Err(error.into()),
        Err(error) => refused(&app, &ctx, id, &code, error).await,
    }
}

async fn refused(app: &App, ctx: &Ctx, id: DossierId, code: &str, error: AppError) -> Result<Response, Failure> {
    let why = match &error {
        AppError::File(refusal) => refusal.message(),
        AppError::IssueDate => Text::new(
            "La date d’émission n’est pas une date : écrivez-la jj/mm/aaaa, puis renvoyez le fichier.",
            "The day of issue is not a date: write it dd/mm/yyyy, then send the file again.",
        ),
        AppError::BrokenOff => Text::new(
            "Le fichier n’est pas arrivé entier : envoyez-le de nouveau.",
            "The file did not arrive whole: send it again.",
        ),
        _ => return Err(error.into()),
    };
    let opened = OverviewState::given(app, ctx, id).await?;
    let page = opened.render(app, ctx, &format!("/dossiers/{id}"), |shell, page| {
        view::overview(shell, &DossierPage { upload_problem: Some((code, &why)), ..page })
    })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// Removes a piece from the draft.
pub async fn remove_piece(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, code)): Path<(DossierId, String)>,
    posted: PostedForm,
) -> Result<Response, Failure> {
    app.remove_piece(&ctx, id, &code, posted.text("sha256")).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}#piece-{code}")))
}

/// A piece of the draft.
pub async fn piece(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, code)): Path<(DossierId, String)>,
) -> Result<Response, Failure> {
    Ok(send_piece(app.draft_piece(&ctx, id, &code).await?))
}

/// Sends a piece as a download: never inline, whatever it says it is. A copy that names its reader says so.
pub fn send_piece(piece: PieceFile) -> Response {
    let PieceFile { upload, bytes } = piece;
    // Names that were kept or sealed before names were made safe go out safe, too.
    let own = file_name(&upload.name, &upload.media, &upload.code);
    let (name, media, length, marked, body) = match bytes {
        PieceBytes::Attached(file) => {
            (own, upload.media, upload.bytes, None, Body::from_stream(ReaderStream::new(file)))
        }
        PieceBytes::Copy(file, length) => {
            let stem = own.rsplit_once('.').map_or(own.as_str(), |(stem, _)| stem);
            let media = "application/pdf".to_owned();
            let name = file_name(stem, &media, &upload.code);
            (name, media, length, Some([("x-guichet-copy", "marked")]), Body::from_stream(ReaderStream::new(file)))
        }
    };
    let ascii: String = name.chars().map(|c| if c.is_ascii_graphic() && c != '"' { c } else { '_' }).collect();
    let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    (headers, marked, body).into_response()
}

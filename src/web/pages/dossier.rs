//! The applicant's dossiers: list, editor, pieces, preview.

use super::{here, render, see_other};
use crate::web::extract::{Path, Query};
use crate::{
    app::{App, AppError, Ctx, DossierView},
    domain::{
        calendar::{RoundId, RoundState, show_instant},
        document::Document,
        ids::{AttemptId, DossierId},
        text::Text,
    },
    store::deposit::Version,
    web::{
        error::Failure,
        posted::PostedForm,
        view::{self, DossierCard, DossierPage, GivenCard, VersionRow},
    },
};
use axum::{
    extract::State,
    http::Uri,
    response::{Html, Response},
};
use serde::Deserialize;
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

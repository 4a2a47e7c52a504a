//! What the pages of one dossier have in common.

use crate::{
    app::{App, AppError, Ctx, DossierView, Share},
    domain::{
        calendar::Round,
        call::{Call, Section},
        company_register::DatedRecord,
        dossier::{Dossier, status::DepositStatus},
        evaluation::Evaluation,
        finding::Finding,
        ids::DossierId,
        piece::AttachedPiece,
        scan::PieceScans,
        text::Text,
    },
    store::deposit::Version,
    web::{
        error::Failure,
        frame::{PageContext, render, status::PrintHead},
    },
};
use uuid::Uuid;

/// A dossier with its context. Templates call it `p`.
#[derive(Clone, Copy, Debug)]
pub struct DossierPage<'a> {
    pub dossier: &'a Dossier,
    pub round: &'a Round,
    /// The evaluation of the draft, at the current time.
    pub evaluation: &'a Evaluation,
    pub pieces: &'a [AttachedPiece],
    /// The virus scans of these pieces.
    pub scans: &'a PieceScans,
    /// The parts shared with the user.
    pub share: &'a Share,
    /// Title of the project, empty if it has none.
    pub title: &'a str,
    /// Deposited versions, latest first.
    pub versions: &'a [Version],
    /// Attempt id of the page's forms.
    pub attempt: &'a str,
    /// A deposit was just refused: the page starts with what is missing.
    pub refused: bool,
    /// A piece that was just refused: its code and the reason.
    pub upload_problem: Option<(&'a str, &'a Text)>,
    /// What was just done.
    pub notice: Option<&'a Text>,
    /// What the public register says of the company, on a page of the editor.
    pub register: Option<&'a DatedRecord>,
    /// The register can be asked.
    pub looks_up: bool,
}

impl<'a> DossierPage<'a> {
    pub fn status(&self, s: &PageContext<'_>) -> DepositStatus {
        DepositStatus::of(s.call, self.round, self.dossier, s.now)
    }
    /// The blocking findings of the draft, while they matter: what was sealed is complete, whatever the rules say today.
    pub fn missing(&self, s: &PageContext<'_>) -> Vec<&'a Finding> {
        if self.status(s).counts_missing() { self.evaluation.blocking().collect() } else { Vec::new() }
    }
    /// The sections, with what is missing in each.
    pub fn section_links(&self, s: &PageContext<'a>) -> Vec<SectionLink<'a>> {
        let all = self.missing(s);
        let missing = |id: &str| all.iter().filter(|finding| finding.section() == id).count();
        let given = s.call.sections.iter().filter(|section| self.share.section(&section.id));
        given.map(|section| SectionLink { section, missing: missing(&section.id) }).collect()
    }
    /// The header of every printed sheet.
    pub fn print_head<'s>(&self, s: &'s PageContext<'s>) -> PrintHead<'s> {
        let status = self.status(s);
        let company = self.dossier.draft.text(&s.call.company.name).to_owned();
        let dossier = format!("{} {}", s.tr("dossier", "application"), self.dossier.id);
        let mut head = PrintHead::new(s, &status.sentence(), [company, self.title.to_owned(), dossier]);
        head.as_of = status.as_of();
        head.label = status.print_label();
        head
    }
}

/// The page of the editor at which a new dossier begins.
pub fn first_section(call: &Call, id: DossierId) -> String {
    let first = call.sections.first().map_or("", |section| section.id.as_str());
    format!("/dossiers/{id}/edit/{first}")
}

/// A section in the navigation of a dossier.
pub struct SectionLink<'a> {
    pub section: &'a Section,
    pub missing: usize,
}

/// A loaded dossier, which its pages borrow from.
pub struct LoadedDossier {
    /// The dossier with its evaluation.
    pub view: DossierView,
    attempt: String,
}

impl LoadedDossier {
    /// Loads a dossier for its owner.
    pub async fn load(app: &App, ctx: &Ctx, id: DossierId) -> Result<Self, AppError> {
        app.dossier_whole(ctx, id).await.map(Self::new)
    }

    /// Loads a dossier with what the reader was given of it.
    pub async fn load_shared(app: &App, ctx: &Ctx, id: DossierId) -> Result<Self, AppError> {
        app.dossier_shared(ctx, id).await.map(Self::new)
    }

    /// Loads a dossier for a page of the editor.
    pub async fn load_section(app: &App, ctx: &Ctx, id: DossierId, section: &str) -> Result<Self, AppError> {
        app.dossier_section(ctx, id, section).await.map(Self::new)
    }

    fn new(view: DossierView) -> Self {
        Self { view, attempt: Uuid::now_v7().to_string() }
    }

    /// Renders one of the views of the dossier.
    pub fn render(
        &self,
        app: &App,
        ctx: &Ctx,
        path: &str,
        page: impl FnOnce(&PageContext<'_>, DossierPage<'_>) -> Result<String, askama::Error>,
    ) -> Result<String, Failure> {
        let call = app.call(&self.view.dossier.call)?;
        let shown = DossierPage {
            dossier: &self.view.dossier,
            round: app.round(call, &self.view.dossier.round)?,
            evaluation: &self.view.evaluation,
            pieces: &self.view.pieces,
            scans: &self.view.scans,
            share: &self.view.share,
            title: &self.view.title,
            versions: &self.view.versions,
            attempt: &self.attempt,
            refused: false,
            upload_problem: None,
            notice: None,
            register: self.view.register.as_ref(),
            looks_up: app.asks_company_register(call),
        };
        Ok(render(app, ctx, call, path, |context| page(context, shown))?)
    }
}

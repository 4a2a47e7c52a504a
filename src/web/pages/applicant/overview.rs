//! The main page of a dossier.

mod pieces;

use crate::{
    domain::{
        dossier::status::{DepositStatus, PossibleAction},
        finding::{Finding, Severity, and_more, shown},
        ids::DossierId,
        text::Text,
    },
    web::{
        extract::{Path, Query},
        frame::{
            PageContext, PageRequest, PageResult,
            money::{AmountsBox, Verdicts},
            status::PrintHead,
        },
        pages::applicant::{
            banner::Banner,
            dossier::{DossierPage, LoadedDossier, SectionLink},
        },
    },
};
use askama::Template;
use axum::response::Html;
use pieces::{PieceRow, piece_rows};
use serde::Deserialize;

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
pub async fn show(
    PageRequest { app, ctx, here }: PageRequest,
    Path(id): Path<DossierId>,
    Query(told): Query<DossierPageQuery>,
) -> PageResult {
    let opened = LoadedDossier::load_shared(&app, &ctx, id).await?;
    let untouched = opened.view.dossier.revision == 1 && opened.view.dossier.versions == 0;
    let carried = told.from.filter(|_| untouched).map(|_| {
        Text::new(
            "Vos réponses et vos pièces ont été reprises dans ce nouveau brouillon : relisez-les, puis déposez-le.",
            "Your answers and your documents were carried over to this new draft: read them again, then deposit it.",
        )
    });
    let other = told.same.as_ref().and_then(|code| opened.view.pieces.iter().find(|upload| upload.code == *code));
    let notice = other.map(|other| {
        Text::new(
            format!("Cette pièce est le même fichier que {} : vérifiez que c’est bien voulu.", other.code),
            format!("This piece is the same file as {}: check that this is intended.", other.code),
        )
    });
    let notice = carried.or(notice);
    let page = opened.render(&app, &ctx, &here, |context, page| {
        OverviewPage::new(context, &DossierPage { notice: notice.as_ref(), ..page }).render()
    })?;
    Ok(Html(page))
}

/// The blocking findings of one section, of the pieces, or of the whole dossier.
struct Group<'a> {
    title: String,
    count: usize,
    items: Vec<(&'a Finding, Option<String>)>,
    more: Option<Text>,
}

/// The main page of a dossier: what is missing, the pieces, the deposit.
#[derive(Template)]
#[template(path = "pages/applicant/overview.html")]
pub struct OverviewPage<'a> {
    s: &'a PageContext<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    nav: Vec<SectionLink<'a>>,
    groups: Vec<Group<'a>>,
    notes: Vec<(&'a Finding, Option<String>)>,
    pieces: Vec<PieceRow<'a>>,
    amounts: AmountsBox<'a>,
    verdicts: Verdicts<'a>,
    missing: usize,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

impl<'a> OverviewPage<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &'a DossierPage<'a>) -> Self {
        let link = |finding: &Finding| field_link(s, page, finding);
        let notes = page.evaluation.findings.iter().filter(|finding| finding.severity != Severity::Blocking);
        Self {
            s,
            p: page,
            banner: Banner::new(s, page).with_deposit_link("#deposit".to_owned()),
            nav: page.section_links(s),
            groups: groups(s, page),
            notes: notes.map(|finding| (finding, link(finding))).collect(),
            pieces: piece_rows(s, page),
            amounts: AmountsBox::new(s, &page.evaluation.amounts, false),
            verdicts: Verdicts::new(s, page.evaluation),
            missing: page.evaluation.blocking_count(),
            status: page.status(s),
            print_head: page.print_head(s),
        }
    }
}

/// Where the user can resolve a finding.
fn field_link(s: &PageContext<'_>, page: &DossierPage<'_>, finding: &Finding) -> Option<String> {
    let base = format!("{}/{}", s.url("/dossiers"), page.dossier.id);
    if let Some(code) = finding.path.strip_prefix("pieces.") {
        return Some(format!("#piece-{code}"));
    }
    s.call.field(finding.field()).map(|_| format!("{base}/edit/{}#field-{}", finding.section(), finding.field()))
}

fn groups<'a>(s: &PageContext<'a>, page: &DossierPage<'a>) -> Vec<Group<'a>> {
    let pick = |title: String, belongs: &dyn Fn(&Finding) -> bool| {
        let all: Vec<&Finding> = page.evaluation.blocking().filter(|f| belongs(f)).collect();
        let (listed, more) = shown(&all);
        let items = listed.iter().map(|f| (*f, field_link(s, page, f))).collect();
        Group { title, count: all.len(), items, more: and_more(more) }
    };
    let sections = s.call.sections.iter().map(|section| {
        pick(format!("{}. {}", section.letter, section.title.get(s.lang)), &|f| f.section() == section.id)
    });
    let pieces = pick(s.tr("Pièces à joindre", "Documents to attach").to_owned(), &|f| f.section() == "pieces");
    let rest = pick(s.tr("Le dossier entier", "The whole application").to_owned(), &|f| {
        f.section() != "pieces" && s.call.section(f.section()).is_none()
    });
    sections.chain([pieces, rest]).filter(|group| !group.items.is_empty()).collect()
}

impl OverviewPage<'_> {
    fn company(&self) -> &str {
        self.p.dossier.draft.text(&self.s.call.company.name)
    }
    fn guest(&self) -> Option<String> {
        self.p.share.until().map(|until| self.s.instant(&until))
    }
    fn open(&self, group: &Group<'_>) -> bool {
        self.p.refused || self.missing <= 12 || group.count <= 3
    }
    fn fresh(&self) -> bool {
        self.pieces.iter().any(|row| row.piece.fresh_months.is_some())
    }
}

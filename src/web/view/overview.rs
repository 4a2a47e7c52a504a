//! The applicant's pages, except the editor.

mod pieces;

use super::{
    DossierCard, DossierPage, GivenCard,
    answers::Answers,
    banner::Banner,
    editor::{SectionLink, steps},
    money::{AmountsBox, Verdicts},
    shell::Shell,
    status::{PrintHead, Sentence, status},
};
use crate::domain::{
    calendar::Round,
    dossier::status::{DepositStatus, Step as Act},
    finding::{Finding, Severity, and_more, shown},
    text::Text,
};
use askama::Template;
use pieces::{PieceRow, piece_rows};

type Rendering = Result<String, askama::Error>;

#[derive(Template)]
#[template(path = "view/dossiers.html")]
struct Dossiers<'a> {
    s: &'a Shell<'a>,
    rows: &'a [DossierCard],
    shared: &'a [GivenCard],
    open_rounds: &'a [&'a Round],
    attempt: &'a str,
}

/// The applicant's dossiers.
pub fn dossiers(
    s: &Shell<'_>,
    rows: &[DossierCard],
    shared: &[GivenCard],
    open_rounds: &[&Round],
    attempt: &str,
) -> Rendering {
    Dossiers { s, rows, shared, open_rounds, attempt }.render()
}

impl Dossiers<'_> {
    fn sentence(&self, status: &DepositStatus) -> Sentence<'_> {
        Sentence::new(self.s, status.sentence())
    }
}

/// The blocking findings of one section, of the pieces, or of the whole dossier.
struct Group<'a> {
    title: String,
    count: usize,
    items: Vec<(&'a Finding, Option<String>)>,
    more: Option<Text>,
}

#[derive(Template)]
#[template(path = "view/overview.html")]
struct Overview<'a> {
    s: &'a Shell<'a>,
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

/// The main page of a dossier: what is missing, the pieces, the deposit.
pub fn overview(s: &Shell<'_>, page: &DossierPage<'_>) -> Rendering {
    let link = |finding: &Finding| place(s, page, finding);
    let notes = page.evaluation.findings.iter().filter(|finding| finding.severity != Severity::Blocking);
    Overview {
        s,
        p: page,
        banner: Banner::new(s, page),
        nav: steps(s, page),
        groups: groups(s, page),
        notes: notes.map(|finding| (finding, link(finding))).collect(),
        pieces: piece_rows(s, page),
        amounts: AmountsBox::new(s, &page.evaluation.amounts, false),
        verdicts: Verdicts::new(s, page.evaluation),
        missing: page.evaluation.missing(),
        status: status(s, page),
        print_head: PrintHead::new(s, page),
    }
    .render()
}

/// Where the user can resolve a finding.
fn place(s: &Shell<'_>, page: &DossierPage<'_>, finding: &Finding) -> Option<String> {
    let base = format!("{}/{}", s.url("/dossiers"), page.dossier.id);
    if let Some(code) = finding.path.strip_prefix("pieces.") {
        return Some(format!("#piece-{code}"));
    }
    s.call.field(finding.field()).map(|_| format!("{base}/edit/{}#field-{}", finding.section(), finding.field()))
}

fn groups<'a>(s: &Shell<'a>, page: &DossierPage<'a>) -> Vec<Group<'a>> {
    let pick = |title: String, belongs: &dyn Fn(&Finding) -> bool| {
        let all: Vec<&Finding> = page.evaluation.blocking().filter(|f| belongs(f)).collect();
        let (listed, more) = shown(&all);
        let items = listed.iter().map(|f| (*f, place(s, page, f))).collect();
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

fn title<'t>(s: &'t Shell<'_>, page: &DossierPage<'t>) -> &'t str {
    match page.title {
        "" => s.tr("Projet sans titre", "Untitled project"),
        title => title,
    }
}

impl Overview<'_> {
    fn title(&self) -> &str {
        title(self.s, self.p)
    }
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

#[derive(Template)]
#[template(path = "view/preview.html")]
struct Preview<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    answers: Answers<'a>,
    amounts: AmountsBox<'a>,
    missing: usize,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

/// Exactly what would be sealed.
pub fn preview(s: &Shell<'_>, page: &DossierPage<'_>) -> Rendering {
    Preview {
        s,
        p: page,
        banner: Banner::new(s, page),
        answers: Answers::new(s, &page.evaluation.document, true),
        amounts: AmountsBox::new(s, &page.evaluation.amounts, false),
        missing: page.evaluation.missing(),
        status: status(s, page),
        print_head: PrintHead::new(s, page),
    }
    .render()
}

impl Preview<'_> {
    fn title(&self) -> &str {
        title(self.s, self.p)
    }
    fn piece_title(&self, code: &str) -> &str {
        self.s.call.piece(code).map_or("", |piece| piece.title.get(self.s.lang))
    }
}

#[derive(Template)]
#[template(path = "view/withdraw.html")]
struct Withdraw<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    banner: Banner<'a>,
    status: DepositStatus,
    print_head: PrintHead<'a>,
}

/// Asks for confirmation before a deposit is withdrawn.
pub fn withdraw(s: &Shell<'_>, page: &DossierPage<'_>) -> Rendering {
    Withdraw { s, p: page, banner: Banner::new(s, page), status: status(s, page), print_head: PrintHead::new(s, page) }
        .render()
}

impl Withdraw<'_> {
    fn title(&self) -> &str {
        title(self.s, self.p)
    }
}

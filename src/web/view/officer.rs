//! The pages of officers.

use super::{
    OfficerDossier, RoundList,
    answers::Answers,
    desk::Desk,
    money::Verdicts,
    receipt::ManifestContent,
    shell::Shell,
    status::{PrintHead, Sentence},
};
use crate::domain::{
    dossier::status::sealed as sealed_sentence,
    finding::{Finding, Severity, and_more, shown},
    text::Text,
};
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// The columns of the list: sort key and headings.
const COLUMNS: [(&str, &str, &str); 5] = [
    ("company", "Entreprise", "Company"),
    ("title", "Projet", "Project"),
    ("base", "Assiette", "Base"),
    ("aid", "Aide", "Aid"),
    ("deposited", "Déposé le", "Deposited"),
];

#[derive(Template)]
#[template(path = "view/round_list.html")]
struct List<'a> {
    s: &'a Shell<'a>,
    l: &'a RoundList<'a>,
    /// Address of the list, without its query.
    base: String,
    /// Address prefix of receipts.
    receipts: String,
    /// Column headings with the query that sorts by them, and whether they sort now.
    heads: Vec<Head>,
}

struct Head {
    id: &'static str,
    label: &'static str,
    query: String,
    /// `ascending`, `descending` or empty.
    sorted: &'static str,
}

/// The deposits of a round.
pub fn round_list(s: &Shell<'_>, list: &RoundList<'_>) -> Rendering {
    let current = if list.query.sort.is_empty() { "deposited" } else { &list.query.sort };
    let descending = list.query.desc == "yes";
    let heads = COLUMNS
        .iter()
        .map(|(id, fr, en)| {
            let mut query = list.query.clone();
            let here = *id == current;
            query.desc = if here && !descending { "yes".into() } else { String::new() };
            let sorted = match (here, descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            Head { id, label: if s.lang.tag() == "fr" { fr } else { en }, query: query.with("sort", id), sorted }
        })
        .collect();
    List {
        s,
        l: list,
        base: format!("{}/{}/dossiers", s.call_url("/rounds"), list.round.id),
        receipts: s.url("/receipts").to_string(),
        heads,
    }
    .render()
}

impl List<'_> {
    fn filtered(&self) -> bool {
        let query = self.l.query;
        !query.q.is_empty() || !query.brick.is_empty() || !query.warnings.is_empty()
    }
    fn to_page(&self, page: u32) -> String {
        self.l.query.with("page", &page.to_string())
    }
    fn csv(&self) -> String {
        let query = self.l.query.with("page", "");
        format!("{}.csv{}", self.base, if query == "?" { "" } else { &query })
    }
}

#[derive(Template)]
#[template(path = "view/officer_dossier.html")]
struct Deposit<'a> {
    s: &'a Shell<'a>,
    p: &'a OfficerDossier<'a>,
    sealed: &'a ManifestContent,
    answers: Answers<'a>,
    verdicts: Verdicts<'a>,
    findings: &'a [Finding],
    more: Option<Text>,
    desk: Option<Desk<'a>>,
    sentence: Sentence<'a>,
    print_head: PrintHead<'a>,
}

/// One deposit: what was sealed, and what must be examined.
pub fn officer_dossier(s: &Shell<'_>, page: &OfficerDossier<'_>) -> Rendering {
    let sealed = ManifestContent::read(s, page.receipt);
    let statement = &page.receipt.statement;
    let (findings, more) = shown(&page.evaluation.findings);
    Deposit {
        s,
        p: page,
        sealed: &sealed,
        answers: Answers::new(s, &sealed.answers, false),
        verdicts: Verdicts::new(s, page.evaluation),
        findings,
        more: and_more(more),
        desk: page.desk.map(|desk| Desk::new(s, desk, page.round)),
        sentence: Sentence::new(s, sealed_sentence(s.call, &statement.number, statement.received_at(), true)),
        print_head: sealed.print_head(s, statement, true),
    }
    .render()
}

impl Deposit<'_> {
    fn title(&self) -> &str {
        if self.sealed.project.is_empty() {
            self.s.tr("Projet sans titre", "Untitled project")
        } else {
            &self.sealed.project
        }
    }
    /// Whether the user may declare a conflict of interests.
    fn declares(&self) -> bool {
        self.p.evaluates || self.p.desk.is_some()
    }
    fn piece_title(&self, code: &str) -> &str {
        self.s.call.piece(code).map_or("", |piece| piece.title.get(self.s.lang))
    }
}

//! The deposits of a round, for officers: the list, and its export.

pub mod export;
pub mod query;

use crate::{
    app::SearchNotes,
    domain::{
        calendar::{Round, RoundId, RoundState},
        search::Extract,
        text::{Text, clean::is_blank},
    },
    store::deposit::{BoundedCount, ListedDeposit},
    web::{
        extract::{Path, Query},
        frame::{PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::response::Html;
use query::{RoundQuery, filter};

/// Rows per page.
const ROWS_PER_PAGE: u32 = 200;

/// The list.
pub async fn list(
    PageRequest { app, ctx, here }: PageRequest,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> PageResult {
    let round = RoundId(round);
    let found = app.round_list(&ctx, &call, &round, &filter(&query, ROWS_PER_PAGE)).await?;
    let notes = app.search_notes(&ctx, &query.q, &found.rows, found.total.number).await?;
    let call = app.call(&call)?;
    let list = RoundList {
        round: app.round(call, &round)?,
        rounds: &call.rounds,
        rows: &found.rows,
        drafts: found.drafts,
        total: found.total,
        query: &query,
        notes: &notes,
        page: query.page.max(1),
        pages: u32::try_from(found.total.number.div_ceil(u64::from(ROWS_PER_PAGE))).unwrap_or(u32::MAX).max(1),
        has_next: found.has_next,
    };
    Ok(Html(render(&app, &ctx, call, &here, |context| RoundPage::new(context, &list).render())?))
}

/// The columns of the list: sort key and headings.
const COLUMNS: [(&str, &str, &str); 5] = [
    ("company", "Entreprise", "Company"),
    ("title", "Projet", "Project"),
    ("base", "Assiette", "Base"),
    ("aid", "Aide", "Aid"),
    ("deposited", "Déposé le", "Deposited"),
];

/// The officer's list of a round.
#[derive(Clone, Copy, Debug)]
pub struct RoundList<'a> {
    pub round: &'a Round,
    /// All rounds of the call.
    pub rounds: &'a [Round],
    /// The rows of this page.
    pub rows: &'a [ListedDeposit],
    /// The number of drafts that were never deposited.
    pub drafts: BoundedCount,
    /// The number of matching deposits.
    pub total: BoundedCount,
    /// Filters and order.
    pub query: &'a RoundQuery,
    /// What a search says beside the rows.
    pub notes: &'a SearchNotes,
    /// This page, from 1.
    pub page: u32,
    /// The number of pages, as far as deposits are counted.
    pub pages: u32,
    /// Another page follows.
    pub has_next: bool,
}

#[derive(Template)]
#[template(path = "pages/examiner/round.html")]
pub struct RoundPage<'a> {
    s: &'a PageContext<'a>,
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

impl<'a> RoundPage<'a> {
    pub fn new(s: &'a PageContext<'a>, list: &'a RoundList<'a>) -> Self {
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
        Self {
            s,
            l: list,
            base: format!("{}/{}/dossiers", s.call_url("/rounds"), list.round.id),
            receipts: s.url("/receipts").to_string(),
            heads,
        }
    }

    fn to_page(&self, page: u32) -> String {
        self.l.query.with("page", &page.to_string())
    }
    /// The address of the export with this extension.
    fn export(&self, extension: &str) -> String {
        let query = self.l.query.with("page", "");
        format!("{}.{extension}{}", self.base, if query == "?" { "" } else { &query })
    }
    /// The list of what is given to an expert.
    fn of_expert(&self, email: &str) -> String {
        self.l.query.with("given", email)
    }
    /// The text of the link to a deposit: never empty.
    fn company<'r>(&self, row: &'r ListedDeposit) -> &'r str {
        let name = row.summary.company.as_str();
        if is_blank(name) { self.s.tr("Entreprise sans nom", "Company without a name") } else { name }
    }
    fn bricks(&self, row: &ListedDeposit) -> String {
        self.s.call.brick_names(&row.summary.bricks)
    }
    /// Where in a deposit the words of the search stand.
    fn extract(&self, row: &ListedDeposit) -> Option<&'a Extract> {
        self.l.notes.extract(row.summary.dossier)
    }
    /// What the search did not look through, if anything.
    fn unindexed(&self) -> Option<Text> {
        let count = self.l.notes.unindexed_files;
        let one = Text::new(
            "Le texte d’une pièce de ces dépôts n’est pas indexé\u{a0}: la recherche ne le lit pas.",
            "The text of one document of these deposits is not indexed: the search does not read it.",
        );
        let several = || {
            Text::new(
                format!("Le texte de {count} pièces de ces dépôts n’est pas indexé\u{a0}: la recherche ne le lit pas."),
                format!("The text of {count} documents of these deposits is not indexed: the search does not read it."),
            )
        };
        let nothing = Text::new(
            "La recherche ne lit pas les images, ni les pièces dont le texte n’est pas encore indexé.",
            "The search does not read images, nor documents whose text is not indexed yet.",
        );
        match count {
            _ if self.l.notes.nothing_found => Some(nothing),
            0 => None,
            1 => Some(one),
            _ => Some(several()),
        }
    }
    /// True once the round has closed: from then on deposits are found admissible.
    fn closed(&self) -> bool {
        self.l.round.state(self.s.now) == RoundState::Closed
    }
}

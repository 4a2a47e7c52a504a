//! The deposits of a round, for officers: the list, and its export.

pub mod query;

use crate::{
    app::{App, Ctx},
    domain::{
        calendar::{Round, RoundId},
        csv::{Cell, Table},
        text::Lang,
    },
    store::deposit::Summary,
    web::{
        extract::{Path, Query},
        frame::{HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse},
};
use jiff::tz::TimeZone;
use query::{RoundQuery, filter};

/// Rows per page.
const ROWS_PER_PAGE: u32 = 200;
/// At most this many rows in an export.
const MAX_EXPORT_ROWS: u32 = 100_000;

/// The list.
pub async fn list(
    PageRequest { app, ctx, here }: PageRequest,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> PageResult {
    let round = RoundId(round);
    let found = app.round_list(&ctx, &call, &round, &filter(&query, ROWS_PER_PAGE)).await?;
    let call = app.call(&call)?;
    let list = RoundList {
        round: app.round(call, &round)?,
        rounds: &call.rounds,
        rows: &found.rows,
        drafts: found.drafts,
        total: found.total,
        query: &query,
        page: query.page.max(1),
        pages: u32::try_from(found.total.div_ceil(u64::from(ROWS_PER_PAGE))).unwrap_or(u32::MAX).max(1),
    };
    Ok(Html(render(&app, &ctx, call, &here, |context| RoundPage::new(context, &list).render())?))
}

/// The list as CSV, in the user's language.
pub async fn csv(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> HandlerResult {
    let round = RoundId(round);
    let everything = RoundQuery { page: 1, ..query };
    let found = app.round_list(&ctx, &call, &round, &filter(&everything, MAX_EXPORT_ROWS)).await?;
    let zone = app.call(&call)?.time_zone();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{call}-{round}.csv\"")),
    ];
    Ok((headers, table(ctx.lang, found.rows, &zone)).into_response())
}

fn table(lang: Lang, rows: Vec<Summary>, zone: &TimeZone) -> String {
    let mut table = Table::new(lang);
    let heads = [
        ("Reçu", "Receipt"),
        ("Version", "Version"),
        ("Déposé le", "Deposited"),
        ("Entreprise", "Company"),
        ("SIREN", "SIREN"),
        ("Projet", "Project"),
        ("Briques", "Bricks"),
        ("Assiette (€)", "Base (€)"),
        ("Aide (€)", "Aid (€)"),
        ("Points à instruire", "Points to examine"),
        ("Recevable", "Admissible"),
    ];
    table.texts(heads.map(|(fr, en)| lang.tr(fr, en)));
    for row in rows {
        table.row([
            Cell::Text(&row.receipt),
            Cell::Integer(row.version.into()),
            Cell::Text(&row.at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::Text(&row.company),
            Cell::Text(&row.siren),
            Cell::Text(&row.title),
            Cell::Text(&row.bricks),
            Cell::Money(row.base),
            Cell::Money(row.aid),
            Cell::Integer(row.warnings.into()),
            Cell::Text(if row.admitted { lang.tr("oui", "yes") } else { lang.tr("non", "no") }),
        ]);
    }
    table.finish()
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
    pub rows: &'a [Summary],
    /// The number of drafts that were never deposited.
    pub drafts: u64,
    /// The number of matching deposits.
    pub total: u64,
    /// Filters and order.
    pub query: &'a RoundQuery,
    /// This page, from 1.
    pub page: u32,
    /// The number of pages.
    pub pages: u32,
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

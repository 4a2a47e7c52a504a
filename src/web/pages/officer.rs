//! The deposits of a round, for officers: the list, and its export.

use super::{here, render};
use crate::web::extract::{Path, Query};
use crate::{
    app::{App, Ctx},
    domain::{
        calendar::{RoundId, show_instant},
        csv::{Cell, Table},
        text::{
            Lang,
            clean::{TextKind, clean},
        },
    },
    store::deposit::{Filter, Sort, Summary},
    web::{
        error::Failure,
        view::{self, RoundList, RoundQuery, RoundRow},
    },
};
use axum::{
    extract::State,
    http::{Uri, header},
    response::{Html, IntoResponse, Response},
};

/// Rows per page.
const ROWS_PER_PAGE: u32 = 200;
/// At most this many rows in an export.
const MAX_EXPORT_ROWS: u32 = 100_000;

/// The filter given by the query.
pub fn filter(query: &RoundQuery, limit: u32) -> Filter {
    let page = query.page.max(1);
    Filter {
        hidden: Vec::new(),
        words: clean(TextKind::Line, &query.q),
        brick: query.brick.clone(),
        warnings: query.warnings == "yes",
        sort: match query.sort.as_str() {
            "company" => Sort::Company,
            "title" => Sort::Title,
            "base" => Sort::Base,
            "aid" => Sort::Aid,
            _ => Sort::Deposited,
        },
        descending: query.desc == "yes",
        offset: (page - 1).saturating_mul(limit),
        limit,
    }
}

pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let round = RoundId(round);
    let found = app.round_list(&ctx, &call, &round, &filter(&query, ROWS_PER_PAGE)).await?;
    let call = app.call(&call)?;
    let zone = call.time_zone();
    let rows: Vec<RoundRow> = found.rows.into_iter().map(|row| list_row(row, &zone)).collect();
    let list = RoundList {
        round: app.round(call, &round)?,
        rounds: &call.rounds,
        rows: &rows,
        drafts: found.drafts,
        total: found.total,
        query: &query,
        page: query.page.max(1),
        pages: u32::try_from(found.total.div_ceil(u64::from(ROWS_PER_PAGE))).unwrap_or(u32::MAX).max(1),
    };
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::round_list(shell, &list))?))
}

fn list_row(row: Summary, zone: &jiff::tz::TimeZone) -> RoundRow {
    RoundRow {
        dossier: row.dossier,
        receipt: row.receipt,
        company: row.company,
        siren: row.siren,
        title: row.title,
        bricks: row.bricks,
        base: row.base,
        aid: row.aid,
        version: row.version,
        deposited_at: show_instant(row.at, zone),
        warnings: row.warnings,
        admitted: row.admitted,
        replace: row.replace,
    }
}

/// The list as CSV, in the user's language.
pub async fn csv(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> Result<Response, Failure> {
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

fn table(lang: Lang, rows: Vec<Summary>, zone: &jiff::tz::TimeZone) -> String {
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
            Cell::Text(&show_instant(row.at, zone)),
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

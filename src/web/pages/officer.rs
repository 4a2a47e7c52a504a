//! The deposits of a round, for officers: the list, and the same as a spreadsheet.

use super::{here, render};
use crate::web::extract::{Path, Query};
use crate::{
    app::{App, AppError, Ctx},
    domain::calendar::{RoundId, show_instant},
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

/// Rows of a page.
const PAGE: u32 = 200;
/// Rows of an export at most.
const EXPORT: u32 = 100_000;

/// The filter that an address asks for.
pub fn filter(query: &RoundQuery, limit: u32) -> Filter {
    let page = query.page.max(1);
    Filter {
        hidden: Vec::new(),
        words: query.q.clone(),
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

/// The list.
pub async fn list(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let round = RoundId(round);
    let found = app.round_list(&ctx, &call, &round, &filter(&query, PAGE)).await?;
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
        pages: u32::try_from(found.total.div_ceil(u64::from(PAGE))).unwrap_or(u32::MAX).max(1),
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

/// The list for a French spreadsheet: semicolons, decimal commas, a byte-order mark.
pub async fn csv(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> Result<Response, Failure> {
    let round = RoundId(round);
    let everything = RoundQuery { page: 1, ..query };
    let found = app.round_list(&ctx, &call, &round, &filter(&everything, EXPORT)).await?;
    let zone = app.call(&call)?.time_zone();
    let text = write_csv(&ctx, found.rows, &zone).map_err(|error| AppError::Disk(std::io::Error::other(error)))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{call}-{round}.csv\"")),
    ];
    Ok((headers, text).into_response())
}

fn write_csv(ctx: &Ctx, rows: Vec<Summary>, zone: &jiff::tz::TimeZone) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
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
    writer.write_record(heads.map(|(fr, en)| ctx.lang.tr(fr, en)))?;
    for row in rows {
        let fields = [
            row.receipt,
            row.version.to_string(),
            show_instant(row.at, zone),
            tame(&row.company),
            row.siren,
            tame(&row.title),
            row.bricks,
            row.base.decimal().replace('.', ","),
            row.aid.decimal().replace('.', ","),
            row.warnings.to_string(),
            if row.admitted { ctx.lang.tr("oui", "yes") } else { ctx.lang.tr("non", "no") }.to_owned(),
        ];
        writer.write_record(fields)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
}

/// Keeps a spreadsheet from taking a company's name for a formula.
fn tame(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

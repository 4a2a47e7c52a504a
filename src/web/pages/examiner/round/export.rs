//! The list of a round as a file: CSV, and XLSX with typed cells. Both have the rows of the page, and the same values.

use super::query::{RoundQuery, filter};
use crate::{
    app::{App, AppError, Ctx},
    domain::{
        calendar::RoundId,
        call::Call,
        csv::{Cell, Table},
        text::Lang,
    },
    store::deposit::ListedDeposit,
    web::{
        extract::{Path, Query},
        frame::HandlerResult,
        xlsx::{Column, Heading, Spreadsheet},
    },
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use rust_xlsxwriter::XlsxError;
use std::sync::Arc;

/// At most this many rows in an export.
const MAX_EXPORT_ROWS: u32 = 100_000;
/// What one row weighs, for the decision whether to write it beside other requests.
const BYTES_PER_ROW: usize = 500;
/// What a spreadsheet without rows weighs: it is compressed, and waits for a temporary file.
const BYTES_OF_EMPTY_XLSX: usize = 64 * 1024;

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What is exported: the rows, and what their cells are read by.
struct Export {
    call: Arc<Call>,
    round: RoundId,
    lang: Lang,
    zone: TimeZone,
    rows: Vec<ListedDeposit>,
}

/// The list as CSV, in the user's language.
pub async fn csv(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> HandlerResult {
    let export = Export::load(&app, &ctx, &call, round, query).await?;
    let name = export.file_name("csv");
    let file = app.offload(export.bytes(), move || export.csv()).await?;
    Ok(attachment(CSV, &name, file.into_bytes()))
}

/// The list as XLSX, in the user's language.
pub async fn xlsx(
    State(app): State<App>,
    ctx: Ctx,
    Path((call, round)): Path<(String, String)>,
    Query(query): Query<RoundQuery>,
) -> HandlerResult {
    let export = Export::load(&app, &ctx, &call, round, query).await?;
    let name = export.file_name("xlsx");
    let bytes = export.bytes().saturating_add(BYTES_OF_EMPTY_XLSX);
    let file = app.offload(bytes, move || export.xlsx(ctx.now)).await?;
    let file = file.map_err(|error| AppError::Internal(std::io::Error::other(error)))?;
    Ok(attachment(XLSX, &name, file))
}

fn attachment(media: &'static str, name: &str, file: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, file).into_response()
}

impl Export {
    async fn load(app: &App, ctx: &Ctx, call: &str, round: String, query: RoundQuery) -> Result<Self, AppError> {
        let round = RoundId(round);
        let everything = RoundQuery { page: 1, ..query };
        let found = app.round_list(ctx, call, &round, &filter(&everything, MAX_EXPORT_ROWS)).await?;
        let call = app.call(call)?.clone();
        Ok(Self { zone: call.time_zone(), call, round, lang: ctx.lang, rows: found.rows })
    }

    fn bytes(&self) -> usize {
        self.rows.len().saturating_mul(BYTES_PER_ROW)
    }

    /// Call and round are those of the configuration, so nothing of the request is in the name.
    fn file_name(&self, extension: &str) -> String {
        format!("{}-{}.{extension}", self.call.id, self.round)
    }

    /// The columns, in the order of [`Export::cells`].
    fn columns(&self) -> Vec<Column> {
        let tr = |fr, en, width| Column { label: self.lang.tr(fr, en).to_owned(), width };
        let deposited =
            format!("{} ({})", self.lang.tr("Déposé le", "Deposited"), self.call.zone_name().get(&self.lang));
        vec![
            tr("Reçu", "Receipt", 14),
            tr("Version", "Version", 9),
            Column { label: deposited, width: 21 },
            tr("Entreprise", "Company", 32),
            tr("SIREN", "SIREN", 12),
            tr("Projet", "Project", 48),
            tr("Briques", "Bricks", 28),
            tr("Assiette (€)", "Base (€)", 18),
            tr("Aide (€)", "Aid (€)", 18),
            tr("Points à instruire", "Points to examine", 12),
            tr("Recevable", "Admissible", 12),
            tr("Confié à", "Given to", 36),
            tr("Conflits d’intérêts", "Conflicts of interests", 36),
        ]
    }

    /// The cells of a row; `texts` keeps what is put together for them.
    fn cells<'a>(&'a self, row: &'a ListedDeposit, texts: &'a RowTexts) -> [Cell<'a>; 13] {
        let ListedDeposit { summary, admitted, .. } = row;
        [
            Cell::Text(&summary.receipt),
            Cell::Integer(summary.version.into()),
            Cell::Time(summary.at.to_zoned_datetime(self.zone.clone()).datetime()),
            Cell::Text(&summary.company),
            Cell::Text(&summary.siren),
            Cell::Text(&summary.title),
            Cell::Text(&texts.bricks),
            Cell::Money(summary.base),
            Cell::Money(summary.aid),
            Cell::Integer(summary.warnings.into()),
            Cell::Text(if *admitted { self.lang.tr("oui", "yes") } else { self.lang.tr("non", "no") }),
            Cell::Text(&texts.experts),
            Cell::Text(&texts.in_conflict),
        ]
    }

    fn texts(&self, row: &ListedDeposit) -> RowTexts {
        RowTexts {
            bricks: self.call.brick_names(&row.summary.bricks),
            experts: row.experts.join(", "),
            in_conflict: row.in_conflict.join(", "),
        }
    }

    fn csv(&self) -> String {
        let mut table = Table::new(self.lang);
        let columns = self.columns();
        table.texts(columns.iter().map(|column| column.label.as_str()));
        for row in &self.rows {
            table.row(self.cells(row, &self.texts(row)));
        }
        table.finish()
    }

    fn xlsx(&self, made_at: Timestamp) -> Result<Vec<u8>, XlsxError> {
        let round = self.call.round(&self.round).map_or("", |round| round.title.get(&self.lang));
        let mut sheet = Spreadsheet::new(&Heading {
            lang: self.lang,
            title: &format!("{} – {round}", self.call.title.get(&self.lang)),
            sheet: self.lang.tr("Dépôts", "Deposits"),
            made_at,
            columns: &self.columns(),
        })?;
        for row in &self.rows {
            sheet.row(self.cells(row, &self.texts(row)))?;
        }
        sheet.finish()
    }
}

/// Texts of a row that are put together from several values.
struct RowTexts {
    bricks: String,
    experts: String,
    in_conflict: String,
}

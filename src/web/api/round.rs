//! The deposits of a round, for officers.

use super::{ApiQuery, ProgramCtx};
use crate::{
    app::{App, AppError},
    domain::{calendar::RoundId, call::Call, ids::DossierId, money::Cents},
    store::deposit::ListedDeposit,
    web::{
        error::Failure,
        extract::Path,
        pages::examiner::round::query::{RoundQuery, filter},
    },
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rows per page.
const ROWS_PER_PAGE: u32 = 100;

/// Which call is meant.
#[derive(Debug, Deserialize)]
pub struct CallQuery {
    #[serde(default)]
    call: String,
}

/// A page of the deposits of a round.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositPage {
    /// How many deposits match in all, counted up to 1,000.
    total: u64,
    /// There are more than `total`.
    total_is_more: bool,
    /// How many dossiers were never deposited, counted up to 1,000.
    drafts: u64,
    /// There are more than `drafts`.
    drafts_are_more: bool,
    /// This page.
    dossiers: Vec<DepositRow>,
}

/// A deposit that stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositRow {
    /// The dossier.
    #[schema(value_type = uuid::Uuid)]
    id: DossierId,
    /// Version that stands.
    version: u32,
    /// Number of its receipt.
    receipt: String,
    /// Instant of the deposit.
    #[schema(value_type = String, format = DateTime)]
    deposited_at: Timestamp,
    /// SIREN of the company.
    siren: String,
    /// Company.
    company: String,
    /// Project.
    title: String,
    /// Slugs of its bricks.
    bricks: Vec<String>,
    /// Eligible base, in cents.
    #[schema(value_type = i64)]
    base: Cents,
    /// Aid, in cents.
    #[schema(value_type = i64)]
    aid: Cents,
    /// How many findings an officer has to look at.
    warnings: u32,
    /// It was found admissible.
    admissible: bool,
}

impl From<ListedDeposit> for DepositRow {
    fn from(ListedDeposit { summary: row, admitted, .. }: ListedDeposit) -> Self {
        Self {
            id: row.dossier,
            version: row.version,
            receipt: row.receipt,
            deposited_at: row.at,
            siren: row.siren,
            company: row.company,
            title: row.title,
            bricks: row.bricks.split_whitespace().map(str::to_owned).collect(),
            base: row.base,
            aid: row.aid,
            warnings: row.warnings,
            admissible: admitted,
        }
    }
}

/// The standing deposits of a round, for officers.
///
/// A hundred a page; `Link` leads to the next one.
#[utoipa::path(
    get, path = "/api/v1/rounds/{id}/dossiers", tag = "round", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the round"),
        ("call" = Option<String>, Query, description = "Slug of the call; needed when several calls have such a round"),
        ("q" = Option<String>, Query, description = "Words that a deposit has, all of them, in any form; or the number of a receipt. At most 30"),
        ("brick" = Option<String>, Query, description = "Slug of a brick"),
        ("warnings" = Option<String>, Query, description = "yes: only deposits with warnings"),
        ("admissible" = Option<String>, Query, description = "yes: only what was found admissible; no: only what was not"),
        ("given" = Option<String>, Query, description = "yes: only what is given to an expert; no: only what is given to nobody; or the address of an expert"),
        ("conflict" = Option<String>, Query, description = "yes: only where somebody has declared a conflict of interests; expert: only where an expert has who has to be replaced"),
        ("sort" = Option<String>, Query, description = "deposited, company, title, base or aid"),
        ("desc" = Option<String>, Query, description = "yes: the other way round"),
        ("page" = Option<u32>, Query, description = "Page, from 1"),
    ),
    responses(
        (status = 200, description = "A page", body = DepositPage, headers(("Link" = String, description = "The next page, rel=next"))),
        (status = 403, description = "Not an officer's token, or words are looked for with one that may not read deposits"),
        (status = 404, description = "No such round"),
        (status = 422, description = "More words than are searched"),
    ),
)]
pub async fn list(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(round): Path<String>,
    ApiQuery(CallQuery { call }): ApiQuery<CallQuery>,
    ApiQuery(query): ApiQuery<RoundQuery>,
) -> Result<Response, Failure> {
    let round = RoundId(round);
    let call = call_of(&app, &call, &round)?;
    let found = app.round_list(&ctx, &call.id, &round, &filter(&query, ROWS_PER_PAGE)).await?;
    let next = found.has_next.then(|| {
        let query = query.with("page", &query.page.max(1).saturating_add(1).to_string());
        [(header::LINK, format!("</api/v1/rounds/{round}/dossiers{query}&call={}>; rel=\"next\"", call.id))]
    });
    let dossiers = found.rows.into_iter().map(DepositRow::from).collect();
    let body = Json(DepositPage {
        total: found.total.number,
        total_is_more: found.total.more,
        drafts: found.drafts.number,
        drafts_are_more: found.drafts.more,
        dossiers,
    });
    Ok(match next {
        Some(next) => (next, body).into_response(),
        None => body.into_response(),
    })
}

/// The named call, or the only one that has this round.
fn call_of<'a>(app: &'a App, named: &str, round: &RoundId) -> Result<&'a Call, AppError> {
    if !named.is_empty() {
        return app.call(named).map(AsRef::as_ref);
    }
    let mut with_round = app.calls.iter().filter(|call| call.round(round).is_some());
    match (with_round.next(), with_round.next()) {
        (Some(call), None) => Ok(call),
        _ => Err(AppError::NotFound),
    }
}

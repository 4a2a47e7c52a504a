//! The call, and the evaluation of a document: public, without an account.

use super::{public, report::EvaluationBody};
use crate::{
    app::{App, AppError},
    domain::{
        calendar::RoundId,
        call::{Call, schema::document_schema},
        document::{Document, DocumentError},
        evaluation,
        piece::AttachedPiece,
        text::{Lang, shorten},
    },
    web::{
        error::Failure,
        extract::{ApiCtx, Path},
        posted::{parse_json, read_whole},
    },
};
use axum::{Json, body::Body, extract::State, http::HeaderMap, response::Response};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use utoipa::ToSchema;

/// The whole definition of a call.
///
/// Form, rules, pieces, bricks, interpretations and rounds; each round with its state and its instants in UTC.
#[utoipa::path(
    get, path = "/api/v1/calls/{call}", tag = "call",
    params(("call" = String, Path, description = "Slug of the call")),
    responses(
        (status = 200, description = "The definition, with an ETag", body = Object),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
        (status = 404, description = "No such call"),
    ),
)]
pub async fn show(
    State(app): State<App>,
    ApiCtx(ctx): ApiCtx,
    Path(call): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let definition = definition(app.call(&call)?, ctx.now);
    Ok(public(&headers, "application/json", definition.to_string()))
}

fn definition(call: &Call, now: Timestamp) -> serde_json::Value {
    let mut definition = serde_json::json!(call);
    definition["rounds"] = call
        .rounds
        .iter()
        .map(|round| {
            let mut shown = serde_json::json!(round);
            shown["state"] = serde_json::json!(round.state(now));
            shown["opens"] = serde_json::json!(round.window.map(|window| window.opens));
            shown["closes"] = serde_json::json!(round.window.map(|window| window.closes));
            shown
        })
        .collect();
    definition
}

/// JSON Schema of a dossier document.
///
/// Titles in the language of `Accept-Language`.
#[utoipa::path(
    get, path = "/api/v1/calls/{call}/dossier.schema.json", tag = "call",
    params(("call" = String, Path, description = "Slug of the call")),
    responses(
        (status = 200, description = "JSON Schema, draft 2020-12", body = Object, content_type = "application/schema+json"),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
        (status = 404, description = "No such call"),
    ),
)]
pub async fn schema(
    State(app): State<App>,
    ApiCtx(ctx): ApiCtx,
    Path(call): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let schema = document_schema(app.call(&call)?, ctx.lang);
    Ok(public(&headers, "application/schema+json", schema.to_string()))
}

/// What is to be evaluated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Question)]
pub struct EvaluationRequest {
    /// The document, `section → field → answer`; see `dossier.schema.json`.
    #[schema(value_type = Object)]
    document: serde_json::Value,
    /// Instant of the imagined deposit; now when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    at: Option<Timestamp>,
    /// Round of the imagined deposit; without it, the calendar is not judged.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    round: Option<RoundId>,
    /// Pieces that would be attached; without it, pieces are not judged.
    #[serde(default)]
    pieces: Option<Vec<StatedPiece>>,
}

/// A piece that is said to be there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedPiece {
    /// Its code in the call.
    #[schema(example = "P7")]
    code: String,
    /// Day of issue.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    issued: Option<Date>,
}

/// Evaluates a document without keeping anything.
///
/// The same judgement as a deposit's, but for other deposits of the company in the round, which only the portal knows.
#[utoipa::path(
    post, path = "/api/v1/calls/{call}/evaluation", tag = "call",
    params(("call" = String, Path, description = "Slug of the call")),
    request_body = EvaluationRequest,
    responses(
        (status = 200, description = "The evaluation", body = EvaluationBody),
        (status = 400, description = "Not the expected JSON"),
        (status = 404, description = "No such call or round"),
        (status = 413, description = "Longer than any dossier"),
        (status = 422, description = "Not answers to the form"),
        (status = 503, description = "Too many long documents at once: again after Retry-After"),
    ),
)]
pub async fn evaluate(
    State(app): State<App>,
    ApiCtx(ctx): ApiCtx,
    Path(call): Path<String>,
    body: Body,
) -> Result<Json<EvaluationBody>, Failure> {
    let call = app.call(&call)?.clone();
    let bytes = read_whole(body).await?;
    let (now, lang) = (ctx.now, ctx.lang);
    app.offload(bytes.len(), move || report(&call, &bytes, now, lang)).await?.map(Json)
}

fn report(call: &Call, bytes: &[u8], now: Timestamp, lang: Lang) -> Result<EvaluationBody, Failure> {
    let question: EvaluationRequest = parse_json(bytes)?;
    let document = Document::from_json(call, &question.document).map_err(AppError::Document)?;
    let known = |round| call.round(&round).ok_or(AppError::NotFound);
    let round = question.round.map(known).transpose()?;
    let pieces = question.pieces.map(|pieces| stated_pieces(call, pieces)).transpose()?;
    let now = question.at.unwrap_or(now);
    Ok(EvaluationBody::new(evaluation::evaluate(call, &document, round, pieces.as_deref(), now), lang))
}

/// At most this many pieces in one request: far more than any call asks for.
const MAX_PIECES: usize = 100;

fn stated_pieces(call: &Call, pieces: Vec<StatedPiece>) -> Result<Vec<AttachedPiece>, AppError> {
    if pieces.len() > MAX_PIECES {
        return Err(AppError::Document(vec![DocumentError::TooLong("pieces".into())]));
    }
    let unknown = |piece: &&StatedPiece| !call.attached_pieces().any(|known| known.code == piece.code);
    let fault = |piece: &StatedPiece| DocumentError::UnknownField(format!("pieces.{}", shorten(&piece.code, 20)));
    let faults: Vec<_> = pieces.iter().filter(unknown).map(fault).collect();
    if !faults.is_empty() {
        return Err(AppError::Document(faults));
    }
    let stated = |StatedPiece { code, issued }: StatedPiece| AttachedPiece {
        code,
        issued,
        sha256: String::new(),
        name: String::new(),
        media: String::new(),
        bytes: 0,
        inspection: None,
    };
    Ok(pieces.into_iter().map(stated).collect())
}

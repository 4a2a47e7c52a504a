//! Checking a receipt: here, or offline with the same keys.

use crate::{
    app::{App, AppError},
    domain::{
        calendar::{RoundId, show_instant, with_zone},
        call::Call,
        finding::and_more,
        money::Cents,
        receipt::{self, MAX_RECEIPT_BYTES, PublicKey, Receipt, Standing, VerificationReport},
        text::{Lang, Text, shorten},
    },
    web::{
        assets,
        error::Failure,
        frame::{HandlerResult, PageContext, PageRequest, PageResult, render},
        posted::PostedFile,
    },
};
use askama::Template;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};

/// At most this many characters of the number are repeated on the page, because it comes from outside.
const MAX_NUMBER_CHARS: usize = 40;

/// The current and former signing keys of this portal.
fn published(app: &App) -> Vec<PublicKey> {
    std::iter::once(app.keys.receipt_public())
        .chain(app.keys.retired.iter().map(Vec::as_slice))
        .map(|key| PublicKey { id: receipt::key_id(key), public_key: hex::encode(key) })
        .collect()
}

/// The keys, at their well-known address.
pub async fn keys(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(published(&app))).into_response()
}

/// The form.
pub async fn show(PageRequest { app, ctx, here }: PageRequest) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here, |s| VerifyPage { s, outcome: Outcome::Unasked }.render())?))
}

/// The report on an uploaded receipt; the file is not stored.
pub async fn run(PageRequest { app, ctx, here }: PageRequest, mut posted: PostedFile) -> PageResult {
    let call = app.call_of_host(&ctx)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = posted.file.chunk().await.map_err(|_| Failure::BadRequest)? {
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() > MAX_RECEIPT_BYTES {
        return Err(Failure::TooLarge(MAX_RECEIPT_BYTES as u64));
    }
    // A browser sends an empty file without a name when none was chosen.
    if bytes.is_empty() && posted.name.is_empty() {
        return Ok(Html(render(&app, &ctx, call, &here, |s| VerifyPage { s, outcome: Outcome::NoFile }.render())?));
    }
    let read = bytes.len();
    let keys = published(&app);
    let work = move || {
        let (report, json) = receipt::verify_bytes(&bytes, &keys);
        let number = json["statement"]["number"].as_str().map(|number| shorten(number, MAX_NUMBER_CHARS));
        let authentic = report.is_valid().then(|| serde_json::from_value::<Receipt>(json).ok()).flatten();
        (report, number, authentic)
    };
    let (report, number, authentic) = app.offload(read, work).await?;
    let facts = match &authentic {
        Some(receipt) => Some(facts(&app, receipt, ctx.lang).await),
        None => None,
    };
    let outcome = match report.no_receipt() {
        Some(why) => Outcome::NoReceipt(why),
        None => Outcome::Checked { report: &report, number: number.as_deref(), facts: facts.as_ref() },
    };
    Ok(Html(render(&app, &ctx, call, &here, |s| VerifyPage { s, outcome }.render())?))
}

/// What an authentic receipt is about, all of it from the receipt itself except whether the deposit stands.
async fn facts(app: &App, receipt: &Receipt, lang: Lang) -> ReceiptFacts {
    let standing = match app.standing(&receipt.statement).await {
        Ok(standing) => Some(standing),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "receipt.standing_unread");
            None
        }
    };
    let named = receipt.manifest["context"]["call"].as_str().unwrap_or_default();
    let call = app.call(named).ok().map(|call| &**call);
    ReceiptFacts::read(receipt, call, standing, lang)
}

/// The verifier as a single-file page, with the portal's keys inside.
pub async fn offline(State(app): State<App>) -> HandlerResult {
    let keys = serde_json::json!(published(&app));
    let page = assets::whole("verify.html", &[("/*KEYS*/[]", keys)]).ok_or(AppError::NotFound)?;
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"guichet-verification.html\""),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((fixed, page.html).into_response())
}

/// What an authentic receipt says of its deposit, for its holder.
#[derive(Clone, Debug)]
pub struct ReceiptFacts {
    /// Labels and values, in the order of the page.
    lines: Vec<(&'static str, String)>,
    /// What became of the deposit; `None` when the database could not be asked.
    standing: Option<Standing>,
}

impl ReceiptFacts {
    /// `call` is the one that the receipt names, if this portal still serves it.
    pub fn read(receipt: &Receipt, call: Option<&Call>, standing: Option<Standing>, lang: Lang) -> Self {
        let (answers, manifest) = (receipt.answers(), &receipt.manifest);
        let context = |name: &str| manifest["context"][name].as_str().unwrap_or_default().to_owned();
        let at = receipt.statement.received_at();
        let round = call.and_then(|call| call.round(&RoundId(context("round"))));
        let cents =
            |name: &str| manifest["amounts"][name].as_i64().map_or_else(String::new, |cents| Cents(cents).show(lang));
        let answer = |path: Option<&String>| path.map_or_else(String::new, |path| answers.text(path).to_owned());
        let company = call.map(|call| &call.company);
        let lines = [
            (lang.tr("Entreprise", "Company"), answer(company.map(|company| &company.name))),
            ("SIRET", answer(company.map(|company| &company.siret))),
            (lang.tr("Projet", "Project"), answer(company.map(|company| &company.project))),
            (lang.tr("Appel", "Call"), call.map_or_else(|| context("call"), |call| call.title.get(&lang).to_owned())),
            (
                lang.tr("Relève", "Round"),
                round.map_or_else(|| context("round"), |round| round.title.get(&lang).to_owned()),
            ),
            (
                lang.tr("Reçu le", "Received on"),
                call.map_or_else(
                    || at.to_string(),
                    |call| {
                        let zone = call.time_zone();
                        with_zone(&show_instant(at, &zone), &call.zone_name()).get(&lang).to_owned()
                    },
                ),
            ),
            (lang.tr("Assiette éligible", "Eligible base"), cents("base")),
            (lang.tr("Aide", "Aid"), cents("aid")),
        ];
        Self { lines: lines.into_iter().filter(|(_, value)| !value.is_empty()).collect(), standing }
    }

    fn sentence(&self) -> Text {
        self.standing.map_or_else(
            || {
                Text::new(
                    "La base de données ne répond pas : le portail ne peut pas dire si ce dépôt est encore en vigueur.",
                    "The database does not answer: the portal cannot say whether this deposit still stands.",
                )
            },
            Standing::sentence,
        )
    }

    fn stands(&self) -> bool {
        self.standing == Some(Standing::Current)
    }
}

/// What came of a file.
#[derive(Clone, Copy)]
pub enum Outcome<'a> {
    /// The empty form.
    Unasked,
    /// The form was sent without a file.
    NoFile,
    /// The file is no receipt, and why.
    NoReceipt(&'a Text),
    /// A receipt was checked.
    Checked { report: &'a VerificationReport, number: Option<&'a str>, facts: Option<&'a ReceiptFacts> },
}

/// The verification of a receipt.
#[derive(Clone, Copy, Template)]
#[template(path = "pages/public/verify.html")]
pub struct VerifyPage<'a> {
    pub s: &'a PageContext<'a>,
    pub outcome: Outcome<'a>,
}

impl VerifyPage<'_> {
    fn more(&self) -> Option<Text> {
        match self.outcome {
            Outcome::Checked { report, .. } => and_more(report.omitted),
            _ => None,
        }
    }
}

//! Filling in a draft from the public register of companies.

use super::super::{ProgramCtx, id, tag};
use crate::{
    app::{App, CompanyLookup},
    domain::{
        company_register::{Comparison, RegisterAnswer, RegisterWarning},
        text::Lang,
    },
    web::{error::Failure, extract::Path},
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Looks up the company of a draft.
///
/// The SIRET in the answers is looked up in the public register. Answers that are empty are filled in; those that were given
/// stay, and the register's value is told beside them. That the register does not answer is no failure: `outcome` says so.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{id}/company-register", tag = "dossier", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Id of the dossier")),
    responses(
        (status = 200, description = "What was found and filled in; the new ETag of the document is there", body = CompanyLookupBody),
        (status = 404, description = "No such dossier, or this portal does not ask the register"),
    ),
)]
pub async fn look_up(
    State(app): State<App>,
    ProgramCtx(ctx): ProgramCtx,
    Path(dossier): Path<String>,
) -> Result<Response, Failure> {
    let done = app.look_up_company(&ctx, id(&dossier)?).await?;
    let revision = [(header::ETAG, tag(done.revision))];
    Ok((revision, Json(CompanyLookupBody::new(done, ctx.lang))).into_response())
}

/// The end of a look-up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyLookup)]
pub struct CompanyLookupBody {
    /// `found`, `absent`, `no_siret`, `unreachable`, `slow`, `busy`, `unreadable` or `limited`.
    #[schema(example = "found")]
    outcome: &'static str,
    /// The same in words.
    message: String,
    /// When the register was asked, which may be up to a day ago.
    taken_at: Option<String>,
    /// Paths of the answers that were filled in.
    filled: Vec<String>,
    /// What the register has for the fields of the form.
    values: Vec<RegisterValueBody>,
    /// What to know about the company; none of it refuses a deposit.
    warnings: Vec<RegisterWarningBody>,
    /// Revision of the dossier.
    revision: u64,
}

/// A value of the register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisterValue)]
pub struct RegisterValueBody {
    /// `section.field`.
    #[schema(example = "applicant.name")]
    path: String,
    value: String,
    /// Whether the answer says the same; case, accents and punctuation do not count.
    same: bool,
}

/// Something to know about a company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisterWarning)]
pub struct RegisterWarningBody {
    /// `company_closed`, `establishment_closed`, `struck_off` or `insolvency`.
    code: &'static str,
    message: String,
}

impl CompanyLookupBody {
    fn new(done: CompanyLookup, lang: Lang) -> Self {
        let warning = |warning: &RegisterWarning| RegisterWarningBody {
            code: warning.slug(),
            message: warning.message().get(&lang).to_owned(),
        };
        let warnings = done.found.iter().flat_map(|found| found.record.warnings()).map(|one| warning(&one)).collect();
        Self {
            outcome: done.outcome.slug(),
            message: done.outcome.message().get(&lang).to_owned(),
            taken_at: done.found.as_ref().map(|found| found.taken_at.to_string()),
            filled: done.filled,
            values: done.answers.into_iter().map(RegisterValueBody::from).collect(),
            warnings,
            revision: done.revision,
        }
    }
}

impl From<RegisterAnswer> for RegisterValueBody {
    fn from(RegisterAnswer { path, value, comparison }: RegisterAnswer) -> Self {
        Self { path, value, same: comparison == Comparison::Same }
    }
}

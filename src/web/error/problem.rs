//! Failures as problem+json (RFC 9457), for programs.

use super::{ErrorText, Failure};
use crate::{
    app::{AppError, dossier::upload::UploadFault},
    domain::{
        finding::{Finding, shown},
        text::Lang,
    },
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Problem types registered by others, for resumable uploads.
const REGISTERED_PROBLEM_TYPES: &str = "https://iana.org/assignments/http-problem-types";

/// The body of an error for programs.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Address of the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// Stable code.
    code: String,
    /// Kind in words.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong here.
    detail: String,
    /// What to do.
    remedy: String,
    /// Findings, when a deposit is refused: `rule`, `severity`, `path`, `message`, `interpretation`; a hundred at most.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<serde_json::Value>,
    /// How many findings there are beyond those.
    #[schema(value_type = usize)]
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
    /// Bytes of an upload that have arrived, when a part does not begin there.
    #[serde(rename = "expected-offset", skip_serializing_if = "Option::is_none")]
    expected_offset: Option<u64>,
    /// Where that part begins.
    #[serde(rename = "provided-offset", skip_serializing_if = "Option::is_none")]
    provided_offset: Option<u64>,
}

/// A finding in one language, as JSON.
pub fn finding_json(finding: &Finding, lang: Lang) -> serde_json::Value {
    serde_json::json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "path": finding.path,
        "message": finding.message.get(&lang),
        "interpretation": finding.interpretation,
    })
}

/// Renders a failure as a problem document.
pub(in crate::web) fn problem_response(failure: &Failure, described: &ErrorText, lang: Lang) -> Response {
    let (findings, more) = match failure {
        Failure::App(AppError::Refused(evaluation)) => shown(&evaluation.findings),
        _ => (&[][..], 0),
    };
    let (mut kind, mut offsets) = (format!("urn:guichet:problem:{}", described.code), None);
    match failure {
        Failure::App(AppError::Upload(UploadFault::Offset { expected, provided })) => {
            (kind, offsets) =
                (format!("{REGISTERED_PROBLEM_TYPES}#mismatching-upload-offset"), Some((*expected, *provided)));
        }
        Failure::App(AppError::Upload(UploadFault::Complete { .. })) => {
            kind = format!("{REGISTERED_PROBLEM_TYPES}#completed-upload")
        }
        Failure::App(AppError::Upload(UploadFault::Length)) => {
            kind = format!("{REGISTERED_PROBLEM_TYPES}#inconsistent-upload-length")
        }
        _ => {}
    }
    let body = Problem {
        kind,
        code: described.code.into(),
        title: described.title.get(&lang).into(),
        status: described.status.as_u16(),
        detail: described.detail.get(&lang).into(),
        remedy: described.remedy.get(&lang).into(),
        findings: findings.iter().map(|finding| finding_json(finding, lang)).collect(),
        more: (more > 0).then_some(more),
        expected_offset: offsets.map(|(expected, _)| expected),
        provided_offset: offsets.map(|(_, provided)| provided),
    };
    let mut response = (described.status, Json(body)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if described.status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

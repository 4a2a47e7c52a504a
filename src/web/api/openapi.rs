//! The description of the interface (OpenAPI 3.1), generated from the handlers.

use super::{call, dossier, report, round, tokens};
use crate::web::error::Problem;
use axum::{http::HeaderMap, response::Response as HttpResponse};
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, RefOr, Response,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Guichet",
        description = "Public calls for projects: evaluate a dossier, fill it, deposit it, read what was deposited. \
                       Messages are in French, or in English with `Accept-Language: en`; amounts are in cents."
    ),
    paths(
        document,
        call::show,
        call::schema,
        call::evaluate,
        dossier::create,
        dossier::document,
        dossier::replace,
        dossier::attach,
        dossier::upload::options,
        dossier::upload::show,
        dossier::upload::append,
        dossier::upload::cancel,
        dossier::company_register::look_up,
        dossier::deposit,
        dossier::carry_over,
        dossier::delete,
        dossier::receipt,
        round::list,
        tokens::for_service,
    ),
    components(schemas(report::FindingBody, Problem)),
    modifiers(&Bearer, &Problems),
    tags(
        (name = "call", description = "Public: the call and the evaluation of a document"),
        (name = "dossier", description = "For the owner's programs"),
        (name = "round", description = "For officers' programs"),
        (name = "tokens", description = "For other services"),
    ),
)]
struct Document;

/// Bearer authentication with a token issued by `guichet admin token`.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("Biscuit")
            .description(Some("An API token; its holder can narrow it offline."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Media type of a failure (RFC 9457).
const PROBLEM_TYPE: &str = "application/problem+json";

/// The answers that all operations have in common: every failure is a problem document, and whoever needs a token is told
/// when there is none. Handlers describe only when each failure occurs.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let operations = document.paths.paths.values_mut().flat_map(|item| {
            let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            methods.into_iter().chain([&mut item.options, &mut item.head, &mut item.patch]).flatten()
        });
        for operation in operations {
            let answers = &mut operation.responses.responses;
            if operation.security.is_some() {
                answers.entry("401".into()).or_insert_with(|| RefOr::T(Response::new("No token")));
            }
            for (status, answer) in answers {
                if let RefOr::T(answer) = answer
                    && status.starts_with(['4', '5'])
                {
                    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
                    answer.content.insert(PROBLEM_TYPE.into(), RefOr::T(problem));
                }
            }
        }
    }
}

/// The serialized document, which does not change while the process runs.
static TEXT: LazyLock<String> = LazyLock::new(|| serde_json::json!(Document::openapi()).to_string());

/// This description.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "call",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object),
        (status = 304, description = "Not changed since the ETag in If-None-Match"),
    ),
)]
pub async fn document(headers: HeaderMap) -> HttpResponse {
    super::public(&headers, "application/json", TEXT.clone())
}

#[cfg(test)]
mod tests {
    use super::{Document, PROBLEM_TYPE, TEXT, document};
    use crate::web::router;
    use axum::http::{HeaderMap, header};
    use std::collections::BTreeSet;
    use utoipa::OpenApi;

    #[test]
    fn every_route_is_described_and_every_description_is_a_route() {
        let table: BTreeSet<(String, String)> = router::routes()
            .iter()
            .filter(|route| route.path.starts_with("/api/"))
            .flat_map(|route| route.methods.split(' ').map(|method| (route.path.to_owned(), method.to_lowercase())))
            .collect();
        let text = serde_json::json!(Document::openapi());
        let described: BTreeSet<(String, String)> = text["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(path, item)| {
                item.as_object().into_iter().flatten().map(move |(method, _)| (path.clone(), method.clone()))
            })
            .collect();
        assert_eq!(described, table, "add #[utoipa::path] to the handler and name it in paths(…), or fix the table");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = serde_json::json!(Document::openapi());
        assert_eq!(text["openapi"], "3.1.0");
        let mut references = Vec::new();
        collect(&text, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(text.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn every_failure_is_a_problem_and_no_token_is_one() {
        let text = serde_json::json!(Document::openapi());
        let mut failures = 0;
        for (path, item) in text["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap();
                for (status, answer) in answers {
                    let problem = &answer["content"][PROBLEM_TYPE]["schema"]["$ref"];
                    let failed = status.starts_with(['4', '5']);
                    assert_eq!(*problem == "#/components/schemas/Problem", failed, "{method} {path} {status}");
                    failures += usize::from(failed);
                }
                assert_eq!(answers.contains_key("401"), operation["security"].is_array(), "{method} {path}");
            }
        }
        assert!(failures > 50, "{failures}");
    }

    fn collect(value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                into.extend(map.get("$ref").and_then(|reference| reference.as_str()).map(str::to_owned));
                map.values().for_each(|value| collect(value, into));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }

    #[tokio::test]
    async fn it_is_served() {
        let answer = document(HeaderMap::new()).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert!(TEXT.contains("bearer"));
    }
}

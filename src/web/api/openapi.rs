//! The description of the interface (OpenAPI 3.1), generated from the handlers.

use super::{call, dossier, report, round, tokens};
use axum::{http::HeaderMap, response::Response};
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
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
        dossier::deposit,
        dossier::carry_over,
        dossier::receipt,
        round::list,
        tokens::for_service,
    ),
    components(schemas(report::FindingBody)),
    modifiers(&Bearer),
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
pub async fn document(headers: HeaderMap) -> Response {
    super::public(&headers, "application/json", TEXT.clone())
}

#[cfg(test)]
mod tests {
    use super::{Document, TEXT, document};
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

//! JSON Schema (draft 2020-12) of a dossier document, generated from the form: for those who fill it by program.

use super::{Call, Choice, Column, Field, Kind};
use crate::domain::text::Lang;
use serde_json::{Map, Value as Json, json};

/// The schema of the documents of a call, with titles in one language.
#[must_use]
pub fn document_schema(call: &Call, lang: Lang) -> Json {
    let sections: Map<String, Json> = call
        .sections
        .iter()
        .map(|section| {
            let fields: Map<String, Json> =
                section.fields.iter().map(|field| (field.id.clone(), field_schema(field, lang))).collect();
            let schema = json!({
                "type": "object",
                "title": format!("{} – {}", section.letter, section.title.get(&lang)),
                "properties": fields,
                "additionalProperties": false,
            });
            (section.id.clone(), schema)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": call.title.get(&lang),
        "description": lang.tr(
            "Tout est facultatif tant que le dossier n'est pas déposé ; l'évaluation dit ce qui manque.",
            "Everything is optional until the deposit; the evaluation says what is missing.",
        ),
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
    })
}

fn field_schema(field: &Field, lang: Lang) -> Json {
    let mut schema = match field.kind {
        Kind::Table => json!({
            "type": "array",
            "maxItems": field.most_rows(),
            "items": {
                "type": "object",
                "properties": field.columns.iter().map(|column| (column.id.clone(), column_schema(column, lang))).collect::<Map<_, _>>(),
                "additionalProperties": false,
            },
        }),
        Kind::Choices => json!({
            "type": "array", "uniqueItems": true, "items": { "enum": ids(&field.options) },
        }),
        Kind::Declaration => json!({ "type": "boolean" }),
        kind => scalar(kind, &field.options, field.max_chars),
    };
    schema["title"] = json!(field.label.get(&lang));
    if let Some(help) = &field.help {
        schema["description"] = json!(help.get(&lang));
    }
    if let Some(rule) = &field.rule {
        schema["x-rule"] = json!(rule);
    }
    if field.required {
        schema["x-required-at-deposit"] = json!(true);
    }
    schema
}

fn column_schema(column: &Column, lang: Lang) -> Json {
    let mut schema = scalar(column.kind, &column.options, column.max_chars);
    schema["title"] = json!(column.label.get(&lang));
    schema
}

fn ids(options: &[Choice]) -> Vec<&str> {
    options.iter().map(|option| option.id.as_str()).collect()
}

fn scalar(kind: Kind, options: &[Choice], max_chars: Option<usize>) -> Json {
    // Examples, not patterns: more spellings are read than a pattern can say.
    let amount = json!({ "type": ["string", "number"], "examples": ["125000.50"] });
    match kind {
        Kind::Choice => {
            let answers: Vec<&str> = std::iter::once("").chain(ids(options)).collect();
            json!({ "enum": answers })
        }
        Kind::YesNo => json!({ "enum": ["", "yes", "no", true, false] }),
        Kind::Money | Kind::Hundredths => amount,
        Kind::Integer => json!({ "type": ["string", "integer"], "examples": ["12"] }),
        Kind::Date => json!({ "type": "string", "examples": ["2026-07-31"] }),
        Kind::Siren => json!({ "type": "string", "examples": ["732829320"] }),
        Kind::Siret => json!({ "type": "string", "examples": ["73282932000074"] }),
        Kind::Email => json!({ "type": "string", "format": "email" }),
        Kind::Url => json!({ "type": "string", "examples": ["https://exemple.fr"] }),
        Kind::Country => json!({ "type": "string", "examples": ["FR", "France"] }),
        _ => match max_chars {
            Some(most) => json!({ "type": "string", "maxLength": most }),
            None => json!({ "type": "string" }),
        },
    }
}

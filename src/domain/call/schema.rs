//! JSON Schema (draft 2020-12) of a dossier document, generated from the form, for programs that fill it in.

use super::{Call, Choice, Column, Field, FieldKind};
use crate::domain::text::Lang;
use serde_json::{Map, Value as Json, json};

/// The schema of a call's documents, with titles in one language.
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
            "Tout est facultatif tant que le dossier n’est pas déposé ; l’évaluation dit ce qui manque.",
            "Everything is optional until the deposit; the evaluation says what is missing.",
        ),
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
    })
}

fn field_schema(field: &Field, lang: Lang) -> Json {
    let mut schema = match field.kind {
        FieldKind::Table => json!({
            "type": "array",
            "maxItems": field.most_rows(),
            "items": {
                "type": "object",
                "properties": field.columns.iter().map(|column| (column.id.clone(), column_schema(column, lang))).collect::<Map<_, _>>(),
                "additionalProperties": false,
            },
        }),
        FieldKind::Choices => json!({
            "type": "array", "uniqueItems": true, "items": { "enum": ids(&field.options) },
        }),
        FieldKind::Declaration => json!({ "type": "boolean" }),
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

fn scalar(kind: FieldKind, options: &[Choice], max_chars: Option<usize>) -> Json {
    // Examples, not patterns, because the parser accepts more spellings than a pattern can express.
    let amount = json!({ "type": ["string", "number"], "examples": ["125000.50"] });
    match kind {
        FieldKind::Choice => {
            let answers: Vec<&str> = std::iter::once("").chain(ids(options)).collect();
            json!({ "enum": answers })
        }
        FieldKind::YesNo => json!({ "enum": ["", "yes", "no", true, false] }),
        FieldKind::Money | FieldKind::Hundredths => amount,
        FieldKind::Integer => json!({ "type": ["string", "integer"], "examples": ["12"] }),
        FieldKind::Date => json!({ "type": "string", "examples": ["2026-07-31"] }),
        FieldKind::Siren => json!({ "type": "string", "examples": ["732829320"] }),
        FieldKind::Siret => json!({ "type": "string", "examples": ["73282932000074"] }),
        FieldKind::Email => json!({ "type": "string", "format": "email" }),
        FieldKind::Url => json!({ "type": "string", "examples": ["https://exemple.fr"] }),
        FieldKind::Country => json!({ "type": "string", "examples": ["FR", "France"] }),
        _ => match max_chars {
            Some(most) => json!({ "type": "string", "maxLength": most }),
            None => json!({ "type": "string" }),
        },
    }
}

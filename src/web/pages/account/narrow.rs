//! Narrowing a token in the browser: a single-file page that sends nothing to the portal.

use crate::{
    app::{App, AppError},
    domain::{
        access::{Part, every_token_action},
        text::{Lang, Text},
    },
    web::{assets, extract::RequestMeta, frame::HandlerResult, pages::words::action_name},
};
use axum::{Extension, extract::State, http::header, response::IntoResponse};
use serde_json::{Value, json};

/// The page in the requested language; it contains the other one too.
pub async fn show(State(app): State<App>, Extension(meta): Extension<RequestMeta>) -> HandlerResult {
    let page = assets::whole("narrow.html", &[("{choices}", choices(&app))]).ok_or(AppError::NotFound)?;
    let html = page.html.replacen("<html lang=\"fr\">", &format!("<html lang=\"{}\">", meta.lang), 1);
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, "inline; filename=\"guichet-jeton.html\"".to_owned()),
        (header::CONTENT_SECURITY_POLICY, format!("{}; frame-ancestors 'none'", page.policy)),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((fixed, html).into_response())
}

/// The available choices: the policy's slugs, each with its names.
fn choices(app: &App) -> Value {
    let (mut pieces, mut sections) = (Vec::new(), Vec::new());
    for call in &app.calls {
        for piece in call.attached_pieces() {
            add(&mut pieces, Part::Piece(piece.code.clone()).to_string(), &piece.title);
        }
        for section in &call.sections {
            add(&mut sections, Part::Section(section.id.clone()).to_string(), &section.title);
        }
    }
    let actions: Vec<Value> = every_token_action()
        .map(|action| json!({ "word": action.slug(), "fr": action_name(action, Lang::Fr), "en": action_name(action, Lang::En) }))
        .collect();
    json!({ "pieces": pieces, "sections": sections, "actions": actions })
}

/// Adds a choice; calls that share a slug share the choice.
fn add(choices: &mut Vec<Value>, word: String, title: &Text) {
    if choices.iter().all(|choice| choice["word"] != word) {
        choices.push(json!({ "word": word, "fr": title.get(&Lang::Fr), "en": title.get(&Lang::En) }));
    }
}

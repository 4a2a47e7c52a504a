//! Making and revoking API tokens.

use super::home::{self, AccountPageState};
use crate::{
    app::{AppError, encode},
    domain::{
        access::Action,
        text::{
            Lang, Text,
            clean::{TextKind, clean},
        },
    },
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult},
        pages::account::token_form::{TokenForm, form},
    },
};
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::SignedDuration;

/// Longest lifetime of a token, in days.
const MAX_TOKEN_DAYS: i64 = 366;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Makes a token and shows it once.
pub async fn make(FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let allowed = app.token_actions(&ctx)?;
    let mut form = form(
        clean(TextKind::Line, posted.text("label")).trim().to_owned(),
        posted.text("days").trim().to_owned(),
        posted.all("action").map(str::to_owned).collect(),
    );
    let attempt = posted.text("attempt").parse().unwrap_or(form.attempt);
    let actions: Vec<Action> = form.ticked.iter().filter_map(|word| word.parse().ok()).collect();
    let days: Option<i64> = form.days.parse().ok().filter(|days| (1..=MAX_TOKEN_DAYS).contains(days));
    form.wrong = faults(&form, days, !actions.is_empty() && actions.iter().all(|action| allowed.contains(action)));
    let (Some(days), true) = (days, form.wrong.is_empty()) else {
        let page = home::page(&app, &ctx, "/account", AccountPageState { form, ..Default::default() }).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    };
    let ends = ctx.now + SignedDuration::from_hours(24 * days);
    match app.make_own_token(&ctx, attempt, &form.label, &actions, ends).await {
        Ok(made) => {
            let shown = AccountPageState { made: Some(&made.token), ..Default::default() };
            Ok(Html(home::page(&app, &ctx, "/account", shown).await?).into_response())
        }
        Err(AppError::TokenMade) => Ok(see_other(ctx.lang, "/account?done=made")),
        Err(AppError::Unconfirmed) => Ok(confirm_first(ctx.lang, &form, &actions)),
        Err(error) => Err(error.into()),
    }
}

/// The errors of all fields.
fn faults(form: &TokenForm, days: Option<i64>, actions_fit: bool) -> Vec<(&'static str, Text)> {
    let mut wrong = Vec::new();
    if form.label.is_empty() {
        wrong.push(("label", Text::new("Donnez un nom au jeton.", "Give the token a name.")));
    } else if form.label.chars().count() > MAX_NAME_CHARS {
        wrong.push(("label", Text::new("Le nom a 100 caractères au plus.", "The name has 100 characters at most.")));
    }
    if !actions_fit {
        let words = Text::new(
            "Cochez au moins une chose que le programme pourra faire.",
            "Tick at least one thing that the program may do.",
        );
        wrong.push(("actions", words));
    }
    if days.is_none() {
        wrong.push(("days", Text::new("Écrivez un nombre de 1 à 366.", "Write a number from 1 to 366.")));
    }
    wrong
}

/// Redirects to the passkey page, and from there back to the form as filled in.
fn confirm_first(lang: Lang, form: &TokenForm, actions: &[Action]) -> Response {
    let words: Vec<&str> = actions.iter().map(|action| action.slug()).collect();
    let (label, days, actions) = (encode(&form.label), encode(&form.days), encode(&words.join(",")));
    let back = format!("/account?label={label}&days={days}&actions={actions}");
    see_other(lang, &format!("/account/confirm?next={}", encode(&back)))
}

/// Revokes a token, or one that was narrowed from it.
pub async fn revoke(Path(id): Path<String>, FormRequest { app, ctx, .. }: FormRequest) -> HandlerResult {
    app.revoke_token(&ctx, &id).await?;
    Ok(see_other(ctx.lang, "/account?done=revoked"))
}

//! The eligibility simulator: a few answers, no account, nothing stored.

use super::{form, here, render};
use crate::web::extract::Path;
use crate::{
    app::{App, Ctx},
    domain::{call::Call, document::Document, evaluation::simulate},
    web::{error::Failure, posted::PostedForm, view},
};
use axum::{extract::State, http::Uri, response::Html};

/// The empty form.
pub async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(call): Path<String>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let call = app.call(&call)?;
    let document = Document::begun(call);
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::simulator(shell, &document, None))?))
}

/// The verdict, above the same form with the same answers.
pub async fn run(
    State(app): State<App>,
    ctx: Ctx,
    Path(call): Path<String>,
    uri: Uri,
    posted: PostedForm,
) -> Result<Html<String>, Failure> {
    let call = app.call(&call)?;
    let (asked, now) = (call.clone(), ctx.now);
    let bytes = posted.pairs().iter().map(|(name, value)| name.len() + value.len()).sum();
    let work = move || {
        let document = answers(&asked, &posted);
        let evaluation = simulate(&asked, &document, now);
        (document, evaluation)
    };
    let (document, evaluation) = app.offload(bytes, work).await?;
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::simulator(shell, &document, Some(&evaluation)))?))
}

fn answers(call: &Call, posted: &PostedForm) -> Document {
    let mut document = Document::default();
    for section in &call.sections {
        for field in section.fields.iter().filter(|field| field.simulator) {
            let path = format!("{}.{}", section.id, field.id);
            // Values that cannot be stored at all (a text of 50 000 characters in a number) are ignored in a
            // simulation.
            if let Err(fault) = document.set(call, &path, form::value(posted, section, field)) {
                tracing::debug!(%fault, "simulator.left_out");
            }
        }
    }
    document
}

//! Filling in a draft from the public register of companies, with a form that works without script.

use super::editor::{changes, conflicts, register::LookupQuery};
use crate::{
    app::AppError,
    domain::ids::DossierId,
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult},
        pages::applicant::dossier::LoadedDossier,
    },
};

/// Saves the section that was typed, as the editor does; then asks the register, or takes one of its values.
pub async fn look_up(Path(id): Path<DossierId>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let taken = posted.text("take");
    let section = taken.split_once('.').map_or_else(|| posted.text("section"), |(section, _)| section);
    let opened = LoadedDossier::load_section(&app, &ctx, id, section).await?;
    let call = app.call(&opened.view.dossier.call)?.clone();
    let section = call.section(section).filter(|_| app.asks_company_register(&call)).ok_or(AppError::NotFound)?;
    let saved = app.save_changes(&ctx, id, changes(section, &posted)).await?;
    if !saved.conflicts.is_empty() {
        return conflicts(&app, &ctx, &format!("/dossiers/{id}/edit/{}", section.id), section, saved).await;
    }
    let address = if taken.is_empty() {
        let done = app.look_up_company(&ctx, id).await?;
        LookupQuery::address(id, &section.id, done.outcome, &done.filled)
    } else {
        app.take_register_value(&ctx, id, taken, posted.text(&format!("offered.{taken}"))).await?;
        // Only paths of the form are part of an address.
        let anchor = call.field(taken).map_or_else(String::new, |_| format!("#field-{taken}"));
        format!("/dossiers/{id}/edit/{}{anchor}", section.id)
    };
    Ok(see_other(ctx.lang, &address))
}

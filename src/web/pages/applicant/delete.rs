//! Deleting a draft, after confirmation.

use crate::{
    app::{AppError, DeletionSummary},
    domain::{dossier::status::PossibleAction, ids::DossierId, text::Text},
    web::{
        address::see_other,
        extract::Path,
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult},
        pages::applicant::{
            confirmation::Confirmation,
            dossier::{DossierPage, LoadedDossier},
        },
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};

/// Says what goes, and asks for confirmation.
pub async fn ask(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<DossierId>) -> PageResult {
    let going = app.deletion_summary(&ctx, id).await?;
    let opened = LoadedDossier::load(&app, &ctx, id).await?;
    Ok(Html(opened.render(&app, &ctx, &here, |context, page| DeletePage::new(context, &page, going).render())?))
}

/// Deletes the draft that the page showed; otherwise shows the page again, with what changed.
pub async fn delete(Path(id): Path<DossierId>, FormRequest { app, ctx, posted, .. }: FormRequest) -> HandlerResult {
    let seen: u64 = posted.parse("revision")?;
    let notice = match app.delete_draft(&ctx, id, Some(seen)).await {
        Ok(()) => return Ok(see_other(ctx.lang, "/dossiers?done=deleted")),
        Err(AppError::Stale { .. }) => Text::new(
            "Rien n’a été supprimé : le brouillon a changé depuis que cette page a été ouverte. Relisez, puis confirmez si c’est bien voulu.",
            "Nothing was deleted: the draft has changed since this page was opened. Read again, then confirm if that is what you want.",
        ),
        Err(AppError::DossierKept) => Text::new(
            "Rien n’a été supprimé : ce dossier a été déposé entre-temps.",
            "Nothing was deleted: this application was deposited in the meantime.",
        ),
        Err(error) => return Err(error.into()),
    };
    let going = app.deletion_summary(&ctx, id).await?;
    let opened = LoadedDossier::load(&app, &ctx, id).await?;
    let page = opened.render(&app, &ctx, &format!("/dossiers/{id}/delete"), |context, page| {
        DeletePage::new(context, &DossierPage { notice: Some(&notice), ..page }, going).render()
    })?;
    Ok((StatusCode::CONFLICT, Html(page)).into_response())
}

#[derive(Template)]
#[template(path = "pages/applicant/delete.html")]
pub struct DeletePage<'a> {
    s: &'a PageContext<'a>,
    c: Confirmation<'a>,
    going: DeletionSummary,
}

impl<'a> DeletePage<'a> {
    pub fn new(s: &'a PageContext<'a>, page: &'a DossierPage<'a>, going: DeletionSummary) -> Self {
        Self { s, c: Confirmation::new(s, page), going }
    }
}

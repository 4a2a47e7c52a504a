//! Receipts and the pieces that they seal.

use super::{here, render};
use crate::web::extract::Path;
use crate::web::pages::piece::send_piece;
use crate::{
    app::{App, Ctx},
    web::{error::Failure, view},
};
use axum::{
    extract::State,
    http::{Uri, header},
    response::{Html, IntoResponse, Response},
};

/// The receipt as a page, or with `.json` as the file to save.
pub async fn show(State(app): State<App>, ctx: Ctx, Path(number): Path<String>, uri: Uri) -> Result<Response, Failure> {
    if let Some(number) = number.strip_suffix(".json") {
        let stored = app.receipt(&ctx, number).await?.stored;
        let headers = [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"recu-{number}.json\"")),
        ];
        return Ok((headers, stored.text).into_response());
    }
    let open = app.receipt(&ctx, &number).await?;
    let reader = if ctx.account()? == open.stored.owner {
        view::ReceiptReader::Owner
    } else if open.names_reader() {
        view::ReceiptReader::Named
    } else {
        view::ReceiptReader::Other
    };
    let call = app.call(&open.stored.call)?;
    let page = render(&app, &ctx, call, &here(&uri), |shell| {
        view::receipt(shell, &open.receipt, reader, open.stored.standing)
    })?;
    Ok(Html(page).into_response())
}

/// A sealed piece.
pub async fn piece(
    State(app): State<App>,
    ctx: Ctx,
    Path((number, code)): Path<(String, String)>,
) -> Result<Response, Failure> {
    Ok(send_piece(app.receipt_piece(&ctx, &number, &code).await?))
}

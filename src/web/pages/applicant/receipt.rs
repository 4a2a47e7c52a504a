//! Receipts and the pieces that they seal.

use crate::{
    domain::{
        dossier::status::{DepositStatus, receipt_sentence},
        piece::AttachedPiece,
        receipt::Receipt,
        scan::{PieceScans, ScanWarning},
        text::Text,
    },
    web::{
        extract::Path,
        frame::{
            HandlerResult, PageContext, PageRequest,
            answers::Answers,
            manifest::ManifestContent,
            render,
            scan::ScanNote,
            status::{PrintHead, Sentence},
        },
        pages::applicant::open_piece::send_or_warn,
    },
};
use askama::Template;
use axum::{
    http::{HeaderMap, header},
    response::{Html, IntoResponse},
};

/// The receipt as a page, or with `.json` as the file to save.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(number): Path<String>) -> HandlerResult {
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
        ReceiptReader::Owner
    } else if open.names_reader() {
        ReceiptReader::Named
    } else {
        ReceiptReader::Other
    };
    let call = app.call(&open.stored.call)?;
    let page =
        render(&app, &ctx, call, &here, |s| receipt(s, &open.receipt, &open.scans, reader, open.stored.is_current))?;
    Ok(Html(page).into_response())
}

/// A sealed piece.
pub async fn piece(
    request: PageRequest,
    headers: HeaderMap,
    Path((number, code)): Path<(String, String)>,
) -> HandlerResult {
    let opened = request.app.receipt_piece(&request.ctx, &number, &code, ScanWarning::NotShown).await;
    send_or_warn(&request, &headers, &code, opened)
}

/// Renders a receipt.
pub fn receipt(
    s: &PageContext<'_>,
    receipt: &Receipt,
    scans: &PieceScans,
    reader: ReceiptReader,
    is_current: bool,
) -> Result<String, askama::Error> {
    let sealed = ManifestContent::read(s, receipt);
    let statement = &receipt.statement;
    let page = ReceiptPage {
        s,
        r: receipt,
        sealed: &sealed,
        scans,
        answers: Answers::new(s, &sealed.answers, false),
        reader,
        is_current,
        // A separate sentence says that the receipt was replaced, so that a page left open can show it too.
        sentence: Sentence::new(s, receipt_sentence(s.call, &statement.number, statement.received_at(), true)),
        print_head: sealed.print_head(s, statement, is_current),
        superseded: DepositStatus::superseded_notice(),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "pages/applicant/receipt.html")]
pub struct ReceiptPage<'a> {
    s: &'a PageContext<'a>,
    r: &'a Receipt,
    sealed: &'a ManifestContent<'a>,
    scans: &'a PieceScans,
    answers: Answers<'a>,
    reader: ReceiptReader,
    is_current: bool,
    sentence: Sentence<'a>,
    print_head: PrintHead<'a>,
    superseded: Text,
}

/// The kind of reader of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptReader {
    /// The owner.
    Owner,
    /// A reader whose copies of the pieces carry a watermark with their name.
    Named,
    /// Any other reader, who gets the pieces unchanged.
    Other,
}

impl ReceiptPage<'_> {
    fn owner(&self) -> bool {
        self.reader == ReceiptReader::Owner
    }
    fn named(&self) -> bool {
        self.reader == ReceiptReader::Named
    }
    fn scan_note(&self, piece: &AttachedPiece) -> Option<ScanNote<'_>> {
        ScanNote::new(self.s, self.scans, &piece.sha256)
    }
    fn first(&self) -> bool {
        self.r.statement.previous == crate::domain::receipt::GENESIS
    }
    fn context(&self, name: &str) -> &str {
        self.r.manifest["context"][name].as_str().unwrap_or_default()
    }
}

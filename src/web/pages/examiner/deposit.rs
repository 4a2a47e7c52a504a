//! One deposit, as those who examine or evaluate it see it.

use crate::{
    domain::{
        calendar::Round,
        company_register::{Comparison, DatedRecord, compare},
        document::Document,
        dossier::status::receipt_sentence,
        evaluation::Evaluation,
        finding::{Finding, Severity, and_more, shown},
        piece::AttachedPiece,
        receipt::Receipt,
        scan::PieceScans,
        text::Text,
    },
    store::deposit::Version,
    web::{
        frame::{
            PageContext,
            answers::Answers,
            manifest::ManifestContent,
            money::Verdicts,
            scan::ScanNote,
            status::{PrintHead, Sentence},
        },
        pages::examiner::{
            examination::{Examination, ExaminationBox},
            register::RegisterBox,
        },
    },
};
use askama::Template;
use std::borrow::Cow;

/// A deposit.
#[derive(Clone, Copy, Debug)]
pub struct Deposit<'a> {
    /// The receipt with everything that was deposited.
    pub receipt: &'a Receipt,
    /// The answers in it.
    pub answers: &'a Document,
    pub round: &'a Round,
    /// Every version, latest first.
    pub versions: &'a [Version],
    /// The deposited answers, evaluated at the time of the deposit.
    pub evaluation: &'a Evaluation,
    /// The virus scans of its pieces.
    pub scans: &'a PieceScans,
    /// The examination, for those who conduct it.
    pub desk: Option<Examination<'a>>,
    /// The user is an expert or a member of the jury.
    pub evaluates: bool,
    /// What the public register had said of the company, if it was asked.
    pub register: Option<&'a DatedRecord>,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

#[derive(Template)]
#[template(path = "pages/examiner/deposit.html")]
struct DepositPage<'a> {
    s: &'a PageContext<'a>,
    p: &'a Deposit<'a>,
    sealed: &'a ManifestContent<'a>,
    answers: Answers<'a>,
    verdicts: Verdicts<'a>,
    register: Option<RegisterBox<'a>>,
    findings: &'a [Finding],
    more: Option<Text>,
    /// The number of findings to examine, as in the list of the round.
    to_examine: usize,
    desk: Option<ExaminationBox<'a>>,
    sentence: Sentence<'a>,
    print_head: PrintHead<'a>,
}

/// One deposit: what was sealed, and what must be examined.
pub fn deposit_page(s: &PageContext<'_>, page: &Deposit<'_>) -> Result<String, askama::Error> {
    let sealed = ManifestContent::with_answers(s, page.receipt, Cow::Borrowed(page.answers));
    let statement = &page.receipt.statement;
    let (findings, more) = shown(&page.evaluation.findings);
    let compared = page.register.map(|found| compare(s.call, &sealed.answers, &found.record)).unwrap_or_default();
    let same = compared.iter().filter(|answer| answer.comparison == Comparison::Same);
    let source = page.register.map(|found| found.source(&s.zone())).unwrap_or_default();
    DepositPage {
        s,
        p: page,
        sealed: &sealed,
        answers: Answers::new(s, &sealed.answers, false).with_source(same.map(|answer| answer.path.as_str()), &source),
        register: page.register.map(|found| RegisterBox::new(s, found, &compared)),
        verdicts: Verdicts::new(s, page.evaluation),
        findings,
        more: and_more(more),
        to_examine: page.evaluation.examined_count(),
        desk: page.desk.as_ref().map(|desk| ExaminationBox::new(s, desk, page.round)),
        sentence: Sentence::new(s, receipt_sentence(s.call, &statement.number, statement.received_at(), true)),
        print_head: sealed.print_head(s, statement, true),
    }
    .render()
}

impl DepositPage<'_> {
    fn scan_note(&self, piece: &AttachedPiece) -> Option<ScanNote<'_>> {
        ScanNote::new(self.s, self.p.scans, &piece.sha256)
    }
    /// Whether the user may declare a conflict of interests.
    fn declares(&self) -> bool {
        self.p.evaluates || self.p.desk.is_some()
    }
}

//! The printable receipt.

use super::{
    answers::Answers,
    shell::Shell,
    status::{PrintHead, Sentence},
};
use crate::domain::{
    calendar::RoundId,
    document::Document,
    dossier::status::{DepositStatus, sealed as sealed_sentence},
    money::{Cents, Rate},
    piece::Upload,
    receipt::{Receipt, Statement},
    text::Text,
};
use askama::Template;
use jiff::civil::Date;
use serde_json::Value as Json;

/// The contents of a manifest, parsed for display; missing parts are empty.
pub(super) struct ManifestContent {
    pub answers: Document,
    pub pieces: Vec<Upload>,
    pub amounts: Vec<(String, String)>,
    pub project: String,
    pub company: String,
    pub after_deposit: Option<String>,
    pub after_closing: Option<String>,
    pub round: String,
}

impl ManifestContent {
    pub(super) fn read(s: &Shell<'_>, receipt: &Receipt) -> Self {
        let manifest = &receipt.manifest;
        let answers = receipt.answers();
        let mut pieces = receipt.uploads();
        let place = |code: &str| s.call.pieces.iter().position(|piece| piece.code == code);
        pieces.sort_by_key(|upload| place(&upload.code).unwrap_or(usize::MAX));
        let day = |name: &str| {
            let day: Option<Date> = manifest["expenses_from"][name].as_str().and_then(|day| day.parse().ok());
            day.map(|day| s.day(&day))
        };
        let round = manifest["context"]["round"].as_str().unwrap_or_default();
        Self {
            project: answers.text(&s.call.company.project).to_owned(),
            company: answers.text(&s.call.company.name).to_owned(),
            pieces,
            amounts: amounts(s, &manifest["amounts"]),
            after_deposit: day("after_deposit"),
            after_closing: day("after_closing"),
            round: s
                .call
                .round(&RoundId(round.into()))
                .map_or_else(|| round.into(), |found| found.title.get(s.lang).to_owned()),
            answers,
        }
    }
}

impl ManifestContent {
    /// The header of every printed sheet.
    pub(super) fn print_head<'s>(&self, s: &'s Shell<'_>, statement: &Statement, standing: bool) -> PrintHead<'s> {
        let sentence = sealed_sentence(s.call, &statement.number, statement.received_at(), standing);
        PrintHead::sealed(s, &sentence, [self.company.clone(), self.project.clone(), self.round.clone()])
    }
}

/// The amounts, as written by the evaluation.
fn amounts(s: &Shell<'_>, sealed: &Json) -> Vec<(String, String)> {
    type Label = (&'static str, &'static str, &'static str);
    const NAMES: [Label; 6] = [
        ("base", "Assiette éligible", "Eligible base"),
        ("aid", "Aide", "Aid"),
        ("own_share", "Reste à la charge de l’entreprise", "The company’s own share"),
        ("advance", "Avance, au plus", "Advance, at most"),
        ("balance", "Solde", "Balance"),
        ("financed", "Plan de financement", "Financing plan"),
    ];
    let cents = |json: &Json| json.as_i64().map(|cents| s.cents(&Cents(cents)).to_string());
    let costs = sealed["costs"].as_array().into_iter().flatten().filter_map(|line| {
        let id = line["id"].as_str()?;
        let title = s.call.funding.costs.iter().find(|cost| cost.id == id).map_or(id, |cost| cost.title.get(s.lang));
        Some((title.to_owned(), cents(&line["amount"])?))
    });
    let named = NAMES.iter().filter_map(|(name, fr, en)| Some((s.tr(fr, en).to_owned(), cents(&sealed[*name])?)));
    let rate = sealed["effective_rate_ppm"].as_u64().and_then(|ppm| u32::try_from(ppm).ok());
    let rate = rate.map(|ppm| (s.tr("Taux effectif", "Effective rate").to_owned(), Rate(ppm).show()));
    costs.chain(named).chain(rate).collect()
}

#[derive(Template)]
#[template(path = "view/receipt.html")]
struct ReceiptTemplate<'a> {
    s: &'a Shell<'a>,
    r: &'a Receipt,
    sealed: &'a ManifestContent,
    answers: Answers<'a>,
    reader: ReceiptReader,
    standing: bool,
    sentence: Sentence<'a>,
    print_head: PrintHead<'a>,
    replaced: Text,
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

/// A receipt.
pub fn receipt(
    s: &Shell<'_>,
    receipt: &Receipt,
    reader: ReceiptReader,
    standing: bool,
) -> Result<String, askama::Error> {
    let sealed = ManifestContent::read(s, receipt);
    let statement = &receipt.statement;
    let page = ReceiptTemplate {
        s,
        r: receipt,
        sealed: &sealed,
        answers: Answers::new(s, &sealed.answers, false),
        reader,
        standing,
        // A separate sentence says that the receipt was replaced, so that a page left open can show it too.
        sentence: Sentence::new(s, sealed_sentence(s.call, &statement.number, statement.received_at(), true)),
        print_head: sealed.print_head(s, statement, standing),
        replaced: DepositStatus::replaced(),
    };
    page.render()
}

impl ReceiptTemplate<'_> {
    fn owner(&self) -> bool {
        self.reader == ReceiptReader::Owner
    }
    fn named(&self) -> bool {
        self.reader == ReceiptReader::Named
    }
    fn piece_title(&self, code: &str) -> &str {
        self.s.call.piece(code).map_or("", |piece| piece.title.get(self.s.lang))
    }
    fn first(&self) -> bool {
        self.r.statement.previous == crate::domain::receipt::GENESIS
    }
    fn context(&self, name: &str) -> &str {
        self.r.manifest["context"][name].as_str().unwrap_or_default()
    }
}

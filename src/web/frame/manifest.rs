//! What a receipt seals, for those who may read it.

use crate::{
    domain::{
        calendar::RoundId,
        document::Document,
        dossier::status::receipt_sentence,
        money::{Cents, Rate},
        piece::AttachedPiece,
        receipt::{Receipt, Statement},
    },
    web::frame::{PageContext, status::PrintHead},
};
use jiff::civil::Date;
use serde_json::Value as Json;
use std::borrow::Cow;

/// The contents of a manifest, parsed for display; missing parts are empty.
pub struct ManifestContent<'a> {
    pub answers: Cow<'a, Document>,
    pub pieces: Vec<AttachedPiece>,
    pub amounts: Vec<(String, String)>,
    pub project: String,
    pub company: String,
    pub after_deposit: Option<String>,
    pub after_closing: Option<String>,
    pub round: String,
}

impl<'a> ManifestContent<'a> {
    pub fn read(s: &PageContext<'_>, receipt: &Receipt) -> Self {
        Self::with_answers(s, receipt, Cow::Owned(receipt.answers()))
    }

    /// The contents of a manifest whose answers were read from it before.
    pub fn with_answers(s: &PageContext<'_>, receipt: &Receipt, answers: Cow<'a, Document>) -> Self {
        let manifest = &receipt.manifest;
        let mut pieces = receipt.pieces();
        let place = |code: &str| s.call.pieces.iter().position(|piece| piece.code == code);
        pieces.sort_by_key(|piece| place(&piece.code).unwrap_or(usize::MAX));
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

    /// The header of every printed sheet.
    pub fn print_head<'s>(&self, s: &'s PageContext<'_>, statement: &Statement, is_current: bool) -> PrintHead<'s> {
        let sentence = receipt_sentence(s.call, &statement.number, statement.received_at(), is_current);
        PrintHead::new(s, &sentence, [self.company.clone(), self.project.clone(), self.round.clone()])
    }
}

/// The amounts, as written by the evaluation.
fn amounts(s: &PageContext<'_>, sealed: &Json) -> Vec<(String, String)> {
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
    let rate = rate.map(|ppm| (s.tr("Taux effectif", "Effective rate").to_owned(), Rate(ppm).show(*s.lang)));
    costs.chain(named).chain(rate).collect()
}

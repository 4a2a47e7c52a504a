//! Test data of the domain: both calls, and the sample dossiers at an instant at which they are valid.

use super::{
    calendar::{Round, RoundId},
    call::{Call, load, load_rounds},
    document::{Document, Row, Value},
    evaluation::{DepositContext, Evaluation},
    finding::Severity,
    folder,
    piece::AttachedPiece,
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use std::{collections::BTreeSet, sync::LazyLock};

pub const HYPER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/calls/hyper-open-x.toml"));
pub const PETIT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/calls/petit-pas.toml"));
const HYPER_DOSSIER: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/hyper-open-x/dossier.toml"));
const PETIT_DOSSIER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/petit-pas/dossier.toml"));
const ROUNDS: &str = r#"
    [[rounds]]
    call = "hyper-open-x"
    id = "demonstration"
    title = { fr = "Essai", en = "Trial" }
    opens_at = "2026-01-01T00:00:00"
    closes_at = "2027-01-01T00:00:00"
    envelope_cents = 100_000_000
    bricks = ["slapos", "sozu", "repman"]
    demonstration = true

    [[rounds]]
    call = "another"
    id = "elsewhere"
    title = { fr = "Ailleurs", en = "Elsewhere" }
    envelope_cents = 0
"#;

/// The day on which the sample is evaluated and deposited.
pub const TODAY: Date = date(2026, 11, 23);

/// Hyper Open X with an additional open round.
pub static CALL: LazyLock<Call> = LazyLock::new(|| {
    let mut call = load("hyper-open-x.toml", HYPER).unwrap_or_else(|error| unreachable!("{error}"));
    load_rounds(&mut call, "rounds.toml", ROUNDS).unwrap_or_else(|error| unreachable!("{error}"));
    call
});

/// The second call.
pub static SMALL: LazyLock<Call> =
    LazyLock::new(|| load("petit-pas.toml", PETIT).unwrap_or_else(|error| unreachable!("{error}")));

/// Parses an instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

/// A dossier ready to be deposited.
#[derive(Clone)]
pub struct Sample {
    pub call: &'static Call,
    pub round: Round,
    pub document: Document,
    pub pieces: Vec<AttachedPiece>,
    pub others: u32,
    pub now: Timestamp,
}

impl Sample {
    /// The sample of Hyper Open X.
    pub fn new() -> Self {
        Self::read(&CALL, HYPER_DOSSIER)
    }
    /// The sample of the second call.
    pub fn small() -> Self {
        Self::read(&SMALL, PETIT_DOSSIER)
    }

    fn read(call: &'static Call, text: &str) -> Self {
        let folder = folder::parse(text, TODAY).unwrap_or_else(|error| unreachable!("{error}"));
        let document = Document::from_json(call, &folder.answers).unwrap_or_else(|faults| unreachable!("{faults:?}"));
        let round = call.round(&folder.round).unwrap_or_else(|| unreachable!("no round {}", folder.round)).clone();
        let pieces = folder.pieces.iter().enumerate().map(|(index, piece)| AttachedPiece {
            code: piece.code.clone(),
            sha256: format!("{index:064x}"),
            name: piece.file.clone(),
            media: "application/pdf".into(),
            bytes: 2000,
            issued: piece.issued,
            inspection: None,
        });
        assert_eq!(folder.call, call.id);
        Self { call, round, document, pieces: pieces.collect(), others: 0, now: at("2026-11-23T10:00:00Z") }
    }

    /// Sets an answer.
    pub fn with(mut self, path: &str, value: Value) -> Self {
        self.document.set(self.call, path, value).unwrap_or_else(|error| unreachable!("{error}"));
        self
    }
    /// Sets a text, a number or a day.
    pub fn text(self, path: &str, text: &str) -> Self {
        self.with(path, Value::Text(text.into()))
    }
    /// Clears a field.
    pub fn without(mut self, path: &str) -> Self {
        if let Some((section, field)) = path.split_once('.') {
            self.document.0.entry(section.into()).or_default().remove(field);
        }
        self
    }
    /// Replaces a table.
    pub fn rows(self, path: &str, rows: &[&[(&str, &str)]]) -> Self {
        let row = |cells: &&[(&str, &str)]| -> Row {
            cells.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect()
        };
        self.with(path, Value::Rows(rows.iter().map(row).collect()))
    }
    /// Sets one cell.
    pub fn cell(mut self, path: &str, index: usize, column: &str, cell: &str) -> Self {
        if let Some((section, field)) = path.split_once('.')
            && let Some(Value::Rows(rows)) = self.document.0.get_mut(section).and_then(|answers| answers.get_mut(field))
        {
            rows[index].insert(column.into(), cell.into());
        }
        self
    }
    /// Replaces the budget: salaries of one person, one subcontract (none for zero), own money for all of it.
    pub fn budget(self, salaries: &str, subcontract: &str, base: &str) -> Self {
        let supplier: &[&[(&str, &str)]] = &[&[("name", "Tiers"), ("object", "Essais"), ("amount", subcontract)]];
        self.rows("budget.persons", &[&[("profile", "Équipe"), ("months", "1"), ("monthly_cost", salaries)]])
            .rows("budget.subcontracts", if subcontract == "0" { &[] } else { supplier })
            .rows("budget.financing", &[&[("source", "own"), ("amount", base)]])
    }
    /// Sets the time of the deposit.
    pub fn at(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }
    /// Moves the deposit to another round of the call.
    pub fn in_round(mut self, id: &str) -> Self {
        let round = self.call.round(&RoundId(id.into()));
        self.round = round.unwrap_or_else(|| unreachable!("no round {id}")).clone();
        self
    }
    /// Adds a piece issued on a day.
    pub fn piece(mut self, code: &str, issued: Option<Date>) -> Self {
        self.pieces.retain(|upload| upload.code != code);
        let (name, media) = (format!("{code}.pdf"), "application/pdf".into());
        let sha256 = format!("{:064x}", code.len());
        self.pieces.push(AttachedPiece { code: code.into(), sha256, name, media, bytes: 1, issued, inspection: None });
        self
    }
    /// Removes a piece.
    pub fn lacking(mut self, code: &str) -> Self {
        self.pieces.retain(|upload| upload.code != code);
        self
    }

    pub fn evaluate(&self) -> Evaluation {
        let Self { call, round, pieces, others, now, .. } = self;
        let context = DepositContext { call, round, pieces, other_deposits: *others, received_at: *now };
        context.evaluate(&self.document)
    }
    /// The rules with findings of a severity.
    pub fn found(&self, severity: Severity) -> BTreeSet<String> {
        let findings = self.evaluate().findings.into_iter();
        findings.filter(|finding| finding.severity == severity).map(|finding| finding.rule).collect()
    }
    /// The rules that block.
    pub fn blocking(&self) -> BTreeSet<String> {
        self.found(Severity::Blocking)
    }
    /// `rule path` of every blocking finding.
    pub fn blocking_paths(&self) -> Vec<String> {
        self.evaluate().blocking().map(|finding| format!("{} {}", finding.rule, finding.path)).collect()
    }
}

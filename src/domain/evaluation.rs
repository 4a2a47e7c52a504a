//! A dossier against its call at an instant: all findings and all amounts, the same for the simulator, the editor, the
//! deposit and the interfaces. Ids such as X-4 are those of `calls/hyper-open-x.toml`.

mod amounts;
mod checks;
mod de_minimis;
mod difficulty;
mod pieces;
mod sme;

pub use amounts::Amounts;
use amounts::Unreadable;
pub use de_minimis::DeMinimisVerdict;
pub use difficulty::DifficultyVerdict;
pub use sme::SmeVerdict;

use super::{
    answers::Answers,
    calendar::{Round, day},
    call::{Call, Check, Rule, RuleCheck},
    document::Document,
    finding::{Finding, Severity},
    piece::AttachedPiece,
    text::Text,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

/// Everything outside a dossier that a deposit of it is evaluated by.
#[derive(Clone, Copy, Debug)]
pub struct DepositContext<'a> {
    pub call: &'a Call,
    pub round: &'a Round,
    /// The attached pieces.
    pub pieces: &'a [AttachedPiece],
    /// Other deposited dossiers of the company in the round.
    pub other_deposits: u32,
    /// When the request was complete.
    pub received_at: Timestamp,
}

impl DepositContext<'_> {
    /// Evaluates answers as a deposit.
    #[must_use]
    pub fn evaluate(&self, answers: &Document) -> Evaluation {
        let Self { call, round, pieces, other_deposits, received_at } = *self;
        evaluate_extent(call, answers, Extent::Deposit, received_at, Some(round), Some(pieces), other_deposits)
    }
}

/// Evaluates answers outside a dossier as a deposit. Without a round its dates are not evaluated, without uploads no piece is.
#[must_use]
pub fn evaluate(
    call: &Call,
    answers: &Document,
    round: Option<&Round>,
    pieces: Option<&[AttachedPiece]>,
    now: Timestamp,
) -> Evaluation {
    evaluate_extent(call, answers, Extent::Deposit, now, round, pieces, 0)
}

/// Evaluates the few answers of the public simulator.
#[must_use]
pub fn simulate(call: &Call, answers: &Document, now: Timestamp) -> Evaluation {
    evaluate_extent(call, answers, Extent::Simulator, now, None, None, 0)
}

/// How many findings a deposit has when its company has other deposits in the round, whatever their number (rule ELI-4 of
/// `calls/hyper-open-x.toml`).
pub fn findings_of_other_deposits(call: &Call) -> usize {
    let checks = call.rules.iter().flat_map(|rule| &rule.checks);
    checks.filter(|check| matches!(check.check, Check::OnlyDossier) && check.severity != Severity::Info).count()
}

/// How much is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Everything a deposit needs.
    Deposit,
    /// The rules that the public simulator can evaluate from its few answers.
    Simulator,
}

/// What an evaluation found.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Every finding, blocking ones first, then in the order of the form.
    pub findings: Vec<Finding>,
    /// Base, aid and shares, in cents.
    pub amounts: Amounts,
    /// The SME test, when its figures are there.
    pub sme: Option<SmeVerdict>,
    /// The difficulty test, when its figures are there.
    pub difficulty: Option<DifficultyVerdict>,
    /// Aid already received, when the call counts it.
    pub de_minimis: Option<DeMinimisVerdict>,
    /// First days from which expenses count under the interpretations of X-4.
    pub expense_dates: ExpenseDates,
    /// The answers in normal form, which a receipt seals.
    #[serde(skip)]
    pub document: Document,
}

/// The candidate first days of expenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ExpenseDates {
    /// The day after the deposit: the reading applied.
    pub after_deposit: Date,
    /// The day on which the round is closed, as one sentence of the call has it.
    pub after_closing: Option<Date>,
}

impl Evaluation {
    /// Findings that refuse the deposit.
    pub fn blocking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Blocking)
    }
    /// How many findings refuse the deposit.
    pub fn blocking_count(&self) -> usize {
        self.blocking().count()
    }
    /// How many findings an officer examines: all but those that are only good to know.
    pub fn examined_count(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity != Severity::Info).count()
    }
}

/// Everything a check may look at.
struct Case<'a> {
    call: &'a Call,
    answers: &'a Answers,
    /// The instant that is held against every date.
    now: Timestamp,
    round: Option<&'a Round>,
    /// Uploaded pieces; none means that pieces are not evaluated.
    pieces: Option<&'a [AttachedPiece]>,
    /// Other deposited dossiers of the company in the round.
    other_deposits: u32,
    zone: TimeZone,
    today: Date,
    amounts: &'a Amounts,
    unreadable: Unreadable,
    sme: Option<&'a SmeVerdict>,
    difficulty: Option<&'a DifficultyVerdict>,
    de_minimis: Option<&'a DeMinimisVerdict>,
}

/// Where a check failed and the values for its message.
struct CheckFailure {
    path: String,
    values: Vec<(&'static str, Text)>,
}

/// Pure: the same arguments give the same result for ever.
fn evaluate_extent(
    call: &Call,
    document: &Document,
    extent: Extent,
    now: Timestamp,
    round: Option<&Round>,
    pieces: Option<&[AttachedPiece]>,
    other_deposits: u32,
) -> Evaluation {
    let zone = call.time_zone();
    let today = day(now, &zone);
    let (answers, mut findings) = Answers::read(call, document);
    if extent == Extent::Simulator {
        // The simulator asks a few questions: what it does not ask cannot be missing, what is typed can be unreadable.
        findings.retain(|finding| {
            call.field(finding.field()).is_some_and(|field| field.simulator) && !answers.is_empty(finding.field())
        });
    }
    let sme = sme::evaluate(call, &answers);
    let difficulty = difficulty::evaluate(call, &answers, sme.as_ref(), today);
    let de_minimis = de_minimis::evaluate(call, &answers, today);
    let amounts = amounts::compute(call, &answers, de_minimis.as_ref());
    let case = Case {
        call,
        answers: &answers,
        now,
        round,
        pieces,
        other_deposits,
        zone: zone.clone(),
        today,
        amounts: &amounts,
        unreadable: Unreadable::find(call, &answers),
        sme: sme.as_ref(),
        difficulty: difficulty.as_ref(),
        de_minimis: de_minimis.as_ref(),
    };
    for rule in &call.rules {
        for check in &rule.checks {
            if extent == Extent::Deposit || check.simulator {
                findings
                    .extend(checks::fail(&case, &check.check).into_iter().map(|failure| found(rule, check, failure)));
            }
        }
    }
    if extent == Extent::Deposit && pieces.is_some() {
        findings.extend(pieces::findings(&case, document));
    }
    order(call, &mut findings);
    let expense_dates = ExpenseDates {
        after_deposit: today.tomorrow().unwrap_or(today),
        after_closing: round.and_then(|round| round.window).map(|window| day(window.closes, &zone)),
    };
    Evaluation { findings, sme, difficulty, de_minimis, expense_dates, amounts, document: answers.document().clone() }
}

fn found(rule: &Rule, check: &RuleCheck, failure: CheckFailure) -> Finding {
    let message =
        failure.values.iter().fold(check.message.clone(), |text, (name, value)| text.with(name, &value.fr, &value.en));
    Finding {
        rule: rule.id.clone(),
        severity: check.severity,
        path: failure.path,
        message,
        interpretation: rule.interpretation.clone(),
    }
}

/// Blocking first; within a severity in the order of the form, pieces after it, the whole dossier last.
fn order(call: &Call, findings: &mut [Finding]) {
    let place = |finding: &Finding| {
        let section = call.sections.iter().position(|section| section.id == finding.section());
        let field = section.and_then(|index| {
            let name = finding.field().split_once('.').map(|(_, field)| field);
            call.sections[index].fields.iter().position(|field| Some(field.id.as_str()) == name)
        });
        let piece = finding
            .path
            .strip_prefix("pieces.")
            .and_then(|code| call.pieces.iter().position(|piece| piece.code == code));
        (finding.severity, section.unwrap_or(usize::MAX - usize::from(piece.is_some())), field, piece)
    };
    findings.sort_by_cached_key(place);
}

#[cfg(test)]
mod tests;

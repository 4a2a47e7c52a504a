//! Parses a definition into a [`Call`]: unknown keys are rejected with file, line and key, then cross-references are
//! checked.

use super::{Call, Check, CostAmount, Field, FieldKind, faq::unknown_placeholders};
use crate::domain::{
    calendar::{Round, Window, instant},
    finding::Severity,
    text::Text,
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Why a definition cannot be used; the message names the file, and the place or every contradiction.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Invalid TOML or unexpected structure: the message gives line, column and key.
    #[error("{file}: {message}")]
    Parse {
        file: String,
        /// Place and reason.
        message: String,
    },
    /// Well-formed, but inconsistent.
    #[error("{file}: {}", .faults.join("; "))]
    Faults {
        file: String,
        /// All inconsistencies.
        faults: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoundsFile {
    rounds: Vec<ForeignRound>,
}

#[derive(Deserialize)]
struct ForeignRound {
    call: String,
    #[serde(flatten)]
    round: toml::Table,
}

/// Parses a definition.
pub fn load(file: &str, text: &str) -> Result<Call, LoadError> {
    let parse = |error: toml::de::Error| LoadError::Parse { file: file.into(), message: error.to_string() };
    let mut call: Call = toml::from_str(text).map_err(parse)?;
    finish(&mut call, file)?;
    Ok(call)
}

/// Adds the rounds for this call from a separate file, such as a demonstration's.
pub fn load_rounds(call: &mut Call, file: &str, text: &str) -> Result<(), LoadError> {
    let parse = |error: toml::de::Error| LoadError::Parse { file: file.into(), message: error.to_string() };
    let rounds: RoundsFile = toml::from_str(text).map_err(parse)?;
    for foreign in rounds.rounds.into_iter().filter(|foreign| foreign.call == call.id) {
        call.rounds.push(foreign.round.try_into::<Round>().map_err(parse)?);
    }
    finish(call, file)
}

fn finish(call: &mut Call, file: &str) -> Result<(), LoadError> {
    let mut faults = Vec::new();
    call.add_portal_terms();
    resolve_windows(call, &mut faults);
    faults.extend(Crosscheck { call }.faults());
    if faults.is_empty() { Ok(()) } else { Err(LoadError::Faults { file: file.into(), faults }) }
}

fn resolve_windows(call: &mut Call, faults: &mut Vec<String>) {
    let Ok(zone) = TimeZone::get(&call.zone) else {
        faults.push(format!("zone: {} is not a time zone", call.zone));
        return;
    };
    for round in &mut call.rounds {
        round.window = match (round.opens_at, round.closes_at) {
            (Some(opens), Some(closes)) => match (instant(opens, &zone), instant(closes, &zone)) {
                (Ok(opens), Ok(closes)) if opens < closes => Some(Window { opens, closes }),
                _ => {
                    faults.push(format!("round {}: it closes before it opens", round.id));
                    None
                }
            },
            (None, None) => None,
            _ => {
                faults.push(format!("round {}: give both opens_at and closes_at, or neither", round.id));
                None
            }
        };
    }
}

struct Crosscheck<'a> {
    call: &'a Call,
}

impl Crosscheck<'_> {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.call.retention.as_ref().is_some_and(Text::incomplete) {
            faults.push("retention: a text is missing in one language".to_owned());
        }
        faults.extend(self.twice("round", self.call.rounds.iter().map(|round| round.id.0.as_str())));
        faults.extend(self.twice("section", self.call.sections.iter().map(|section| section.id.as_str())));
        faults.extend(self.twice("piece", self.call.pieces.iter().map(|piece| piece.code.as_str())));
        faults.extend(self.twice("rule", self.call.rules.iter().map(|rule| rule.id.as_str())));
        faults.extend(self.twice("brick", self.call.bricks.iter().map(|brick| brick.slug.as_str())));
        faults.extend(self.twice("interpretation", self.call.interpretations.iter().map(|x| x.id.as_str())));
        faults.extend(self.twice("term", self.call.glossary.iter().map(|term| term.id.as_str())));
        let incomplete = self.call.glossary.iter().filter(|term| term.incomplete());
        faults.extend(incomplete.map(|term| format!("term {}: a text is missing in one language", term.id)));
        for section in &self.call.sections {
            faults
                .extend(self.twice(&format!("field of {}", section.id), section.fields.iter().map(|f| f.id.as_str())));
            for field in &section.fields {
                faults.extend(self.field(&section.id, field));
            }
        }
        self.paths(&mut faults);
        self.references(&mut faults);
        for entry in &self.call.faq {
            let unknown = unknown_placeholders(&entry.answer);
            faults.extend(unknown.iter().map(|name| format!("faq {}: nothing fills {{{name}}}", entry.id)));
        }
        faults
    }

    fn twice<'b>(&self, what: &str, ids: impl Iterator<Item = &'b str>) -> Vec<String> {
        let mut seen = BTreeSet::new();
        ids.filter(|id| !seen.insert(*id)).map(|id| format!("{what} {id} stands twice")).collect()
    }

    fn field(&self, section: &str, field: &Field) -> Vec<String> {
        let mut faults = Vec::new();
        let path = format!("{section}.{}", field.id);
        let choice = matches!(field.kind, FieldKind::Choice | FieldKind::Choices);
        if choice == field.options.is_empty() {
            faults.push(format!("{path}: options belong to choice and choices, and to nothing else"));
        }
        if (field.kind == FieldKind::Table) == field.columns.is_empty() {
            faults.push(format!("{path}: columns belong to tables, and to nothing else"));
        }
        if !field.fixed_rows.is_empty() && !field.columns.iter().any(|column| column.id == "row") {
            faults.push(format!("{path}: a grid needs a column named row"));
        }
        if field.offered.is_some()
            && matches!(field.kind, FieldKind::Choices | FieldKind::Declaration | FieldKind::Table)
        {
            faults.push(format!("{path}: only a scalar has an answer to offer"));
        }
        if field.register.is_some_and(|value| !value.fits(field.kind)) {
            faults.push(format!("{path}: the register has another kind of value than this field takes"));
        }
        if field.label.incomplete() || field.help.as_ref().is_some_and(Text::incomplete) {
            faults.push(format!("{path}: a text is missing in one language"));
        }
        faults
    }

    fn has(&self, path: &str) -> bool {
        self.call.field(path).is_some()
    }

    fn paths(&self, faults: &mut Vec<String>) {
        let mut paths: Vec<(String, &str)> = Vec::new();
        let company = &self.call.company;
        paths.extend([&company.siret, &company.name, &company.project].map(|path| ("company".into(), path.as_str())));
        if let Some(sme) = &company.sme {
            let all = sme.staff.iter().chain(&sme.turnover).chain(&sme.balance).chain([&sme.links, &sme.public_share]);
            paths.extend(all.map(|path| ("company.sme".to_owned(), path.as_str())));
        }
        if let Some(health) = &company.difficulty {
            let single = [
                &health.family, &health.created, &health.capital, &health.premiums, &health.proceedings, &health.rescue,
            ];
            let pairs = health.debts.iter().chain(&health.equity).chain(&health.ebitda).chain(&health.interest);
            let all = single.into_iter().chain(&health.own_funds).chain(pairs);
            paths.extend(all.map(|path| ("company.difficulty".to_owned(), path.as_str())));
        }
        paths.extend(company.de_minimis.iter().map(|fields| ("company.de_minimis".to_owned(), fields.table.as_str())));
        paths.extend(self.call.funding.financing.iter().map(|at| ("funding.financing".to_owned(), at.table.as_str())));
        for cost in &self.call.funding.costs {
            if let CostAmount::Product { table, .. } | CostAmount::Sum { table, .. } = &cost.amount {
                paths.push((format!("cost {}", cost.id), table));
            }
        }
        for piece in &self.call.pieces {
            paths.extend(piece.exemption.iter().map(|path| (format!("piece {}", piece.code), path.as_str())));
            paths.extend(piece.when.iter().map(|when| (format!("piece {}", piece.code), when.field.as_str())));
        }
        for section in &self.call.sections {
            for field in &section.fields {
                paths.extend(field.when.iter().map(|when| (format!("field {}", field.id), when.field.as_str())));
            }
        }
        for rule in &self.call.rules {
            for check in &rule.checks {
                // A refusal would reveal to anyone who types a company's number whether that company has deposited.
                if matches!(check.check, Check::OnlyDossier) && check.severity == Severity::Blocking {
                    faults.push(format!("rule {}: only_dossier may warn, and not block", rule.id));
                }
                paths.extend(check_paths(&check.check).into_iter().map(|path| (format!("rule {}", rule.id), path)));
            }
        }
        faults.extend(
            paths
                .into_iter()
                .filter(|(_, path)| !self.has(path))
                .map(|(who, path)| format!("{who}: the form has no {path}")),
        );
    }

    fn references(&self, faults: &mut Vec<String>) {
        let call = self.call;
        let fields = call.sections.iter().flat_map(|section| &section.fields);
        let rules = call
            .pieces
            .iter()
            .map(|piece| &piece.rule)
            .chain(call.funding.costs.iter().map(|cost| &cost.rule))
            .chain(fields.clone().filter_map(|field| field.rule.as_ref()))
            .chain(call.faq.iter().flat_map(|question| &question.rules))
            .chain(call.rounds.iter().flat_map(|round| &round.rules));
        faults.extend(rules.filter(|id| call.rule(id).is_none()).map(|id| format!("there is no rule {id}")));
        let readings = call
            .rules
            .iter()
            .filter_map(|rule| rule.interpretation.as_ref())
            .chain(fields.filter_map(|field| field.interpretation.as_ref()))
            .chain(call.pieces.iter().filter_map(|piece| piece.interpretation.as_ref()))
            .chain(call.rounds.iter().filter_map(|round| round.interpretation.as_ref()))
            .chain(call.bricks.iter().flat_map(|brick| &brick.interpretations));
        let known = |id: &String| call.interpretations.iter().any(|interpretation| interpretation.id == *id);
        faults.extend(readings.filter(|id| !known(id)).map(|id| format!("there is no interpretation {id}")));
        let sections = call.pieces.iter().flat_map(|piece| &piece.sections);
        faults.extend(sections.filter(|id| call.section(id).is_none()).map(|id| format!("there is no section {id}")));
        let components = call.criteria.iter().flat_map(|criterion| &criterion.components);
        let informing = components.map(|component| &component.informed_by);
        faults.extend(
            informing.filter(|code| call.piece(code).is_none()).map(|code| format!("there is no piece {code}")),
        );
        let bricks = call.rounds.iter().flat_map(|round| &round.bricks);
        faults.extend(bricks.filter(|slug| call.brick(slug).is_none()).map(|slug| format!("there is no brick {slug}")));
    }
}

/// The form paths that a check reads.
fn check_paths(check: &Check) -> Vec<&str> {
    match check {
        Check::NotAfterDeposit { field }
        | Check::Equals { field, .. }
        | Check::OneOf { field, .. }
        | Check::AtLeast { field, .. }
        | Check::BrickOpen { field }
        | Check::AfterDeposit { field }
        | Check::ShareExplained { field, .. }
        | Check::AidAsked { field }
        | Check::AtLeastValue { field, .. }
        | Check::NotOlderThan { field, .. } => vec![field],
        Check::AnyOf { fields } => fields.iter().map(String::as_str).collect(),
        Check::NoCell { at, .. } | Check::SameSiren { at } => vec![&at.table],
        Check::Duration { start, end } => vec![start, end],
        Check::MinBase
        | Check::ShareBelow { .. }
        | Check::FinancingBalanced
        | Check::Sme
        | Check::SmeReadingsAgree
        | Check::NotInDifficulty
        | Check::DeMinimisHeadroom
        | Check::OnlyDossier
        | Check::RoundOpen => Vec::new(),
    }
}

//! A version of a dossier as it is written: its row and its summary for lists.

use super::siren;
use crate::{
    domain::{
        call::Call,
        document::Value,
        dossier::Dossier,
        evaluation::Evaluation,
        ids::{AccountId, AttemptId},
        receipt::Receipt,
    },
    store::deposit::{NewDeposit, Summary},
};

/// A version to be written: its receipt, and the data it was evaluated by.
pub(super) struct VersionRecord<'a> {
    pub call: &'a Call,
    pub dossier: Dossier,
    pub depositor: AccountId,
    pub attempt: AttemptId,
    pub summary: Summary,
    pub receipt: Receipt,
    /// The receipt as text.
    pub text: String,
}

impl VersionRecord<'_> {
    /// The rows that it becomes.
    pub fn rows(&self) -> NewDeposit<'_> {
        NewDeposit {
            summary: &self.summary,
            call: &self.call.id,
            round: &self.dossier.round,
            account: self.depositor,
            attempt: self.attempt,
            receipt: &self.receipt,
            text: &self.text,
        }
    }
}

/// The summary of a version for lists. `warnings` is the number of findings that an officer examines, without those that
/// depend on other deposits.
pub(super) fn summary(
    call: &Call,
    dossier: &Dossier,
    evaluation: &Evaluation,
    warnings: u32,
    receipt: &Receipt,
) -> Summary {
    let short = |text: &str| text.chars().take(250).collect::<String>();
    let answers = &evaluation.document;
    let slugs: Vec<&str> = call.bricks.iter().map(|brick| brick.slug.as_str()).collect();
    // The field of bricks is found by its choices, because its name depends on the call.
    let bricks = call
        .sections
        .iter()
        .flat_map(|section| section.fields.iter().map(move |field| (section, field)))
        .find(|(_, field)| {
            !field.options.is_empty() && field.options.iter().all(|option| slugs.contains(&option.id.as_str()))
        })
        .and_then(|(section, field)| answers.get(&format!("{}.{}", section.id, field.id)));
    let bricks = match bricks {
        Some(Value::Choices(chosen)) => chosen.join(" "),
        _ => String::new(),
    };
    Summary {
        dossier: dossier.id,
        version: receipt.statement.version,
        receipt: receipt.statement.number.clone(),
        siren: siren(call, dossier),
        company: short(answers.text(&call.company.name)),
        title: short(answers.text(&call.company.project)),
        bricks,
        base: evaluation.amounts.base,
        aid: evaluation.amounts.aid,
        warnings,
        at: receipt.statement.instants.received_at(),
    }
}

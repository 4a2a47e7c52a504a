//! Writes a version of a dossier: its row, its pieces and its summary for lists.

use crate::app::dossier::deposit::siren;
use crate::{
    app::AppError,
    domain::{
        document::Value,
        dossier::{Deposit, Dossier},
        evaluation::{DepositContext, Evaluation},
        ids::{AccountId, AttemptId},
        receipt::Receipt,
    },
    store::{
        Connection,
        deposit::{self, NewDeposit, Summary},
        dossier,
    },
};

/// A version to be written: its receipt, and the data it was evaluated by.
pub(super) struct VersionRecord<'a> {
    pub context: DepositContext<'a>,
    pub dossier: &'a Dossier,
    pub depositor: AccountId,
    pub attempt: AttemptId,
    pub evaluation: Evaluation,
    /// Number of findings that an officer examines, without those that depend on other deposits.
    pub warnings: u32,
    pub receipt: Receipt,
}

impl VersionRecord<'_> {
    /// Writes the version and makes it the current one.
    pub async fn record(&self, db: &mut Connection) -> Result<(), AppError> {
        let Self { context, dossier, receipt, .. } = self;
        let summary = self.summary();
        let pieces: Vec<_> = context.pieces.iter().map(|piece| (piece.code.clone(), piece.sha256.clone())).collect();
        let text = serde_json::to_string(receipt).map_err(|error| AppError::Internal(std::io::Error::other(error)))?;
        let new = NewDeposit {
            summary: &summary,
            call: &context.call.id,
            round: &dossier.round,
            account: self.depositor,
            attempt: self.attempt,
            receipt,
            text: &text,
            pieces: &pieces,
        };
        deposit::insert(db, &new).await?;
        let current = Deposit {
            version: receipt.statement.version,
            receipt: receipt.statement.number.clone(),
            at: context.received_at,
            revision: dossier.revision,
        };
        dossier::set_deposit(db, dossier.id, &current).await?;
        Ok(())
    }

    /// The summary for lists.
    fn summary(&self) -> Summary {
        let Self { context: DepositContext { call, received_at, .. }, dossier, evaluation, receipt, .. } = self;
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
            warnings: self.warnings,
            at: *received_at,
        }
    }
}

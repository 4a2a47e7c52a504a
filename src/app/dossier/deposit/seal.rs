//! Seals the deposits of a batch as links of the chain, and writes them.

use super::{
    DepositOutcome, DraftChanged, closing,
    pending::{Answer, PendingDeposit, SealingMode},
    prepare::PreparedDeposit,
    version::{VersionRecord, summary},
};
use crate::app::{
    App, AppError,
    service::mail::{Concern, EmailMessage, Letter},
};
use crate::{
    domain::{
        calendar::{show_instant, with_zone},
        dossier::PreparedVersion,
        event::{Event, EventKind},
        ids::DossierId,
        receipt::{self, FORMAT, Instants, Receipt, Statement},
    },
    store::{
        Connection,
        deposit::{self, NewDeposit},
        dossier,
        journal::{self, ChainHead, LockedHeads},
        outbox,
    },
};
use jiff::Timestamp;
use std::{collections::BTreeMap, io, sync::Arc};
use uuid::Uuid;

/// Everything that is written of one deposit.
struct DepositRecord<'a> {
    /// Its place in the batch.
    place: usize,
    version: VersionRecord<'a>,
    /// Id of its mail.
    job: Uuid,
    message: EmailMessage,
    event: Event,
}

impl App {
    /// Seals the deposits of a batch, in their order, and writes them. Each has its answer; none waits for another one's
    /// evaluation while the head of the chain is locked.
    pub(super) async fn seal_batch(
        &self,
        db: &mut Connection,
        deposits: &[Arc<PendingDeposit>],
        mode: SealingMode,
    ) -> Result<Vec<Answer>, AppError> {
        let mut answers: Vec<Answer> = deposits.iter().map(|_| Answer::Deferred).collect();
        let prepared = self.prepare_batch(db, deposits, mode, &mut answers).await?;
        let records = match prepared.is_empty() {
            true => Vec::new(),
            false => self.seal_in_order(db, prepared, &mut answers).await?,
        };
        if records.is_empty() && answers.iter().any(|answer| matches!(answer, Answer::Decided(Ok(_)))) {
            self.store.confirm_what_was_found(db).await?;
        }
        for record in records {
            let receipt = record.version.receipt.statement.number;
            let new = DepositOutcome { receipt, new: true, is_current: true, draft_unchanged: true };
            answers[record.place] = Answer::Decided(Ok(new));
        }
        Ok(answers)
    }

    /// Seals the deposits that can be, writes them, and returns them. Whoever is refused has the answer.
    async fn seal_in_order<'a>(
        &self,
        db: &mut Connection,
        prepared: Vec<PreparedDeposit<'a>>,
        answers: &mut [Answer],
    ) -> Result<Vec<DepositRecord<'a>>, AppError> {
        // Other deposits wait from here on, so nothing slow may follow.
        let heads = journal::lock_chain_heads(db).await?;
        let (mut head, mut last_sealed_at, mut records) = (heads.receipts.clone(), heads.sealed_at, Vec::new());
        for deposit in prepared {
            let place = deposit.place;
            match self.seal(deposit, &head, last_sealed_at) {
                Ok(record) => {
                    let statement = &record.version.receipt.statement;
                    head = ChainHead { sequence: statement.sequence, link: statement.digest() };
                    last_sealed_at = Some(statement.sealed_at());
                    records.push(record);
                }
                Err(refusal) => answers[place] = Answer::Decided(Err(refusal)),
            }
        }
        if let Some(sealed_at) = last_sealed_at.filter(|_| !records.is_empty()) {
            write(db, &heads, &records, self.clock()).await?;
            let journal = insert_events(db, &heads, &records).await?;
            journal::advance_chain_heads(db, &head, sealed_at, &journal).await?;
        }
        Ok(records)
    }

    /// Seals one deposit as the link that follows the head of the chain.
    fn seal<'a>(
        &self,
        prepared: PreparedDeposit<'a>,
        head: &ChainHead,
        last_sealed_at: Option<Timestamp>,
    ) -> Result<DepositRecord<'a>, AppError> {
        let PreparedDeposit { place, pending, call, round, dossier, version, warnings } = prepared;
        let PendingDeposit { ctx, request, .. } = pending;
        let PreparedVersion { version, manifest, part_digests, evaluation } = version;
        let instants = Instants::at_sealing(ctx.now, ctx.clock.now(), dossier.changed_at, last_sealed_at)
            .map_err(|_| DraftChanged::refusing(call, &dossier, request.revision, ctx.now))?;
        let sequence = head.sequence + 1;
        let statement = Statement {
            format: FORMAT.into(),
            number: receipt::number(ctx.now, &call.time_zone(), sequence),
            sequence,
            dossier: dossier.id,
            version,
            instants,
            digest: receipt::digest(&serde_json::json!(part_digests)),
            previous: head.link.clone(),
            key: receipt::key_id(self.keys.receipt_public()),
        };
        let (number, digest) = (statement.number.clone(), statement.digest.clone());
        let receipt = self.sign(statement, part_digests, manifest);
        let text = serde_json::to_string(&receipt).map_err(|error| AppError::Internal(io::Error::other(error)))?;
        let depositor = &ctx.actor()?.account;
        let lang = depositor.lang;
        let letter = Letter::Deposited {
            number: number.clone(),
            at: with_zone(&show_instant(ctx.now, &call.time_zone()), &call.zone_name()).get(&lang).to_owned(),
            digest: digest.clone(),
            closes: closing(call, round, ctx.now).get(&lang).to_owned(),
            link: self.receipt_link(&number, lang),
        };
        let about = Concern::of_answers(call, &dossier.draft, lang);
        let message = EmailMessage { to: depositor.email.clone(), lang, about, letter };
        let data = serde_json::json!({ "receipt": number, "version": version, "digest": digest });
        let event = ctx.event(EventKind::DossierDeposited, Some(dossier.id), data)?;
        let version = VersionRecord {
            summary: summary(call, &dossier, &evaluation, warnings, &receipt),
            call,
            dossier,
            depositor: pending.depositor,
            attempt: request.attempt,
            receipt,
            text,
        };
        Ok(DepositRecord { place, version, job: pending.job, message, event })
    }

    fn sign(
        &self,
        statement: Statement,
        part_digests: BTreeMap<String, String>,
        manifest: serde_json::Value,
    ) -> Receipt {
        let signature = self.keys.receipt.sign(statement.canonical().as_bytes());
        Receipt {
            statement,
            signature: hex::encode(signature.as_ref()),
            public_key: hex::encode(self.keys.receipt_public()),
            parts: part_digests,
            manifest,
        }
    }
}

/// Writes the versions, makes them the current ones, and queues their mails.
async fn write(
    db: &mut Connection,
    heads: &LockedHeads,
    records: &[DepositRecord<'_>],
    mails_due: Timestamp,
) -> Result<(), AppError> {
    let after = heads.receipts.sequence;
    let rows: Vec<NewDeposit<'_>> = records.iter().map(|record| record.version.rows()).collect();
    deposit::insert_all(db, after, &rows).await?;
    let ids: Vec<DossierId> = records.iter().map(|record| record.version.dossier.id).collect();
    dossier::set_deposits(db, after, &ids).await?;
    let mails: Vec<(Uuid, &EmailMessage)> = records.iter().map(|record| (record.job, &record.message)).collect();
    outbox::enqueue_mails(db, &mails, mails_due).await?;
    Ok(())
}

/// Writes the events, and returns the new head of the journal.
async fn insert_events(
    db: &mut Connection,
    heads: &LockedHeads,
    records: &[DepositRecord<'_>],
) -> Result<ChainHead, AppError> {
    let events: Vec<(Option<Uuid>, &Event)> = records.iter().map(|record| (None, &record.event)).collect();
    Ok(journal::insert_all(db, &heads.journal, &events).await?)
}

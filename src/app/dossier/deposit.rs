//! The deposit: one transaction that is idempotent per attempt.
//!
//! From request to row: a [`DepositRequest`] and the draft become a [`PreparedVersion`] (every rule passed, a manifest, no
//! signature); sealing adds time and signature and makes it a [`Receipt`]; a `VersionRecord` (with its `Summary` for lists)
//! is what `store::deposit` writes as one `NewDeposit`; a `domain::dossier::Deposit` in the dossier's row marks it as the
//! current one; a [`DepositOutcome`] is the answer. Read back, a row is a `StoredReceipt`, or a `Version` without content.

mod changed;
mod version;

pub use changed::DraftChanged;

use crate::app::{
    App, AppError, Ctx, InjectedFault,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::{retry_by_attempt, transaction},
};
use crate::{
    blob::BlobError,
    domain::{
        access::{Action, Part},
        calendar::{Round, RoundState, show_deadline, show_instant, with_zone},
        call::Call,
        dossier::{DepositRefusal, Dossier, PreparedVersion, State},
        evaluation::DepositContext,
        event::EventKind,
        ids::{AttemptId, DossierId},
        receipt::{self, FORMAT, Instants, Receipt, Statement},
        text::{Lang, Text},
    },
    store::{
        Connection, deposit, dossier,
        journal::{self, ChainHead, LockedHeads},
        outbox, piece,
    },
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;
use version::VersionRecord;

/// Parameters of a deposit.
#[derive(Clone, Copy, Debug)]
pub struct DepositRequest {
    /// Id of this attempt. A repeated request with the same id returns the same receipt.
    pub attempt: AttemptId,
    /// Revision of the draft that the client has seen; `None` if it sent none.
    pub revision: Option<u64>,
}

/// The result of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositOutcome {
    /// Number of the receipt.
    pub receipt: String,
    /// False if the attempt, or the same content, was deposited before.
    pub new: bool,
    /// False if the version of this attempt was withdrawn or replaced since.
    pub is_current: bool,
    /// False if the draft has changed since.
    pub draft_unchanged: bool,
}

impl App {
    /// Deposits the draft as a new version, or refuses it with all findings.
    ///
    /// The same attempt always returns the same receipt. If the outcome of the commit is unknown, the attempt is
    /// retried on the current leader, where it either finds its own result or runs. So there is never a false
    /// "deposited" and never a double deposit.
    ///
    /// The draft is evaluated at the instant at which the request was complete, and sealed after that ([`Instants`]). A
    /// change after that instant, or after the revision that the client has seen, is a conflict.
    ///
    /// # Errors
    /// [`AppError::Refused`]; [`AppError::DraftChanged`]; policy and store errors.
    pub async fn deposit(&self, ctx: &Ctx, id: DossierId, request: DepositRequest) -> Result<DepositOutcome, AppError> {
        ctx.actor()?;
        let job = Uuid::now_v7();
        let done =
            retry_by_attempt!(transaction!(self.store, db => self.deposit_once(db, ctx, id, request, job).await))?;
        if done.new {
            self.outbox_notify.notify_one();
            if ctx.injected_fault == Some(InjectedFault::DieAfterCommit) {
                std::process::abort();
            }
        }
        Ok(done)
    }

    async fn deposit_once(
        &self,
        db: &mut Connection,
        ctx: &Ctx,
        id: DossierId,
        request: DepositRequest,
        job: Uuid,
    ) -> Result<DepositOutcome, AppError> {
        let row = dossier::lock(db, id).await?;
        let (dossier, _) = ctx.authorize_row(db, row, Action::DossierDeposit, Part::Whole).await?;
        if dossier.versions > 0
            && let Some((receipt, is_current)) = deposit::by_attempt(db, id, request.attempt).await?
        {
            return Ok(DepositOutcome {
                receipt,
                new: false,
                is_current,
                draft_unchanged: dossier.state() == State::Deposited,
            });
        }
        let call = self.call(&dossier.call)?;
        if request.revision.is_some_and(|seen| seen != dossier.revision) || dossier.changed_at > ctx.now {
            return Err(DraftChanged::refusing(call, &dossier, request.revision, ctx.now));
        }
        let round = self.round(call, &dossier.round)?;
        let pieces = piece::of_dossier(db, id).await?;
        let other_deposits = self.other_deposits_of_company(db, ctx, call, &dossier).await?;
        let who = ctx.account()?;
        let context = DepositContext { call, round, pieces: &pieces, other_deposits, received_at: ctx.now };
        let prepared = match dossier.prepare_version(&context, who, &self.config.portal.public_url) {
            Ok(prepared) => prepared,
            Err(DepositRefusal::Unchanged(receipt)) => {
                return Ok(DepositOutcome { receipt, new: false, is_current: true, draft_unchanged: true });
            }
            Err(DepositRefusal::Findings(evaluation)) => return Err(AppError::Refused(evaluation)),
        };
        // The officers' list adds what depends on other deposits: they come and go.
        let alone = DepositContext { other_deposits: 0, ..context };
        let warnings = match other_deposits {
            0 => prepared.evaluation.examined_count(),
            _ => alone.evaluate(&dossier.draft).examined_count(),
        };
        self.look_for_pieces(db, ctx, id).await?;
        // Other deposits wait from here on, so nothing slow may follow.
        let LockedHeads { receipts: receipt_head, sealed_at, journal: journal_head } =
            journal::lock_chain_heads(db).await?;
        let instants = Instants::at_sealing(ctx.now, ctx.clock.now(), dossier.changed_at, sealed_at)
            .map_err(|_| DraftChanged::refusing(call, &dossier, request.revision, ctx.now))?;
        let PreparedVersion { version, manifest, part_digests, evaluation } = prepared;
        let statement = Statement {
            format: FORMAT.into(),
            number: receipt::number(ctx.now, &call.time_zone(), receipt_head.sequence + 1),
            sequence: receipt_head.sequence + 1,
            dossier: id,
            version,
            instants,
            digest: receipt::digest(&serde_json::json!(part_digests)),
            previous: receipt_head.link,
            key: receipt::key_id(self.keys.receipt_public()),
        };
        let receipt = self.sign(statement, part_digests, manifest);
        let new = VersionRecord {
            context,
            dossier: &dossier,
            depositor: who,
            attempt: request.attempt,
            evaluation,
            warnings: u32::try_from(warnings).unwrap_or(u32::MAX),
            receipt,
        };
        new.record(db).await?;
        let statement = &new.receipt.statement;
        let number = statement.number.clone();
        let depositor = &ctx.actor()?.account;
        let lang = depositor.lang;
        let letter = Letter::Deposited {
            number: number.clone(),
            at: with_zone(&show_instant(ctx.now, &call.time_zone()), &call.zone_name()).get(&lang).to_owned(),
            digest: statement.digest.clone(),
            closes: closing(call, round, ctx.now).get(&lang).to_owned(),
            link: self.receipt_link(&number, lang),
        };
        let about = Concern::of_answers(call, &dossier.draft, lang);
        let message = EmailMessage { to: depositor.email.clone(), lang, about, letter };
        outbox::enqueue_mail(db, job, &message, self.clock()).await?;
        let data = serde_json::json!({
            "receipt": number, "version": statement.version, "digest": statement.digest,
        });
        let event = ctx.event(EventKind::DossierDeposited, Some(id), data)?;
        let new_journal_head = journal::insert(db, &journal_head, &event).await?;
        let new_receipt_head = ChainHead { sequence: statement.sequence, link: statement.digest() };
        journal::advance_chain_heads(db, &new_receipt_head, instants.sealed_at(), &new_journal_head).await?;
        Ok(DepositOutcome { receipt: number, new: true, is_current: true, draft_unchanged: true })
    }

    /// A receipt must not certify bytes that are lost. The store is asked once for each piece, and again when it was replaced
    /// by another one.
    async fn look_for_pieces(&self, db: &mut Connection, ctx: &Ctx, id: DossierId) -> Result<(), AppError> {
        let store = self.blobs.store_id().await?;
        for (code, sha256) in piece::unseen(db, id, store).await? {
            match self.blobs.holder(&sha256).await? {
                Some(holder) => piece::seen(db, id, &code, holder, ctx.now).await?,
                None => return Err(AppError::Attachment(BlobError::Missing(sha256))),
            }
        }
        Ok(())
    }

    /// Returns the company's other deposited dossiers in the round (rule ELI-4 of `calls/hyper-open-x.toml`). The rule warns and never blocks; the loader
    /// of calls enforces that, because a refusal would reveal a deposit to a stranger who typed the company's number.
    /// So applicants are warned, at the deposit too, only of dossiers that they may know of. Those who examine are
    /// warned of all.
    pub(in crate::app) async fn other_deposits_of_company(
        &self,
        db: &mut Connection,
        ctx: &Ctx,
        call: &Call,
        dossier: &Dossier,
    ) -> Result<u32, AppError> {
        let siren = siren(call, dossier);
        if siren.is_empty() {
            return Ok(0);
        }
        Ok(deposit::others_of_company(db, dossier, &siren, &ctx.actor()?.account, ctx.now).await?)
    }

    /// The address of a receipt, for a reader of a language.
    pub(super) fn receipt_link(&self, number: &str, lang: Lang) -> String {
        format!("{}{}/receipts/{number}", self.config.portal.public_url, lang.tr("", "/en"))
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

/// The deadline of a round that is still open, in words; empty if it has closed.
pub(super) fn closing(call: &Call, round: &Round, now: Timestamp) -> Text {
    match round.window {
        Some(window) if round.state(now) == RoundState::Open => {
            with_zone(&show_deadline(window.closes, &call.time_zone()), &call.zone_name())
        }
        _ => Text::default(),
    }
}

/// The company number (SIREN) of a dossier: the first nine digits of the SIRET.
fn siren(call: &Call, dossier: &Dossier) -> String {
    crate::domain::company::siret(dossier.draft.text(&call.company.siret))
        .map(|siret| siret[..9].to_owned())
        .unwrap_or_default()
}

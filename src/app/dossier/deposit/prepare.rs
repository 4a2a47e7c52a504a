//! What is decided of deposits before any other one has to wait for them: whose they are, whether they were made before,
//! whether the rules permit them.

use super::{
    DepositOutcome, DraftChanged,
    pending::{Answer, PendingDeposit, SealingMode},
    siren,
};
use crate::app::{App, AppError, InjectedFault};
use crate::{
    blob::BlobError,
    domain::{
        access::{Action, Part},
        calendar::Round,
        call::Call,
        dossier::{DepositRefusal, Dossier, PreparedVersion, State},
        evaluation::DepositContext,
        ids::{AttemptId, DossierId},
        piece::AttachedPiece,
    },
    store::{
        Connection,
        deposit::{self, CompanyQuestion},
        dossier,
        piece::{self, StoredPiece},
    },
};
use std::{collections::HashMap, sync::Arc};

/// A deposit that passed every rule. What its place in the chain gives is missing yet.
pub(super) struct PreparedDeposit<'a> {
    /// Its place in the batch.
    pub place: usize,
    pub pending: &'a PendingDeposit,
    pub call: &'a Call,
    pub round: &'a Round,
    pub dossier: Dossier,
    pub version: PreparedVersion,
    /// Number of findings that an officer examines, without those that depend on other deposits.
    pub warnings: u32,
}

/// A deposit whose depositor may make it, with its dossier, which is locked.
struct Candidate<'a> {
    place: usize,
    pending: &'a PendingDeposit,
    dossier: Dossier,
}

impl App {
    /// Prepares the deposits of a batch that can be sealed, in their order. The others have their answer in `answers`, or
    /// stay deferred.
    pub(super) async fn prepare_batch<'a>(
        &'a self,
        db: &mut Connection,
        deposits: &'a [Arc<PendingDeposit>],
        mode: SealingMode,
        answers: &mut [Answer],
    ) -> Result<Vec<PreparedDeposit<'a>>, AppError> {
        let candidates = lock_dossiers(db, deposits, mode, answers).await?;
        let candidates = answer_known_attempts(db, candidates, answers).await?;
        let (mut current, mut ids) = (Vec::new(), Vec::new());
        for candidate in candidates {
            match self.check_unchanged(&candidate) {
                Ok(places) => {
                    ids.push(candidate.dossier.id);
                    current.push((candidate, places));
                }
                Err(refusal) => answers[candidate.place] = Answer::Decided(Err(refusal)),
            }
        }
        let mut pieces = piece::of_dossiers(db, &ids).await?;
        let other_deposits = other_deposits(db, &current).await?;
        let mut prepared = Vec::new();
        for (candidate, (call, round)) in current {
            // One thread serves: what all others wait for is one evaluation, not a batch of them.
            tokio::task::yield_now().await;
            let Candidate { place, pending, dossier } = candidate;
            let stored = pieces.remove(&dossier.id).unwrap_or_default();
            let others = other_deposits.get(&dossier.id).copied().unwrap_or(0);
            let deposit = match self.prepare(pending, dossier, (call, round), &stored, others) {
                Ok((dossier, version, warnings)) => {
                    PreparedDeposit { place, pending, call, round, dossier, version, warnings }
                }
                Err(DepositRefusal::Unchanged(receipt)) => {
                    let same = DepositOutcome { receipt, new: false, is_current: true, draft_unchanged: true };
                    answers[place] = Answer::Decided(Ok(same));
                    continue;
                }
                Err(DepositRefusal::Findings(evaluation)) => {
                    answers[place] = Answer::Decided(Err(AppError::Refused(evaluation)));
                    continue;
                }
            };
            match (mode, stored.iter().all(|piece| piece.kept_in.is_some() && piece.kept_in == pending.blob_store)) {
                (_, true) => prepared.push(deposit),
                (SealingMode::Together, false) => {}
                (SealingMode::Alone, false) => match self.look_for_pieces(db, pending, &stored).await {
                    Ok(()) => prepared.push(deposit),
                    Err(AppError::Store(error)) => return Err(error.into()),
                    Err(missing) => answers[place] = Answer::Decided(Err(missing)),
                },
            }
        }
        Ok(prepared)
    }

    /// Returns the call and the round of a dossier whose draft is the one to be deposited.
    fn check_unchanged(&self, candidate: &Candidate<'_>) -> Result<(&Call, &Round), AppError> {
        let Candidate { pending, dossier, .. } = candidate;
        let call: &Call = self.call(&dossier.call)?;
        let seen = pending.request.revision;
        if seen.is_some_and(|seen| seen != dossier.revision) || dossier.changed_at > pending.ctx.now {
            return Err(DraftChanged::refusing(call, dossier, seen, pending.ctx.now));
        }
        Ok((call, self.round(call, &dossier.round)?))
    }

    /// Evaluates a draft. Returns it with its next version and the number of its warnings.
    #[expect(clippy::panic, reason = "a fault that a test asks for")]
    fn prepare(
        &self,
        pending: &PendingDeposit,
        dossier: Dossier,
        (call, round): (&Call, &Round),
        stored: &[StoredPiece],
        other_deposits: u32,
    ) -> Result<(Dossier, PreparedVersion, u32), DepositRefusal> {
        if pending.ctx.injected_fault == Some(InjectedFault::PanicWhileSealing) {
            panic!("a test asked for this");
        }
        let pieces: Vec<AttachedPiece> = stored.iter().map(|stored| stored.piece.clone()).collect();
        let context = DepositContext { call, round, pieces: &pieces, other_deposits, received_at: pending.ctx.now };
        let version = dossier.prepare_version(&context, pending.depositor, &self.config.portal.public_url)?;
        // The officers' list adds what depends on other deposits: they come and go.
        let alone = DepositContext { other_deposits: 0, ..context };
        let warnings = match other_deposits {
            0 => version.evaluation.examined_count(),
            _ => alone.evaluate(&dossier.draft).examined_count(),
        };
        Ok((dossier, version, u32::try_from(warnings).unwrap_or(u32::MAX)))
    }

    /// A receipt must not certify bytes that are lost. The store is asked once for each piece, and again when it was replaced
    /// by another one.
    async fn look_for_pieces(
        &self,
        db: &mut Connection,
        pending: &PendingDeposit,
        stored: &[StoredPiece],
    ) -> Result<(), AppError> {
        let store = self.blobs.store_id().await?;
        for AttachedPiece { code, sha256, .. } in
            stored.iter().filter(|stored| stored.kept_in != Some(store)).map(|stored| &stored.piece)
        {
            match self.blobs.holder(sha256).await? {
                Some(holder) => piece::seen(db, pending.dossier, code, holder, pending.ctx.now).await?,
                None => return Err(AppError::Attachment(BlobError::Missing(sha256.clone()))),
            }
        }
        Ok(())
    }
}

/// Locks the dossiers, and asks the policy with the relations of now.
async fn lock_dossiers<'a>(
    db: &mut Connection,
    deposits: &'a [Arc<PendingDeposit>],
    mode: SealingMode,
    answers: &mut [Answer],
) -> Result<Vec<Candidate<'a>>, AppError> {
    let mut rows: HashMap<_, _> = match (mode, deposits) {
        (SealingMode::Alone, [one]) => {
            dossier::lock(db, one.dossier).await?.map(|row| (one.dossier, row)).into_iter().collect()
        }
        _ => {
            let ids: Vec<DossierId> = deposits.iter().map(|deposit| deposit.dossier).collect();
            dossier::lock_free(db, &ids).await?
        }
    };
    let mut candidates = Vec::new();
    for (place, pending) in deposits.iter().enumerate() {
        tokio::task::yield_now().await;
        let row = rows.remove(&pending.dossier);
        if row.is_none() && mode == SealingMode::Together {
            continue;
        }
        match pending.ctx.authorize_row(db, row, Action::DossierDeposit, Part::Whole).await {
            Ok((dossier, _)) => candidates.push(Candidate { place, pending: pending.as_ref(), dossier }),
            Err(AppError::Store(error)) => return Err(error.into()),
            Err(refusal) => answers[place] = Answer::Decided(Err(refusal)),
        }
    }
    Ok(candidates)
}

/// Looks for what the attempts have deposited before, also when the outcome of their commit was unknown, and returns the
/// deposits that are to be made.
async fn answer_known_attempts<'a>(
    db: &mut Connection,
    candidates: Vec<Candidate<'a>>,
    answers: &mut [Answer],
) -> Result<Vec<Candidate<'a>>, AppError> {
    let deposited = candidates.iter().filter(|candidate| candidate.dossier.was_deposited());
    let attempts: Vec<(DossierId, AttemptId)> =
        deposited.map(|candidate| (candidate.dossier.id, candidate.pending.request.attempt)).collect();
    let mut known = deposit::by_attempts(db, &attempts).await?;
    let mut unknown = Vec::new();
    for candidate in candidates {
        match known.remove(&candidate.dossier.id) {
            Some(deposited) => {
                answers[candidate.place] = Answer::Decided(Ok(DepositOutcome {
                    receipt: deposited.receipt,
                    new: false,
                    is_current: deposited.is_current,
                    draft_unchanged: candidate.dossier.state() == State::Deposited,
                }));
            }
            None => unknown.push(candidate),
        }
    }
    Ok(unknown)
}

/// Counts the other deposits of each company that its depositor may know of, by dossier (rule ELI-4 of
/// `calls/hyper-open-x.toml`). The rule warns and never blocks; the loader of calls enforces that, because a refusal would
/// reveal a deposit to a stranger who typed the company's number. Those who examine are warned of all.
async fn other_deposits(
    db: &mut Connection,
    current: &[(Candidate<'_>, (&Call, &Round))],
) -> Result<HashMap<DossierId, u32>, AppError> {
    let sirens: Vec<String> = current.iter().map(|(candidate, (call, _))| siren(call, &candidate.dossier)).collect();
    let mut questions = Vec::new();
    for ((candidate, _), siren) in current.iter().zip(&sirens).filter(|(_, siren)| !siren.is_empty()) {
        let Candidate { pending, dossier, .. } = candidate;
        questions.push(CompanyQuestion {
            dossier: dossier.id,
            call: &dossier.call,
            round: &dossier.round,
            siren,
            reader: &pending.ctx.actor()?.account,
            now: pending.ctx.now,
        });
    }
    let counts = deposit::others_of_companies(db, &questions).await?;
    Ok(questions.iter().map(|question| question.dossier).zip(counts).collect())
}

//! A round as officers see it: the current deposits and the number of drafts.

use crate::app::{App, AppError, Ctx, Desk, DossierPath};
use crate::{
    domain::{
        access::{Action, Part, Target},
        calendar::RoundId,
        company_register::{DatedRecord, siret_of},
        document::Document,
        evaluation::{DepositContext, Evaluation, findings_of_other_deposits},
        event::EventKind,
        ids::DossierId,
        piece::AttachedPiece,
        receipt::Receipt,
        scan::PieceScans,
        search::SearchQuery,
    },
    store::{
        Freshness, company_lookup,
        deposit::{self, Filter, ListPage, Version},
        review,
    },
};
use std::sync::{Arc, PoisonError};

/// A deposit as officers read it.
#[derive(Debug)]
pub struct ExaminedDeposit {
    /// The receipt with everything that was deposited.
    pub receipt: Receipt,
    /// The deposited answers.
    pub answers: Document,
    /// The deposited pieces.
    pieces: Vec<AttachedPiece>,
    pub call: String,
    pub round: RoundId,
    /// The deposited answers, evaluated at the instant of the deposit.
    pub evaluation: Evaluation,
    /// What the public register had said of the company when it was deposited, if it was asked.
    pub register: Option<DatedRecord>,
    /// Number of other deposits of the company that the evaluation took into account.
    others: u32,
}

/// The current deposit of a dossier, as one reader sees it.
#[derive(Debug)]
pub struct StandingView {
    pub examined: Arc<ExaminedDeposit>,
    /// Every version, the latest first.
    pub versions: Vec<Version>,
    /// The virus scans of its pieces.
    pub scans: PieceScans,
    /// The state of its examination, for users who examine it.
    pub desk: Option<Desk>,
}

/// Maximum number of deposits cached in memory, about 100 kB each.
const MAX_CACHED_DEPOSITS: usize = 200;

impl App {
    /// Returns the current deposits of a round, without those on which the reader has declared a conflict of interest.
    pub async fn round_list(
        &self,
        ctx: &Ctx,
        call: &str,
        round: &RoundId,
        filter: &Filter,
    ) -> Result<ListPage, AppError> {
        let call = self.call(call)?;
        let round = self.round(call, round)?;
        ctx.authorize(Action::RoundList, &Target::Call)?;
        let findings_of_others = u32::try_from(findings_of_other_deposits(call)).unwrap_or(u32::MAX);
        let search = SearchQuery::parse(&filter.search_terms)?;
        if search.as_ref().is_some_and(SearchQuery::has_words) {
            ctx.authorize_search()?;
        }
        let filter = Filter { findings_of_others, search, ..filter.clone() };
        // Not from a replica, which may not have the conflict of interest yet that its reader has just declared.
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(deposit::list(&mut db, &call.id, &round.id, ctx.account()?, &filter).await?)
    }

    /// Returns the current deposit of a dossier, all its versions and its examination, and records the access.
    pub async fn standing_deposit(&self, ctx: &Ctx, path: &DossierPath) -> Result<StandingView, AppError> {
        ctx.authorize(Action::RoundList, &Target::Call)?;
        self.read_standing(ctx, path.id, Some(path)).await
    }

    /// Returns the current deposit and all versions under any rule that permits reading it, at the path that the URL names, if it names one.
    pub(in crate::app) async fn read_standing(
        &self,
        ctx: &Ctx,
        id: DossierId,
        path: Option<&DossierPath>,
    ) -> Result<StandingView, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = review::standing(&mut db, id, &ctx.actor()?.account, ctx.now).await?;
        let (standing, access) = ctx.authorize_related(&mut db, row, Action::DepositRead, Part::Deposit).await?;
        if let Some(path) = path {
            path.check(&standing.call, &standing.round)?;
        }
        let (receipt, version, at) = (standing.receipt.clone(), standing.version, standing.at);
        let versions = match standing.versions {
            1 => vec![Version { version, receipt, at, is_current: true }],
            _ => deposit::versions(&mut db, id).await?,
        };
        let known = self.examined.lock().unwrap_or_else(PoisonError::into_inner).get(&standing.receipt).cloned();
        // Those who examine the round see the current number of the company's other deposits; experts do not.
        let others = if path.is_some() { standing.others } else { 0 };
        let examined = match known.filter(|known| known.others == others) {
            Some(examined) => examined,
            None => {
                let row = deposit::by_number(&mut db, &standing.receipt).await?;
                let stored = access.open(row, Action::DepositRead, Part::Deposit)?;
                let receipt = stored.receipt()?;
                let register = match siret_of(self.call(&standing.call)?, &receipt.answers()) {
                    Some(siret) => {
                        company_lookup::of_dossier(&mut db, id, &siret, receipt.statement.received_at()).await?
                    }
                    None => None,
                };
                self.examine(receipt, &standing.call, &standing.round, register, others)?
            }
        };
        let scans = self.piece_scans(&mut db, access.piece_reader(), &examined.pieces).await?;
        let desk = match path {
            Some(_) => self.desk(ctx, &mut db, &standing, &access).await?,
            None => None,
        };
        drop(db);
        let data = serde_json::json!({ "receipt": standing.receipt, "rule": access.rule });
        self.record_access(ctx, EventKind::DepositRead, id, data)?;
        Ok(StandingView { examined, versions, scans, desk })
    }

    /// Evaluates the deposited answers at the instant of their deposit, and keeps the result. Nothing has to end it: a
    /// receipt, and what the register had said by then, never change; every process asks the database which receipt stands,
    /// and the policy whether it may be read, before it looks here; and another definition of the call comes with another
    /// process.
    fn examine(
        &self,
        receipt: Receipt,
        call: &str,
        round: &RoundId,
        register: Option<DatedRecord>,
        others: u32,
    ) -> Result<Arc<ExaminedDeposit>, AppError> {
        let call = self.call(call)?;
        let round = self.round(call, round)?;
        let (answers, pieces) = (receipt.answers(), receipt.pieces());
        let received_at = receipt.statement.received_at();
        let context = DepositContext { call, round, pieces: &pieces, other_deposits: others, received_at };
        let evaluation = context.evaluate(&answers);
        let number = receipt.statement.number.clone();
        let (call, round) = (call.id.clone(), round.id.clone());
        let examined =
            Arc::new(ExaminedDeposit { receipt, answers, pieces, call, round, evaluation, register, others });
        let mut kept = self.examined.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_CACHED_DEPOSITS {
            kept.clear();
        }
        kept.insert(number, examined.clone());
        Ok(examined)
    }
}
